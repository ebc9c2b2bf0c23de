"""What is said of wrong loss scalers, master weights and mixed-precision steps: crashes, and how far weights have moved."""

from __future__ import annotations

import pytest

from autograder.judge import Judge
from tests.judge.test_messages_of_functions import messages

COPY = "p.detach().clone().float()"
MAKE = "make_optimizer(self.masters)"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ((COPY, "p.clone().float()"), ".detach() takes them out"),
        ((COPY, "p.detach().clone().flaot()"), "has no attribute 'flaot'"),
        ((MAKE, "make_optimizer(*self.masters)"), "positional argument"),
        ((MAKE, "make_optimizer([{'params': [m]} for m in self.masters])"), "takes a list of tensors"),
    ],
)
def test_masters_that_cannot_be_built_are_not_called_float64(judge: Judge, edit: tuple[str, str], words: str) -> None:
    said = messages(judge, "master_weights", edit)["master_step"]
    assert words in said
    assert "float64" not in said


def test_masters_that_are_saved_but_lost_in_loading_are_not_said_to_be_left_out(judge: Judge) -> None:
    said = messages(judge, "master_weights", ('zip(self.masters, state["masters"])', "zip(self.masters, self.params)"))[
        "master_reload"
    ]
    assert "between saving and loading" in said
    assert "leaves out" not in said


def test_an_attribute_that_hides_a_method_is_pointed_at(judge: Judge) -> None:
    said = messages(judge, "loss_scaler", ("self.loss_scale = float(", "self.scale = self.loss_scale = float("))[
        "scale"
    ]
    assert "'float' object is not callable" in said
    assert "hides the method" in said


@pytest.mark.parametrize(
    ("edit", "check", "words"),
    [
        (("    # clip\n", "    optimizer.zero_grad()\n"), "step_under_autocast", "no weight has moved"),
        (
            ("model.parameters(), max_norm)", "model.parameters(), 2 * max_norm)"),
            "step_with_clipping",
            "2 times as far",
        ),
        (("max_norm=None):", "max_norm=1.0):"), "step_under_autocast", "times as far as they should"),
        (
            (
                "    with torch.autocast(device.type, dtype=dtype):\n",
                "    torch.autocast(device.type, dtype=dtype).__enter__()\n    if True:\n",
            ),
            "step_under_autocast",
            "autocast is still on",
        ),
    ],
)
def test_a_step_of_another_length_is_described(judge: Judge, edit: tuple[str, str], check: str, words: str) -> None:
    assert words in messages(judge, "mixed_precision_step", edit)[check]
