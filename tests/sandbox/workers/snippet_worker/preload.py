"""Warms torch; on its own, since an isolated server sees no other package of the judge."""

import torch


def preload():
    torch.set_num_threads(1)
    weight = torch.nn.Parameter(torch.ones(2, dtype=torch.float64))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    weight.square().sum().backward()
    optimizer.step()
    torch.linalg.svdvals(torch.eye(2))
