"""Makes a class: what nbgrader needs, with this course's judge in place of nbgrader's execution."""

from __future__ import annotations

from pathlib import Path

from autograder.errors import CourseError
from autograder.files import write_whole
from autograder.grading.classroom import CONFIG, REPOSITORY, Classroom, course_chapters

SETTINGS = '''"""nbgrader's settings for a class of sgd2muon."""

from autograder.nbgrader_plugin import configure

c = get_config()  # noqa: F821
configure(c)

# Your own settings go below, for example:
# c.CourseDirectory.course_id = "optimizers-2026"
# c.CourseDirectory.db_url = "postgresql+psycopg2://nbgrader@dbhost/optimizers"
'''
README = """# A class of sgd2muon

- `release/`: the notebooks to hand out. `submitted/STUDENT/CHAPTER/CHAPTER.ipynb`: what comes back (nbgrader's
  `collect` and `zip_collect` put it there).
- `sgd2muon grade . 01_sgd` judges what is new and writes `autograded/`, `feedback/`, `marks/01_sgd.csv` and the gradebook.
- `nbgrader formgrader` (in JupyterLab: Nbgrader, Formgrader) is for marking free text by hand and for comments.
  Run `sgd2muon grade . 01_sgd` once more afterwards: it judges nothing again and renews the feedback.
- `sgd2muon report . 01_sgd` shows how the class did; `sgd2muon export . 01_sgd --to canvas` writes marks to import.
- `.sgd2muon/` holds the secret seeds and the journals. Keep it: without it everything is judged again.
"""


def make_class(directory: Path) -> list[str]:
    """Write what is missing; returns the paths written. CourseError for a folder that is something else."""
    if directory.exists() and not directory.is_dir():
        raise CourseError(f"{directory} is a file. Name a new folder.")
    if directory.is_dir() and any(directory.iterdir()) and not (directory / CONFIG).is_file():
        raise CourseError(f"{directory} is not empty and is no class. Name a new folder.")
    wanted = {CONFIG: SETTINGS, "README.md": README}
    for chapter in course_chapters():
        name = chapter["id"]
        notebook = REPOSITORY / "notebooks" / name / f"{name}.ipynb"
        if not notebook.is_file():
            raise CourseError(f"{notebook} is missing. Run `sgd2muon build` in the course's repository.")
        text = notebook.read_text(encoding="utf-8")
        wanted[f"release/{name}/{name}.ipynb"] = wanted[f"source/{name}/{name}.ipynb"] = text
    written = [path for path, text in wanted.items() if _write(directory / path, text)]
    (directory / "submitted").mkdir(exist_ok=True)
    Classroom(directory).private()
    _register(directory)
    return written


def _write(path: Path, text: str) -> bool:
    """Write a file that is not there; what an instructor changed stays."""
    if path.exists():
        return False
    write_whole(path, text)
    return True


def _register(directory: Path) -> None:
    """Tell the gradebook about every chapter."""
    from autograder.grading.record import Recorder

    for chapter in course_chapters():
        Recorder(Classroom(directory).chapter(chapter["id"])).register()
