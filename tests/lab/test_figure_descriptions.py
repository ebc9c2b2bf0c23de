"""A figure's description reaches whoever cannot see it, also in front ends that drop the picture's own."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

SOURCE = """from course_lib.lab.plots import figure, show
fig, ax = figure()
show(fig, alt="Two axes, <empty> & \\"quiet\\".")"""
SAID = 'Two axes, <empty> & "quiet".'


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory):
    from nbclient import NotebookClient

    notebook = new_notebook(cells=[new_code_cell(SOURCE)])
    folder = tmp_path_factory.mktemp("figures")
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.validate(notebook)
    return notebook


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_an_exported_page_has_the_description(executed, template: str) -> None:
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter(template_name=template).from_notebook_node(executed)
    body = page[page.index("<body") :]
    pictures = re.findall(r"<img[^>]*>", body)
    assert len(pictures) == 1
    spoken = re.findall(r"<p style=\"position: absolute;[^\"]*\">Figure: ([^<]*)</p>", body)
    assert [unescape(text) for text in spoken] == [SAID]
    if template == "classic":
        assert SAID in unescape(pictures[0])


def test_the_picture_comes_first_with_its_description_for_other_front_ends(executed) -> None:
    picture, spoken = executed.cells[0].outputs
    assert picture.metadata["image/png"]["alt"] == picture.data["text/plain"] == SAID
    assert list(spoken.data) == ["text/html"]


def test_the_description_takes_no_room(executed) -> None:
    html = executed.cells[0].outputs[1].data["text/html"]
    assert "width: 1px; height: 1px" in html
    assert "display: none" not in html  # a screen reader would pass over it


def test_no_figure_of_the_course_is_shown_without_a_description() -> None:
    root = Path(__file__).parents[2]
    for path in (root / "notebooks").glob("*/*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            assert cell["cell_type"] != "code" or len(re.findall(r"^\s*show\(", source, re.M)) <= source.count("alt=")
