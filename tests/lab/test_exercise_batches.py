"""Chapter 7's exercise at its smallest scale, on a CPU."""

from __future__ import annotations

import json

import pytest
import torch

from course_lib.lab.exercises import batches


@pytest.fixture(scope="module")
def result():
    return batches.run("smoke", torch.device("cpu"))


def test_the_result_is_plain_data(result):
    assert json.loads(json.dumps(result)) == result


def test_what_is_called_the_largest_batch_fits_and_the_next_tried_does_not(result):
    fits = {item["batch"]: item["fits"] for item in result["tried"]}
    assert fits[result["largest_batch"]]
    assert not fits[min(size for size, fit in fits.items() if not fit)]
    assert result["largest_batch"] < min(size for size, fit in fits.items() if not fit)


def test_accumulation_needs_less_memory_and_gives_the_same_loss(result):
    whole, *cut = result["rows"]
    for row in cut:
        assert row["peak_bytes"] < 1.1 * whole["peak_bytes"] / row["parts"]
        assert row["loss"] == pytest.approx(whole["loss"], rel=1e-6)


def test_four_times_what_fits_can_be_accumulated(result):
    assert result["beyond"]["effective_batch"] == 4 * result["effective_batch"]
    assert result["beyond"]["peak_bytes"] <= result["settings"]["budget"]


def test_both_curves_are_one(result):
    one, many = result["curves"].values()
    assert one == pytest.approx(many, rel=1e-5)


def test_the_result_can_be_drawn(result):
    figure = batches.draw(result)
    assert len(figure.axes) == 3
