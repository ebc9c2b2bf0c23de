"""From a chapter's source text to its notebooks and to course.json."""

from autograder.build.chapter import Build, build_course

__all__ = ["Build", "build_course"]
