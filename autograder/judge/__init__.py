"""The engine: draws scenarios, compares evidence with rules and their variants, and decides."""

from autograder.judge.checks import check
from autograder.judge.engine import Judge
from autograder.judge.questions import Choice, Choices, Number, Ordering
from autograder.judge.results import CheckResult, Submission, TaskResult

__all__ = ["CheckResult", "Choice", "Choices", "Judge", "Number", "Ordering", "Submission", "TaskResult", "check"]
