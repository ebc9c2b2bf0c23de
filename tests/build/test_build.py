"""From sources to notebooks: what is written, and what is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.build import build_course
from autograder.build.rules import is_telling
from autograder.errors import CourseError, UnknownTask

SOURCE = '''# ---
# title: From one step downhill
# summary: A small chapter
# ---
# %%
from course_lib.notebook import check, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# # A step
# Predict the *largest* rate.

# %% predict="rate" points=1
predict("rate", 0.25)

# %% check="rate"
check("rate")

# %% task="walk" points=3 minutes=10 title="Walk"
def walk(x, lr):
    """One step."""
    ### BEGIN SOLUTION
    slope = 2 * x
    return x - lr * slope
    ### END SOLUTION

# %% check="walk"
check("walk")

# %% quiz="why" points=2
quiz("why", ["a", "c"])

# %% check="why"
check("why")

# %% [markdown]
# Say in one sentence what a rate is.

# %% [markdown] free_text="words" points=2
# A rate is the length of a step in units of the slope.
'''


@dataclass
class FakeTask:
    module: str
    entries: tuple[str, ...]


@dataclass
class FakeCheck:
    task: str
    points: float
    id: str = "claim"
    file: str = "test_01_small.py"
    line: int = 7


class Catalogue:
    def __init__(self, checks: list[FakeCheck] | None = None):
        self.checks = checks or [FakeCheck("rate", 1), FakeCheck("walk", 1), FakeCheck("walk", 2), FakeCheck("why", 2)]

    def load_task(self, task_id: str) -> Any:
        if task_id != "walk":
            raise UnknownTask(task_id)
        return FakeTask("course_lib/optim/walk.py", ("walk",))

    def load_checks(self, chapter: str) -> list[FakeCheck]:
        return self.checks


def course(tmp_path: Path, source: str = SOURCE, name: str = "01_small") -> Path:
    (tmp_path / "solutions").mkdir(exist_ok=True)
    (tmp_path / "solutions" / f"{name}.py").write_text(source, encoding="utf-8")
    return tmp_path


def released(root: Path) -> Any:
    made = build_course(root, Catalogue())
    return nbformat.reads(made.committed["notebooks/01_small/01_small.ipynb"], as_version=4)


def by_grade_id(notebook: Any) -> dict[str, Any]:
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}


def test_the_release_has_stubs_where_the_source_has_solutions(tmp_path: Path) -> None:
    cells = by_grade_id(released(course(tmp_path)))
    assert cells["walk"].source.startswith("%%implement course_lib/optim/walk.py\ndef walk(x, lr):")
    assert '    raise NotImplementedError("write this part")' in cells["walk"].source
    assert "slope" not in cells["walk"].source
    assert cells["rate"].source == 'predict("rate", ...)'
    assert cells["why"].source == 'quiz("why", ...)'
    assert "units of the slope" not in cells["words"].source


def test_a_stub_cell_still_compiles(tmp_path: Path) -> None:
    body = by_grade_id(released(course(tmp_path)))["walk"].source.split("\n", 1)[1]
    compile(body, "walk.py", "exec")


def test_the_solved_notebook_keeps_answers_and_solutions(tmp_path: Path) -> None:
    made = build_course(course(tmp_path), Catalogue())
    cells = by_grade_id(nbformat.reads(made.uncommitted["build/solved/01_small/01_small.ipynb"], as_version=4))
    assert "slope = 2 * x" in cells["walk"].source
    assert cells["rate"].source == 'predict("rate", 0.25)'


def test_check_cells_are_locked_and_carry_the_points_of_their_task(tmp_path: Path) -> None:
    cell = by_grade_id(released(course(tmp_path)))["check_walk"]
    assert cell.metadata.nbgrader.points == 3
    assert cell.metadata.nbgrader.locked
    assert cell.metadata.editable is False
    assert cell.metadata.nbgrader.checksum


def test_a_rebuild_is_byte_identical(tmp_path: Path) -> None:
    root = course(tmp_path)
    first, second = build_course(root, Catalogue()), build_course(root, Catalogue())
    assert first.committed == second.committed
    assert first.uncommitted == second.uncommitted
    assert first.write(root)
    assert second.write(root) == []
    assert second.differences(root) == []


def test_an_edited_notebook_and_a_stale_one_are_reported(tmp_path: Path) -> None:
    root = course(tmp_path)
    made = build_course(root, Catalogue())
    made.write(root)
    notebook = root / "notebooks" / "01_small" / "01_small.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8").replace("largest", "smallest"), encoding="utf-8")
    stale = root / "notebooks" / "09_gone" / "09_gone.ipynb"
    stale.parent.mkdir()
    stale.write_text("{}", encoding="utf-8")
    assert made.differences(root) == ["notebooks/01_small/01_small.ipynb", "notebooks/09_gone/09_gone.ipynb"]


def test_course_json_says_where_a_name_is_written(tmp_path: Path) -> None:
    content = json.loads(build_course(course(tmp_path), Catalogue()).committed["course_lib/course.json"])
    task = next(task for task in content["chapters"][0]["tasks"] if task["id"] == "walk")
    assert task == {
        "id": "walk",
        "kind": "implement",
        "points": 3,
        "title": "Walk",
        "minutes": 10,
        "module": "course_lib/optim/walk.py",
        "names": ["walk"],
    }


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('predict="rate" points=1', 'predict="rate"', 15, "no points"),
        ("    ### END SOLUTION\n", "", 21, "every region needs both"),
        ('quiz="why"', 'quiz="rate"', 32, "rate"),
        ('# %% check="walk"\ncheck("walk")', "# %%\n1 + 1", 21, "no check cell"),
        ("points=3 minutes", "points=4 minutes", 21, "add up to 3"),
        ('task="walk"', 'task="run"', 21, "no task run"),
        ('predict("rate", 0.25)', 'predict("rat", 0.25)', 15, 'predict("rate", ANSWER)'),
        ('predict("rate", 0.25)', 'predict("rate", 1 / 4 * x)', 15, "literal"),
        ("minutes=10", "minuets=10", 21, "minuets"),
        ('tags=["parameters"]', "", 1, "parameters"),
        ("# # A step\n", "# # A step\n# slope = 2 * x\n", 26, "slope = 2 * x"),
        ("# %%\nfrom", "from", 5, "# %%"),
        ("# title: From one step downhill\n", "", 2, "title"),
    ],
)
def test_a_fault_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert SOURCE.count(old) == 1
    root = course(tmp_path, SOURCE.replace(old, new))
    with pytest.raises(CourseError) as refused:
        build_course(root, Catalogue())
    assert f"01_small.py:{line}:" in str(refused.value)
    assert words in str(refused.value)


def test_the_same_id_in_two_chapters_is_refused(tmp_path: Path) -> None:
    course(tmp_path)
    with pytest.raises(CourseError, match="taken already"):
        build_course(course(tmp_path, name="02_small"), Catalogue())


def test_a_check_without_a_task_is_refused(tmp_path: Path) -> None:
    checks = [*Catalogue().checks, FakeCheck("fly", 1)]
    with pytest.raises(CourseError, match=r"test_01_small.py:7: claim checks fly"):
        build_course(course(tmp_path), Catalogue(checks))


def test_a_task_without_a_check_is_refused(tmp_path: Path) -> None:
    checks = [check for check in Catalogue().checks if check.task != "why"]
    with pytest.raises(CourseError, match="checks why"):
        build_course(course(tmp_path), Catalogue(checks))


@pytest.mark.parametrize("line", ["continue", "return loss", "# now the step", "else:", "loss = None"])
def test_lines_of_any_program_are_no_secret(line: str) -> None:
    assert not is_telling(line)


@pytest.mark.parametrize("line", ["p.sub_(lr * g)", "slope = 2 * x", "if p.grad is None:"])
def test_lines_of_a_solution_are_secret(line: str) -> None:
    assert is_telling(line)
