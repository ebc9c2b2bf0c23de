"""The ruler of number formats."""

from __future__ import annotations

import torch

from course_lib.lab import number_formats
from course_lib.lab.number_formats import FORMATS, _ruler, live_ruler, play_ruler

DTYPES = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
    "fp8 e5m2": torch.float8_e5m2,
    "fp8 e4m3": torch.float8_e4m3fn,
}


def cast(x, exponent_bits, mantissa_bits):
    name = next(
        form.name for form in FORMATS if (form.exponent_bits, form.mantissa_bits) == (exponent_bits, mantissa_bits)
    )
    return x.to(DTYPES.get(name, torch.float32)).double()


def make(figure):
    return _ruler(figure, cast)


def test_ranges_are_those_of_torch():
    for form in FORMATS:
        if form.name in DTYPES:
            info = torch.finfo(DTYPES[form.name])
            assert (form.largest, form.tiny) == (info.max, info.smallest_normal)


def test_typing_a_number_redraws_the_ruler():
    box = live_ruler(make)
    field, image, words = box.children
    before = image.value
    field.value = "70000"
    assert image.value != before
    assert words.value == "70000 in six formats"


def test_half_a_number_leaves_the_picture_as_it_is():
    field, image, words = live_ruler(make).children
    before = image.value
    field.value = "1e"
    assert image.value == before
    assert words.value == "'1e' is no number yet."


def test_infinity_nan_and_zero_can_be_typed():
    field, _image, words = live_ruler(make).children
    for text in ("inf", "nan", "0", "-0.0", "-1e-30"):
        field.value = text
        assert words.value.endswith("in six formats")


def test_without_a_person_stills_are_shown(capsys):
    play_ruler(cast, [0.1, 70000.0], alt="two rulers")
    assert capsys.readouterr().out == "two rulers\n"


def test_what_each_format_makes_of_a_number_is_said():
    said = [number_formats._in_words(70000.0, form, cast) for form in FORMATS]
    assert said[0] == "70000  exact"
    assert said[3] == "inf"
    assert said[5] == "448  saturated"


def test_a_run_named_after_a_format_has_its_colour():
    assert number_formats.format_colour("fp16 + scaler") == number_formats.format_colour("fp16")
    assert number_formats.format_colour("fp8 e4m3") != number_formats.format_colour("fp8 e5m2")
