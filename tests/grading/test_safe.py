"""What of a student's markdown reaches a page, after the renderer that formgrader uses."""

from __future__ import annotations

import html

import pytest
from nbconvert.filters import markdown2html_mistune

from autograder.nbgrader_plugin.safe import safe_markdown

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](  JaVaScRiPt:alert(1))",
    "[x](\tjavascript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:x)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[y]\n\n> [y]: javascript:alert(1)",
    "- [y]\n- [y]: <javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](http://evil/pixel.png)",
    "![x](attachment:missing.svg)",
    "![x](../../../gradebook.db)",
    "<javascript:alert(1)>",
    '[x](http://a/"onmouseover="alert(1))',
    "[x](http://a \"t' onmouseover='alert(1)\")",
    "a\n<b onmouseover=alert(1)>",
    "| a |\n|---|\n| <i onclick=x> |",
    "```html\n<script>alert(1)</script>\n```",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_no_markup_and_no_script_survives(source: str) -> None:
    from bs4 import BeautifulSoup

    page = BeautifulSoup(markdown2html_mistune(safe_markdown(source)), "html.parser")
    assert page.find_all(["script", "img", "iframe", "svg", "b", "i"]) == []
    for tag in page.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on")]
        assert not tag.get("href") or tag["href"].startswith(("http://", "https://")), tag


@pytest.mark.parametrize("source", [*HOSTILE, "a < b & c", "`x[0](y)` and [here](https://example.org)", "$a_{[1]}$"])
def test_what_was_typed_can_be_had_back(source: str) -> None:
    assert html.unescape(safe_markdown(source)) == source


def test_formulas_and_links_to_pages_stay() -> None:
    page = markdown2html_mistune(safe_markdown(r"$\frac{a}{b} < c$ and [a paper](https://example.org/x)"))
    assert r"\frac{a}{b}" in page
    assert '<a href="https://example.org/x">a paper</a>' in page
