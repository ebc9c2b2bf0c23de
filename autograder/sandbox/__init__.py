"""Runs student code in processes of its own: a fork server, and isolation levels trusted, user and full."""

from autograder.sandbox.outcome import Ending, Level, Limits, Outcome, SandboxError
from autograder.sandbox.sandbox import Sandbox

__all__ = ["Ending", "Level", "Limits", "Outcome", "Sandbox", "SandboxError"]
