"""Feedback pages: a student's own cells, what the judge said, marks and comments, in one file that loads nothing.

Nothing of a student's is markup here: the template escapes everything, and the page forbids itself to run scripts.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.grading.gradebook import Standing

TEMPLATES = Path(__file__).with_name("templates")
FINGERPRINT = re.compile(rb'<meta name="sgd2muon" content="([0-9a-f]{64})">')
KINDS = {"✓": "passed", "✗": "failed", "–": "skipped"}


@dataclass(frozen=True)
class Line:
    """One line of what the judge said. kind: passed, failed, skipped, message."""

    kind: str
    text: str


@dataclass
class Part:
    """One cell of a page. most: the points it may earn, None for a cell that earns none."""

    id: str
    title: str
    score: float = 0.0
    most: float | None = None
    code: Markup | None = None
    written: str | None = None
    said: list[Line] = field(default_factory=list)
    evidence: list[dict[str, str]] = field(default_factory=list)
    comment: str = ""


class FeedbackPages:
    """Renders the pages of one chapter."""

    def render(self, chapter: str, notebook: Any, standing: Standing) -> str:
        """The page of one autograded notebook, with the marks and comments of the gradebook."""
        parts = [_part(cell, standing) for cell in notebook.cells if "nbgrader" in cell.metadata]
        return self._template.render(
            chapter=chapter,
            fingerprint=fingerprint(notebook, standing),
            parts=parts,
            total=standing.total,
            most=sum(part.most or 0.0 for part in parts),
            late=standing.late,
            waits=standing.waits,
        )

    @cached_property
    def _template(self) -> Any:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        environment.globals["points"] = lambda number: f"{number:.10g}"
        environment.globals["style"] = Markup((TEMPLATES / "feedback.css").read_text(encoding="utf-8"))
        environment.globals["highlighting"] = Markup(_FORMATTER.get_style_defs("pre.code"))
        return environment.get_template("feedback.html.j2")


def fingerprint(notebook: Any, standing: Standing) -> str:
    """A digest of everything that a page depends on, this file and its template included."""
    key = notebook.metadata.get("sgd2muon", {}).get("key", "")
    content = (key, sorted(standing.marks.items()), sorted(standing.comments.items()), standing.late, _layout())
    return hashlib.sha256(repr(content).encode("utf-8", "replace")).hexdigest()


def fingerprint_of_page(path: Path) -> str:
    """What a page was made of; "" where there is none."""
    try:
        with open(path, "rb") as page:
            found = FINGERPRINT.search(page.read(400))
    except OSError:
        return ""
    return found.group(1).decode() if found else ""


def _layout() -> str:
    sources = [Path(__file__), *sorted(TEMPLATES.glob("feedback.*"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


_FORMATTER = HtmlFormatter(nowrap=True)
_LEXER = PythonLexer(stripnl=False)


def _part(cell: Any, standing: Standing) -> Part:
    grading = cell.metadata["nbgrader"]
    name = str(grading["grade_id"])
    mark = standing.marks.get(name)
    part = Part(name, name.removeprefix("check_"), comment=standing.comments.get(name, ""))
    if grading.get("grade"):
        part.most, part.score = float(grading["points"]), mark.score if mark else 0.0
    if cell.cell_type == "markdown":
        part.written = html.unescape(cell.source)  # as typed; the template escapes it again
        return part
    if grading.get("solution"):
        part.title += ": your cell"
        part.code = Markup('<pre class="code">') + Markup(highlight(cell.source, _LEXER, _FORMATTER)) + Markup("</pre>")
        part.evidence = list(_evidence(cell.outputs))
    else:
        part.title += ": what the checks say"
        part.said = [
            _line(text) for output in cell.outputs if output.output_type == "stream" for text in _lines(output.text)
        ]
    return part


def _lines(text: str) -> Iterator[str]:
    """The lines of a result, those of a message joined again."""
    message = ""
    for line in [*text.splitlines()[1:], ""]:
        if line.startswith("    "):
            message += (" " if message else "") + line.strip()
            continue
        if message:
            yield message
        message = ""
        if line:
            yield line


def _line(text: str) -> Line:
    return Line(KINDS.get(text[:1], "message"), text)


def _evidence(outputs: list[Any]) -> Iterator[dict[str, str]]:
    for output in outputs:
        picture = output.get("data", {}).get("image/png", "")
        if picture:
            yield {"picture": "".join(picture.split()), "text": ""}
        elif output.get("text"):
            yield {"picture": "", "text": output["text"]}
