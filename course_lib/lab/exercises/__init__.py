"""Exercises that are at home on a GPU, each with an honest small version for a CPU."""
