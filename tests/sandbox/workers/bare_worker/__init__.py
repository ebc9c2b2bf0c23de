"""As snippet_worker, but nothing is preloaded: its server starts at once."""
