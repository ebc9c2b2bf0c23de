"""A submitted notebook, however damaged, to modules and answers. Submissions are data: nothing in them is executed."""

from autograder.submissions.extract import Extracted, Unreadable, extract

__all__ = ["Extracted", "Unreadable", "extract"]
