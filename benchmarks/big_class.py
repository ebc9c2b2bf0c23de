"""A class of any size for chapter 01: the programs of the demo class, each student's a little different."""

from __future__ import annotations

import json
from pathlib import Path

from autograder.grading.classroom import ClassChapter, Classroom
from autograder.grading.demo_class import CHAPTER, SOURCES, answered
from autograder.grading.new_class import make_class

ENDLESS = "sven_endless"
"""Uses its whole CPU time on purpose; one in a hundred, where asked for."""


def big_class(directory: Path, count: int, endless: bool = False) -> ClassChapter:
    """A class with so many submissions: right ones, and every mistake of the demo class."""
    make_class(directory)
    chapter = Classroom(directory).chapter(CHAPTER)
    release = json.loads(chapter.release_path.read_text(encoding="utf-8"))
    names = [name for name in SOURCES if name != ENDLESS]
    for number in range(count):
        name = ENDLESS if endless and number % 100 == 50 else names[number % len(names)]
        source = SOURCES[name]
        own = None if source is None else f"# handed in by student {number}\n{source}"
        path = directory / "submitted" / f"s{number:04d}_{name}" / CHAPTER / f"{CHAPTER}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(answered(release, own)), encoding="utf-8")
    return chapter
