"""Programs that nobody had thought of when the banks were written."""

from __future__ import annotations

from autograder.judge import Judge, Submission
from autograder.judge.results import TaskResult


def judged(judge: Judge, task: str, module: str, source: str) -> TaskResult:
    """A program's result."""
    return judge.judge(task, Submission({f"course_lib/{module}.py": source}))


def messages(result: TaskResult) -> list[str]:
    """What is said about failed checks."""
    return [check.message for check in result.checks if check.verdict in ("failed", "crashed")]


def test_a_schedule_must_not_eat_its_list_of_milestones(judge: Judge) -> None:
    source = """
def multi_step(step, milestones, gamma, peak_lr, warmup_steps=0):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    while milestones and milestones[0] <= step:
        milestones.pop(0)
        peak_lr *= gamma
    return peak_lr
"""
    said = messages(judged(judge, "multi_step", "schedules/multi_step", source))
    assert any("changed one of its arguments" in message for message in said)
