"""The rules, one per file: float64 pure functions written from the papers, independent of any solution."""
