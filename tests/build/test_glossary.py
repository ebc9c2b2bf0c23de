"""The glossary: places to jump to, links that lead there, and terms that come too early."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from autograder.build.glossary import link_terms, read_glossary
from autograder.build.notebooks import solved
from autograder.build.source import Chapter, read_chapter
from autograder.errors import CourseError

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
TERMS = read_glossary(ROOT / "solutions")
FIRST = """# ---
# title: One
# ---
# %% [markdown]
# # 1 · One, with a weight decay to come

# %% [markdown]
# A rate, the **learning rate**, says how far.
# A **minibatch** is a few examples.

# %% [markdown] tags=["glossary"]
# ## Words
"""
SECOND = """# ---
# title: Two
# ---
# %% [markdown]
# # 2 · Two, at one learning rate

# %% [markdown]
# ## A learning rate in a heading
# `learning rate`, *On the Learning Rate* and [a learning rate](x) are left alone. Learning
# rates of minibatches; a learning rate. A weight is small: **weight decay**.
"""
WORDS = """
- {term: learning rate, chapter: 01_one, says: how far}
- {term: minibatch, chapter: 01_one, forms: [minibatches], says: a few}
- {term: weight decay, chapter: 02_two, says: a pull}
"""


def course(folder: Path, first: str = FIRST, second: str = SECOND, words: str = WORDS) -> list[Chapter]:
    for name, source in {"01_one.py": first, "02_two.py": second, "glossary.yaml": words}.items():
        (folder / name).write_text(source, encoding="utf-8")
    chapters = [read_chapter(folder / "01_one.py"), read_chapter(folder / "02_two.py")]
    link_terms(chapters, read_glossary(folder))
    return chapters


def test_a_definition_becomes_a_place_to_jump_to(tmp_path: Path) -> None:
    text = course(tmp_path)[0].cells[1].source
    assert text.startswith('A rate, the <a id="term-learning-rate"></a>**learning rate**, says')


def test_the_first_use_in_a_later_chapter_is_a_link_and_others_are_not(tmp_path: Path) -> None:
    chapters = course(tmp_path)
    opening, text = (cell.source for cell in chapters[1].cells)
    defined = solved(chapters[0], lambda task: "").cells[1].id
    assert opening == "# 2 · Two, at one learning rate"
    assert text == (
        "## A learning rate in a heading\n"
        "`learning rate`, *On the Learning Rate* and [a learning rate](x) are left alone. "
        f"[Learning\nrates](../01_one/01_one.ipynb#cell-id={defined}) of "
        f"[minibatches](../01_one/01_one.ipynb#cell-id={defined}); a learning rate. "
        'A weight is small: <a id="term-weight-decay"></a>**weight decay**.'
    )


def test_the_list_has_every_term_and_where_it_is_defined(tmp_path: Path) -> None:
    chapters = course(tmp_path)
    defined = solved(chapters[1], lambda task: "").cells[1].id
    assert chapters[0].cells[2].source == (
        "## Words\n\n"
        "- [learning rate](#term-learning-rate) (chapter 1): how far\n"
        "- [minibatch](#term-minibatch) (chapter 1): a few\n"
        f"- [weight decay](../02_two/02_two.ipynb#cell-id={defined}) (chapter 2): a pull"
    )


@pytest.mark.parametrize(
    ("old", "new", "file", "words"),
    [
        ("# A rate,", "# With weight decay a rate,", "01_one.py:8", "weight decay is used before chapter 2"),
        ("# A rate,", "# The learning rate,", "01_one.py:8", "learning rate is used before chapter 1"),
        ("**minibatch**", "minibatch", "01_one.py:1", "write **minibatch**"),
        ("# A **mini", "# <details>\n# A **mini", "01_one.py:10", "folded"),
    ],
)
def test_a_term_out_of_place_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, file: str, words: str
) -> None:
    assert FIRST.count(old) == 1
    with pytest.raises(CourseError) as refused:
        course(tmp_path, first=FIRST.replace(old, new))
    assert file in str(refused.value)
    assert words in str(refused.value)


def test_a_term_may_be_named_beside_the_number_of_its_chapter(tmp_path: Path) -> None:
    first = FIRST.replace("# A rate,", "# With weight decay (chapter 2) a rate,")
    assert "With weight decay (chapter 2)" in course(tmp_path, first=first)[0].cells[1].source


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (WORDS + "- {term: learning rate, chapter: 02_two, says: again}", "twice"),
        ("- {term: learning rate, chapter: 09_gone, says: how far}", "no chapter 09_gone"),
        ("- {term: learning rate}", "every entry has"),
    ],
)
def test_a_faulty_entry_is_refused(tmp_path: Path, words: str, said: str) -> None:
    with pytest.raises(CourseError, match=said):
        course(tmp_path, words=words)


def markdown_of(path: Path) -> dict[str, str]:
    """Cell id → text."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"}


def linked(path: Path) -> list[tuple[str, str]]:
    """The links of a notebook to terms: what they say, and the text that begins where each leads."""
    found = []
    for text in markdown_of(path).values():
        for said, file, cell, anchor in re.findall(r"\[([^]]+)\]\(([^)#\s]*)#(?:cell-id=(\w+)|(term-[\w-]+))\)", text):
            there = markdown_of((path.parent / file).resolve() if file else path)
            place = there[cell] if cell else next(text for text in there.values() if f'<a id="{anchor}"></a>' in text)
            found.append((said, place))
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_link_of_the_course_leads_to_the_definition_of_its_word(path: Path) -> None:
    links = linked(path)
    assert links
    for said, place in links:
        defined = [term for term in TERMS if re.fullmatch(term.pattern, said)]
        assert len(defined) == 1, said
        assert place.count(f'<a id="{defined[0].anchor}"></a>') == 1, said


def test_the_course_lists_all_its_words_in_chapter_0() -> None:
    path = ROOT / "notebooks" / "00_start" / "00_start.ipynb"
    assert sorted(said for said, _ in linked(path)) == sorted(term.name for term in TERMS)
