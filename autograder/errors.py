"""Errors that a person can act on."""


class CourseError(Exception):
    """Something the user can put right; the message says what to do next. Commands print it in one line."""


class UnknownTask(CourseError, KeyError):
    """No task has this id."""

    def __str__(self) -> str:
        return str(self.args[0])


class IsolationMissing(CourseError):
    """This machine cannot keep submissions apart from everything else."""


class NotJudged(CourseError):
    """A judgement could not be made, for reasons that are not the student's: there is no result, and it can be tried again."""
