"""A submitted notebook, however damaged, gives the modules and answers that are in it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.submissions import Extracted, Unreadable, extract
from autograder.submissions.cells import RawCell

TASKS: list[dict[str, Any]] = [
    {"id": "sgd", "kind": "implement", "module": "course_lib/optim/sgd.py", "names": ["SGD"], "points": 12},
    {"id": "rate", "kind": "predict", "points": 1},
    {"id": "why", "kind": "free_text", "points": 2},
]
STUB = "%%implement course_lib/optim/sgd.py\nclass SGD:\n    def step(self):\n        raise NotImplementedError"
MINE = "%%implement course_lib/optim/sgd.py\nclass SGD:\n    def step(self):\n        return 1"


def cell(kind: str, source: str, grade_id: str = "") -> dict[str, Any]:
    metadata = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    return {"cell_type": kind, "source": source, "metadata": metadata, "outputs": [], "id": f"id-{grade_id}"}


def notebook(mine: str = MINE) -> dict[str, Any]:
    cells = [
        cell("markdown", "# Chapter"),
        cell("code", mine, "sgd"),
        cell("code", 'check("sgd")', "check_sgd"),
        cell("code", 'predict("rate", 0.2)', "rate"),
        cell("markdown", "Why?"),
        cell("markdown", "Because.", "why"),
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


RELEASE = [
    RawCell("markdown", "# Chapter"),
    RawCell("code", STUB, "sgd", "id-sgd"),
    RawCell("code", 'check("sgd")', "check_sgd", "id-check_sgd"),
    RawCell("code", 'predict("rate", ...)', "rate", "id-rate"),
    RawCell("markdown", "Why?"),
    RawCell("markdown", "*Your answer.*", "why", "id-why"),
]


def extracted(tmp_path: Path, content: Any) -> Extracted:
    path = tmp_path / "01 späß.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return extract(path, TASKS, RELEASE)


def without_ids(book: dict[str, Any]) -> dict[str, Any]:
    for one in book["cells"]:
        one.pop("id")
        one["metadata"] = {"vscode": {"languageId": "python"}}
    return {**book, "nbformat_minor": 4}


def as_version_3(book: dict[str, Any]) -> dict[str, Any]:
    cells = [{**one, "input": one["source"]} for one in book["cells"]]
    for one in cells:
        one.pop("source")
    return {"worksheets": [{"cells": cells}], "nbformat": 3, "metadata": {}}


def as_lines(book: dict[str, Any]) -> dict[str, Any]:
    for one in book["cells"]:
        one["source"] = one["source"].splitlines(keepends=True)
    return book


def with_outputs(book: dict[str, Any]) -> dict[str, Any]:
    book["cells"][1]["outputs"] = [{"output_type": "stream", "text": "x" * 20_000_000}]
    return book


def change(kind: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def changed(book: dict[str, Any]) -> dict[str, Any]:
        book["cells"][1]["cell_type"] = kind
        return book

    return changed


DAMAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "as it was": lambda book: book,
    "no ids": without_ids,
    "version 3": as_version_3,
    "lists of lines": as_lines,
    "tests deleted": lambda book: {**book, "cells": [c for c in book["cells"] if "check" not in c["source"]]},
    "reversed": lambda book: {**book, "cells": book["cells"][::-1]},
    "doubled": lambda book: {**book, "cells": [c for c in book["cells"] for _ in range(2)]},
    "markdown": change("markdown"),
    "raw": change("raw"),
    "no type": change(None),  # type: ignore[arg-type]
    "deep nesting": lambda book: (
        json.dumps(book).replace('"metadata": {}', '"metadata": ' + "[" * 400 + "]" * 400).encode()
    ),
    "metadata lost, ids kept": lambda book: {**book, "cells": [{**c, "metadata": {}} for c in book["cells"]]},
    "two cells merged": lambda book: {
        **book,
        "cells": [cell("code", "\n# mine\n" + book["cells"][1]["source"], "sgd"), *book["cells"][2:]],
    },
    "utf-16": lambda book: json.dumps(book).encode("utf-16"),
    "padded with nul bytes": lambda book: json.dumps(book).encode() + b"\0" * 512,
    "strange cells": lambda book: {**book, "cells": [None, 3, {"source": 7}, {}, *book["cells"], []]},
    "strange worksheets": lambda book: {"worksheets": [None, {"cells": 7}, {"cells": book["cells"]}], "nbformat": 3},
    "a lone surrogate": lambda book: {**book, "cells": [*book["cells"], cell("code", "x = '\ud800'")]},
    "huge output": with_outputs,
    "bom and crlf": lambda book: b"\xef\xbb\xbf" + json.dumps(book, indent=1).replace("\n", "\r\n").encode(),
    "stub left, answer in a new cell": lambda book: {**book, "cells": [cell("code", STUB, "sgd"), *book["cells"]]},
    "answer first, stub copied behind": lambda book: {**book, "cells": [*book["cells"], cell("code", STUB, "sgd")]},
    "wrong metadata types": lambda book: {
        **book,
        "metadata": 3,
        "cells": [{**c, "metadata": []} for c in book["cells"]],
    },
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_implementation_and_the_answer_survive(tmp_path: Path, damage: str) -> None:
    found = extracted(tmp_path, DAMAGES[damage](notebook()))
    assert found.modules["course_lib/optim/sgd.py"].endswith("return 1")
    assert "#\nclass SGD" in found.modules["course_lib/optim/sgd.py"]
    assert found.answers == {"rate": 0.2}
    assert found.free_text == {"why": "Because."}


def test_the_answer_without_its_first_line_is_found_by_its_id(tmp_path: Path) -> None:
    found = extracted(tmp_path, notebook(MINE.split("\n", 1)[1]))
    assert found.modules["course_lib/optim/sgd.py"].startswith("class SGD")


def test_the_answer_in_a_cell_of_its_own_is_found_by_what_it_defines(tmp_path: Path) -> None:
    book = notebook(STUB)
    book["cells"].append(cell("code", "class SGD:\n    def step(self):\n        return 1"))
    found = extracted(tmp_path, book)
    assert found.modules["course_lib/optim/sgd.py"].endswith("return 1")
    assert any("without its %%implement line" in note for note in found.notes)


def test_the_last_of_several_answers_counts_and_is_noted(tmp_path: Path) -> None:
    book = notebook()
    book["cells"].insert(0, cell("code", MINE.replace("return 1", "return 0"), "sgd"))
    found = extracted(tmp_path, book)
    assert found.modules["course_lib/optim/sgd.py"].endswith("return 1")
    assert any("the last one counts" in note for note in found.notes)


def test_nothing_written_gives_the_stub(tmp_path: Path) -> None:
    book = notebook(STUB)
    book["cells"][3]["source"] = 'predict("rate", ...)'
    found = extracted(tmp_path, book)
    assert "NotImplementedError" in found.modules["course_lib/optim/sgd.py"]
    assert found.answers == {}


def test_a_path_outside_the_chapter_is_ignored_and_noted(tmp_path: Path) -> None:
    book = notebook()
    book["cells"].append(cell("code", "%%implement ../../autograder/judge/engine.py\nx = 1"))
    found = extracted(tmp_path, book)
    assert set(found.modules) == {"course_lib/optim/sgd.py"}
    assert any("ignored" in note for note in found.notes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"%PDF-1.7", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1, 2]", "no notebook"),
        (b'{"cells": "x"}', "no notebook"),
        (b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_what_is_no_notebook_says_what_to_ask_for(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        extracted(tmp_path, content)


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.ipynb").write_text(json.dumps(notebook()))
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "secret.ipynb")
    with pytest.raises(Unreadable, match="link"):
        extract(tmp_path / "link.ipynb", TASKS, RELEASE)


def test_line_numbers_of_the_module_are_those_of_the_cell(tmp_path: Path) -> None:
    found = extracted(tmp_path, notebook("\n\n  %%implement   course_lib/optim/sgd.py  # here\nclass SGD:\n    x = 1"))
    lines = found.modules["course_lib/optim/sgd.py"].split("\n")
    assert (lines[2].strip(), lines[3]) == ("#", "class SGD:")


def test_two_tasks_merged_into_one_cell_are_two_modules(tmp_path: Path) -> None:
    other = {"id": "adam", "kind": "implement", "module": "course_lib/optim/adam.py", "names": ["Adam"], "points": 1}
    path = tmp_path / "one.ipynb"
    merged = cell("code", f"{MINE}\n%%implement course_lib/optim/adam.py\nclass Adam:\n    x = 2", "sgd")
    path.write_text(json.dumps({"cells": [merged]}))
    found = extract(path, [TASKS[0], other], RELEASE)
    assert "Adam" not in found.modules["course_lib/optim/sgd.py"]
    assert found.modules["course_lib/optim/adam.py"].strip() == "#\nclass Adam:\n    x = 2"


def test_a_finished_cell_counts_more_than_a_later_one_that_is_unfinished_or_broken(tmp_path: Path) -> None:
    book = notebook()
    book["cells"].append(cell("code", MINE.replace("return 1", "x = 1\n        raise NotImplementedError"), "sgd"))
    book["cells"].append(cell("code", MINE.replace("return 1", "return 1 +"), "sgd"))
    assert extracted(tmp_path, book).modules["course_lib/optim/sgd.py"].endswith("return 1")


def test_a_misspelt_path_in_the_tasks_own_cell_is_read_and_noted(tmp_path: Path) -> None:
    found = extracted(tmp_path, notebook(MINE.replace("sgd.py", "SGD.py")))
    assert found.modules["course_lib/optim/sgd.py"].endswith("return 1")
    assert found.notes == ["sgd: taken from its cell, although that says %%implement course_lib/optim/SGD.py"]


def test_a_cell_of_the_release_that_shows_the_same_class_is_no_answer(tmp_path: Path) -> None:
    shown = "class SGD:\n    def step(self):\n        return 'for show'"
    book = notebook(STUB)
    book["cells"].append(cell("code", shown))
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps(book))
    found = extract(path, TASKS, [*RELEASE, RawCell("code", shown)])
    assert "NotImplementedError" in found.modules["course_lib/optim/sgd.py"]


def test_the_free_text_written_into_a_copy_of_its_cell_is_found(tmp_path: Path) -> None:
    book = notebook()
    book["cells"].append(cell("markdown", "*Your answer.*", "why"))
    assert extracted(tmp_path, book).free_text == {"why": "Because."}


def test_a_free_text_cell_that_is_gone_is_noted(tmp_path: Path) -> None:
    book = notebook()
    book["cells"] = book["cells"][:-2]
    found = extracted(tmp_path, book)
    assert found.free_text == {}
    assert found.notes == ["why: the answer's cell is gone; look at the submitted notebook"]


def test_an_answer_that_is_no_literal_is_noted(tmp_path: Path) -> None:
    book = notebook()
    book["cells"][3]["source"] = 'predict("rate", 2 / L)'
    found = extracted(tmp_path, book)
    assert found.answers == {}
    assert found.notes == ["rate: the answer is no number, text or list typed into the call; it does not count"]


def test_two_different_answers_are_noted_and_the_last_counts(tmp_path: Path) -> None:
    book = notebook()
    book["cells"].append(cell("code", 'predict("rate", 0.3)'))
    found = extracted(tmp_path, book)
    assert found.answers == {"rate": 0.3}
    assert found.notes == ["rate: answered more than once; the last answer counts"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(Unreadable, match="no file"):
        extract(tmp_path / "pipe.ipynb", TASKS, RELEASE)
