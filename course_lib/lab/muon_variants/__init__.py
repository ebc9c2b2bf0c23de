"""What others made of Muon: small pure functions on one matrix, to run beside your own.

polar_express  the best polynomial for every step, instead of one for all (Amsel et al. 2025)
normuon        a second moment for every neuron (Li et al. 2025)
cautious       weight decay only where it agrees with the update (Chen et al. 2025)
qk_clip        attention logits kept below a limit (Kimi K2, 2025)
dion           orthogonalisation by power iteration, at low rank (Ahn et al. 2025)

Those that need an orthogonalised matrix get one, or a function that makes one: bring your own.
"""
