"""A worker whose server takes a second to start."""
