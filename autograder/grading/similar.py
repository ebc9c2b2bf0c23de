"""Which submissions of a class are nearly the same text, once comments, layout and the choice of names are taken away."""

from __future__ import annotations

import builtins
import io
import keyword
import tokenize
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

NEAR = 0.97
"""Of 1: the share of tokens that two programs have in common, in order."""
FEWEST_TOKENS = 40
COMMON = 0.2
"""A program that more than this share of the class wrote says nothing about who copied."""
KEPT = frozenset([*keyword.kwlist, *dir(builtins)])
_FIRST, _CHARACTERS = 0x1000, 0xC000
_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}


@dataclass(frozen=True)
class Group:
    """Students whose programs are alike. how: "verbatim", "renamed" (the same tokens) or "near". tokens: their length.

    common: so many wrote this that it is most likely the plain way to do it.
    """

    how: str
    students: tuple[str, ...]
    similarity: float
    tokens: int
    common: bool


def groups(programs: Mapping[str, str]) -> list[Group]:
    """Groups of near-duplicates among programs (student → source), the most telling first.

    A group that is part of another one is listed on its own only where its programs are more alike.
    """
    coded = {student: text for student, source in programs.items() if len(text := normalised(source)) >= FEWEST_TOKENS}
    found: dict[tuple[str, ...], Group] = {}
    for how, parts in (
        ("verbatim", _same({student: programs[student].strip() for student in coded})),
        ("renamed", _same(coded)),
        ("near", _near(coded)),
    ):
        for students in parts:
            common = len(students) > max(3, COMMON * len(programs))
            similarity = _lowest([coded[student] for student in students])
            found.setdefault(students, Group(how, students, similarity, len(coded[students[0]]), common))
    order = ("verbatim", "renamed", "near")
    return sorted(found.values(), key=lambda one: (one.common, order.index(one.how), -one.tokens, one.students))


def _same(texts: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Students with equal texts, two or more of each."""
    having: dict[str, list[str]] = {}
    for student, text in sorted(texts.items()):
        having.setdefault(text, []).append(student)
    return [tuple(students) for students in having.values() if len(students) > 1]


def _near(coded: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Students who are connected by steps from one program to a nearly equal one."""
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    texts = sorted(set(coded.values()))
    scores = cdist(texts, texts, scorer=Indel.normalized_similarity, score_cutoff=NEAR)
    parts = _connected([[place for place, score in enumerate(row) if score] for row in scores])
    members = [sorted(student for student, text in coded.items() if text in {texts[n] for n in part}) for part in parts]
    return [tuple(students) for students in members if len(students) > 1]


def _lowest(texts: list[str]) -> float:
    """The smallest similarity to the first."""
    from rapidfuzz.distance import Indel

    return min(Indel.normalized_similarity(texts[0], text) for text in texts)


def normalised(source: str) -> str:
    """One character for each token: a name is any name, unless it is an attribute, a built-in or a keyword."""
    coded: list[str] = []
    before = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in _LAYOUT:
                continue
            text = token.string
            if token.type == tokenize.NAME and before != "." and text not in KEPT:
                text = "a name"
            elif token.type == tokenize.STRING:
                text = "a text"
            coded.append(chr(_FIRST + zlib.crc32(text.encode("utf-8", "replace")) % _CHARACTERS))
            before = token.string
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass  # what was read so far is compared
    return "".join(coded)


def _connected(neighbours: list[list[int]]) -> list[list[int]]:
    """The connected components of a graph."""
    seen: set[int] = set()
    found = []
    for start in range(len(neighbours)):
        if start in seen:
            continue
        component, todo = [], [start]
        while todo:
            place = todo.pop()
            if place not in seen:
                seen.add(place)
                component.append(place)
                todo += neighbours[place]
        found.append(sorted(component))
    return found
