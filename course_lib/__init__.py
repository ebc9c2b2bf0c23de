"""The library you build: provided parts in `lab` and `notebook`, your own in the other packages."""
