"""Runs student code in processes of its own: a fork server, and isolation levels trusted, user and full."""

from autograder.sandbox.levels import Probe, available_level, probe
from autograder.sandbox.outcome import (
    LEVELS,
    Ending,
    Level,
    LevelUnavailable,
    Limits,
    Outcome,
    SandboxError,
)
from autograder.sandbox.sandbox import Sandbox

__all__ = [
    "LEVELS",
    "Ending",
    "Level",
    "LevelUnavailable",
    "Limits",
    "Outcome",
    "Probe",
    "Sandbox",
    "SandboxError",
    "available_level",
    "probe",
]
