"""Two steps for `nbgrader autograde`: restore the notebook's structure, then put in the judge's verdicts."""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.grading.classroom import ClassChapter, Classroom
from autograder.judge import Judge
from autograder.nbgrader_plugin.compose import with_students_cells, with_verdicts
from autograder.submissions.cells import cells_of
from autograder.submissions.extract import Extracted, extract_cells


class Restore(NbGraderPreprocessor):
    """Replaces a submitted notebook by the release with the student's answers put in."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """nbconvert's interface."""
        chapter = _chapter(resources)
        return with_students_cells(chapter.release, _extracted(nb, chapter)), resources


class Judged(NbGraderPreprocessor):
    """Puts the judge's verdicts into the check cells; nothing is executed here."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """nbconvert's interface."""
        chapter = _chapter(resources)
        submission = _extracted(nb, chapter).submission()
        judge = _judge(chapter.classroom.directory, chapter.name)
        results = {task["id"]: judge.judge(task["id"], submission).to_json() for task in chapter.judged_tasks}
        return with_verdicts(nb, results), resources


def _chapter(resources: Any) -> ClassChapter:
    """The chapter that nbgrader is working on; it is always run in the class's directory."""
    return Classroom(Path.cwd()).chapter(resources["nbgrader"]["assignment"])


def _extracted(notebook: Any, chapter: ClassChapter) -> Extracted:
    return extract_cells(cells_of(notebook) or [], chapter.tasks, chapter.release_cells)


@cache
def _judge(directory: Path, name: str) -> Judge:
    """One judge for all submissions of a run, as isolated as this machine can."""
    from autograder.grading.run import grading_level

    chapter = Classroom(directory).chapter(name)
    judge = Judge(grading_level(), seed=chapter.seed())
    atexit.register(judge.close)
    return judge
