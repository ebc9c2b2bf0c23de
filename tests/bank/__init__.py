"""Programs as people write them, right and wrong, one file per task; see programs.py for the format."""
