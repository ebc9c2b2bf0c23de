"""Nothing to import ahead."""


def preload() -> None:
    """Return at once."""
