"""Recorded runs of chapter 10, and the sliders over them."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image

from course_lib.lab import grok_play
from course_lib.lab.double_descent import noisy_mlp, random_features
from course_lib.lab.grok_play import GrokPicture, experiment, firsts, in_words, live_box, play_grokking, recorded


def test_the_file_says_how_it_was_made():
    made = recorded()
    assert made["command"] == "python -m course_lib.lab.record_grokking"
    assert made["seeds"] == [0, 1, 2]
    assert {"device", "versions"} <= set(made)


def test_the_recorded_runs_agree_with_the_text():
    assert {run["grokked"] for run in experiment("play", decay=0.0, fraction=0.5)} == {None}
    usual = [run["grokked"] for run in experiment("play", decay=1.0, fraction=0.5)]
    assert len(usual) == 3
    assert all(250 <= step <= 330 for step in usual)
    muon = [run["grokked"] for run in experiment("transformer", optimizer="Muon")]
    adamw = [run["grokked"] for run in experiment("transformer", optimizer="AdamW", decay=1.0)]
    assert max(muon) < min(adamw)


def test_first_steps_are_told_in_words():
    def runs(*steps):
        return [{"grokked": step} for step in steps]

    assert firsts(runs(300, 280)) == "at 280 to 300"
    assert firsts(runs(300, None, 300)) == "at 300, 1 of 3 never"
    assert firsts(runs(None, None)) == "never"


def test_dragging_changes_picture_and_words():
    box = live_box(lambda decay, fraction: pytest.fail("nobody asked for a run"))
    decay, fraction, _button, image, words = box.children
    seen = {(image.value, words.value)}
    decay.value = 1.0
    seen.add((image.value, words.value))
    fraction.value = 0.7
    seen.add((image.value, words.value))
    assert len(seen) == 3


def test_the_button_draws_the_run_of_ones_own():
    asked = []

    def rerun(decay, fraction):
        asked.append((decay, fraction))
        return {"steps": [0, 500], "train_acc": [0.0, 1.0], "val_acc": [0.0, 1.0], "memorised": 500, "grokked": 500}

    box = live_box(rerun)
    _decay, _fraction, button, image, words = box.children
    before = image.value
    button.click()
    assert asked == [(0.0, 0.5)]
    assert image.value != before
    assert "Yours: training set known at step 500" in words.value
    assert not button.disabled


def test_a_run_that_fails_is_told_and_leaves_the_button_usable():
    def broken(decay, fraction):
        raise RuntimeError("not today")

    _decay, _fraction, button, _image, words = live_box(broken).children
    button.click()
    assert "RuntimeError: not today" in words.value
    assert not button.disabled


def test_the_same_run_gives_the_same_picture():
    picture = GrokPicture()
    one, other = experiment("play", decay=1.0, fraction=0.5)[0], experiment("play", decay=0.0, fraction=0.5)[0]
    first, second = (Image.open(io.BytesIO(picture.png(run))) for run in (one, other))
    assert first.tobytes() != second.tobytes()
    assert first.tobytes() == Image.open(io.BytesIO(picture.png(one))).tobytes()


def test_without_a_person_the_stills_are_shown(capsys):
    play_grokking(lambda decay, fraction: {}, alt="two runs", stills=[(0.0, 0.5), (1.0, 0.5)])
    assert capsys.readouterr().out == "two runs\n"


def test_a_run_without_an_end_is_told_as_such():
    log = {"steps": [0, 40], "val_acc": [0.0, 0.25], "memorised": None, "grokked": None}
    assert in_words(log) == ("99 % of the training set never known; validation at 25 % when the run ended at step 40.")


def test_the_worst_number_of_features_is_that_of_the_points():
    widths = (50, 200, 3000)
    errors = dict(zip(widths, random_features(widths), strict=True))
    assert errors[200][1] > 10 * errors[50][1] > 10 * errors[3000][1]
    assert errors[200][0] < 1e-6 < errors[50][0]
    ridged = random_features(widths, ridge=0.01)
    assert max(test for _, test in ridged) < 3 * min(test for _, test in ridged)


def test_a_small_network_misses_what_a_large_one_fits():
    torch.set_num_threads(1)
    small, large = (noisy_mlp(width, steps=150) for width in (1, 60))
    assert small["train_error"] > large["train_error"]
    assert set(small) == {"train_error", "test_error", "test_loss"}


def test_the_file_of_runs_is_where_the_command_writes_it():
    from course_lib.lab.record_grokking import RECORDED

    assert RECORDED == grok_play.RECORDED
