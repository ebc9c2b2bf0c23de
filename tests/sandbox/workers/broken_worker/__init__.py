"""A worker whose server cannot start."""
