"""Every attack, at every safe level: no mark is changed, no secret read, no process left, and the next one judged alike.

Each attack says what it tries. What is out of scope, and why, is in docs/instructor.md: timing and covert channels.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from autograder.grading.demo_class import STEP
from tests.attacks import on_machine, on_marks, on_secrets
from tests.attacks.attack import Attack
from tests.attacks.conftest import CANARY, SEED, Arena

ATTACKS = [*on_marks.ATTACKS, *on_secrets.ATTACKS, *on_machine.ATTACKS]


@pytest.mark.parametrize("level", ["user", "full"])
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_wins_nothing(level: str, attack: Attack, arena_at: Callable[[Any], Arena]) -> None:
    arena = arena_at(level)
    files = sorted(path.name for path in arena.folder.iterdir())
    result = arena.judged(attack.program(**arena.places()))
    shown = json.dumps(result, ensure_ascii=False)
    assert result["score"] <= arena.nothing, f"{attack.tries}: {result}"
    assert "LOOT" not in shown, f"{attack.tries}: {shown}"
    assert CANARY not in shown
    assert str(SEED) not in shown
    assert len(shown) < 20_000
    assert "\\u001b" not in json.dumps(result)
    assert "\\u009b" not in json.dumps(result)
    assert "\\u202e" not in json.dumps(result)
    assert sorted(path.name for path in arena.folder.iterdir()) == files
    assert arena.secret.read_text() == f"{CANARY} ada 12\n"
    assert not arena.has_a_visitor()
    assert arena.honest_again() == arena.honest
    assert arena.running() == arena.processes


def test_there_are_many_attacks_and_each_says_what_it_tries() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 100
    assert all(len(attack.tries) > 8 for attack in ATTACKS)


def test_a_right_submission_gets_everything_here(arena_at: Callable[[Any], Arena]) -> None:
    result = arena_at("user").judged(STEP)
    assert result["score"] == result["max_score"]


@pytest.mark.parametrize("name", ["gradebook_read", "folder_listed"])
def test_an_attack_that_wins_would_be_seen(name: str, arena_at: Callable[[Any], Arena]) -> None:
    (attack,) = [attack for attack in ATTACKS if attack.name == name]
    arena = arena_at("trusted")
    assert "LOOT" in json.dumps(arena.judged(attack.program(**arena.places())))
