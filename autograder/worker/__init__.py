"""The only code that runs beside a student's: it plays scenarios and returns raw float64, never verdicts."""
