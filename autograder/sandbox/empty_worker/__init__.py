"""A worker package that imports and plays nothing: its server starts at once, to probe a level."""
