"""The course as students get it: notebooks, library and checks, without any answer."""

from autograder.bundle.write import Bundle, write_bundle

__all__ = ["Bundle", "write_bundle"]
