"""From a folder of submissions to marks: journal, pool, gradebook, feedback, CSV."""
