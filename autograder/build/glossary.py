"""The course's words: where each is defined, links from later chapters to that place, and the list of all of them.

solutions/glossary.yaml names the terms and their chapters. In that chapter the first **term** in bold is the definition;
it becomes a place to jump to. The first use in every later chapter becomes a link. Links to another notebook name the cell:
JupyterLab 4 and Notebook 7 find it in a notebook that is only being opened, where ids in the text and headings are not there
yet, and nbconvert's pages have it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from autograder.build.notebooks import cell_id
from autograder.build.source import Cell, Chapter, SourceError

FILE = "glossary.yaml"
LIST_TAG = "glossary"
NO_PROSE = re.compile(
    r"```[\s\S]*?```|`[^`\n]*`|\[[^\]]*\]\([^)]*\)"
    r"|^(?:> ?)?<summary>.*$|<[^>\n]*>|^(?:> ?)?#{1,6} .*$"
    r"|(?<![*\w])\*(?![*\s])[^*]+\*(?!\*)",
    re.MULTILINE,
)
"""Parts of a markdown cell in which no word is looked for: code, links; HTML tags, headings; titles in italics."""


@dataclass(frozen=True)
class Term:
    """One word. says: its definition in a line. forms: all ways it is written, the name first."""

    name: str
    chapter: str
    says: str
    forms: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """The id of the place where it is defined."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower())

    @property
    def pattern(self) -> str:
        """What a use of it looks like."""
        forms = sorted(self.forms, key=len, reverse=True)
        written = "|".join(r"\s+".join(re.escape(word) for word in form.split()) for form in forms)
        return rf"(?<![\w-])(?i:{written})s?(?![\w-])"


@dataclass(frozen=True)
class Use:
    """A term in the text of a cell, from start to stop."""

    term: Term
    cell: Cell
    start: int
    stop: int

    def fault(self, message: str) -> SourceError:
        """An error that points at its line."""
        return SourceError(self.cell.path, self.cell.line + 1 + self.cell.source.count("\n", 0, self.start), message)


def read_glossary(folder: Path) -> list[Term]:
    """The terms of the course; none where there is no glossary. Raises SourceError."""
    path = folder / FILE
    if not path.exists():
        return []
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        terms = [
            Term(entry["term"], entry["chapter"], entry["says"], (entry["term"], *entry.get("forms", ())))
            for entry in entries
        ]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(path, 1, f"every entry has a term, a chapter and says, which is one line ({error})") from None
    for number, term in enumerate(terms):
        if term.anchor in {other.anchor for other in terms[:number]}:
            raise SourceError(path, 1, f"{term.name} is there twice")
    return terms


def link_terms(chapters: Sequence[Chapter], terms: Sequence[Term]) -> None:
    """Put places to jump to, links and the list into the chapters' text.

    Raises SourceError for a term that its chapter does not define in bold, and for one that is used before.
    """
    edits: dict[int, list[tuple[int, int, str]]] = {}
    places = {term: _definition(chapters, term) for term in terms}
    for term, place in places.items():
        edits.setdefault(id(place.cell), []).append((place.start, place.start, f'<a id="{term.anchor}"></a>'))
        defined = False
        for chapter in chapters:
            uses = list(_uses(chapter, term, terms))
            if chapter.name == term.chapter:
                defined = True
                uses = [use for use in uses if _before(chapter, use, place)]
            if not defined or chapter.name == term.chapter:
                _refuse_early(uses, term, chapters)
            elif uses:
                use = uses[0]
                text = use.cell.source[use.start : use.stop]
                link = f"[{text}]({_target(place, chapters, chapter)})"
                edits.setdefault(id(use.cell), []).append((use.start, use.stop, link))
    for chapter in chapters:
        for cell in chapter.cells:
            for start, stop, text in sorted(edits.get(id(cell), ()), reverse=True):
                cell.source = cell.source[:start] + text + cell.source[stop:]
            if LIST_TAG in cell.tags:
                cell.source = f"{cell.source}\n\n{_list(places, chapters, chapter)}"


def _list(places: Mapping[Term, Use], chapters: Sequence[Chapter], here: Chapter) -> str:
    """All terms in alphabetical order as markdown, each with a link to its definition, for the notebook of `here`."""
    numbers = {chapter.name: chapter.number for chapter in chapters}
    return "\n".join(
        f"- [{term.name}]({_target(places[term], chapters, here)}) (chapter {numbers[term.chapter]}): {term.says}"
        for term in sorted(places, key=lambda term: term.name.lower())
    )


def _target(place: Use, chapters: Sequence[Chapter], here: Chapter) -> str:
    """The link to a definition, for the notebook of `here`."""
    name = place.term.chapter
    if name == here.name:
        return f"#{place.term.anchor}"
    chapter = next(chapter for chapter in chapters if chapter.name == name)
    position = next(position for position, cell in enumerate(chapter.cells) if cell is place.cell)
    return f"../{name}/{name}.ipynb#cell-id={cell_id(chapter, position)}"


def _definition(chapters: Sequence[Chapter], term: Term) -> Use:
    chapter = next((chapter for chapter in chapters if chapter.name == term.chapter), None)
    if chapter is None:
        raise SourceError(chapters[0].path.parent / FILE, 1, f"{term.name}: there is no chapter {term.chapter}")
    for cell in _prose_cells(chapter):
        found = re.search(rf"\*\*{term.pattern}[.,:]?\*\*", _prose(cell.source))
        if found:
            place = Use(term, cell, found.start(), found.end())
            before = cell.source[: place.start]
            if before.count("<details>") > before.count("</details>"):
                raise place.fault(f"{term.name} is defined in a folded part, where no link can lead: define it outside")
            return place
    raise SourceError(chapter.path, 1, f"{term.name} is not defined here: write **{term.name}** where it is explained")


def _uses(chapter: Chapter, term: Term, terms: Sequence[Term]) -> Iterator[Use]:
    """Where a term stands in a chapter, and not as a part of a longer one."""
    longer = [other.pattern for other in terms if other is not term and re.search(term.pattern, other.name)]
    for cell in _prose_cells(chapter):
        prose = _prose(cell.source)
        for pattern in longer:
            prose = re.sub(pattern, lambda match: "\0" * len(match[0]), prose)
        for found in re.finditer(term.pattern, prose):
            yield Use(term, cell, found.start(), found.end())


def _before(chapter: Chapter, use: Use, place: Use) -> bool:
    """Whether a use comes before the definition, both in one chapter."""
    positions = {id(cell): position for position, cell in enumerate(chapter.cells)}
    return (positions[id(use.cell)], use.start) < (positions[id(place.cell)], place.start)


def _refuse_early(uses: Sequence[Use], term: Term, chapters: Sequence[Chapter]) -> None:
    """A term that is not defined yet may be used beside the number of its chapter."""
    number = next(chapter.number for chapter in chapters if chapter.name == term.chapter)
    for use in uses:
        if not re.search(rf"(?i)\b(chapter|ch\.)\s+(\d+\s+and\s+)?{number}\b", _paragraph(use)):
            raise use.fault(
                f"{term.name} is used before chapter {number} defines it: say (chapter {number}), use another word, or "
                f"define it here and change {FILE}"
            )


def _paragraph(use: Use) -> str:
    """The text around a use up to the next empty lines; in a table, its row."""
    source = use.cell.source
    row = source[source.rfind("\n", 0, use.start) + 1 :].split("\n", 1)[0]
    if row.startswith("|"):
        return row
    start = source.rfind("\n\n", 0, use.start)
    stop = source.find("\n\n", use.stop)
    return source[max(start, 0) : stop if stop >= 0 else len(source)]


def _prose_cells(chapter: Chapter) -> list[Cell]:
    """The cells of running text. The first one only says what the chapter is about, and may name what comes."""
    return [
        cell
        for cell in chapter.cells[1:]
        if cell.cell_type == "markdown" and cell.role == "plain" and LIST_TAG not in cell.tags
    ]


def _prose(source: str) -> str:
    """The text with everything that is no prose blotted out, at the same places."""
    return NO_PROSE.sub(lambda match: re.sub(r"[^\n]", "\0", match[0]), source)
