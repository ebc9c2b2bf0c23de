"""The graded claims, one file per chapter."""
