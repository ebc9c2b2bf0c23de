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
    """Students whose programs are nearly the same. tokens: how long they are. verbatim: names and comments are the same too.

    common: so many wrote this that it is most likely the plain way to do it.
    """

    students: tuple[str, ...]
    similarity: float
    tokens: int
    verbatim: bool
    common: bool


def groups(programs: Mapping[str, str]) -> list[Group]:
    """Groups of near-duplicates among programs (student → source), the most telling first."""
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    texts = {student: text for student, source in programs.items() if len(text := normalised(source)) >= FEWEST_TOKENS}
    distinct: dict[str, list[str]] = {}
    for student, text in texts.items():
        distinct.setdefault(text, []).append(student)
    keys = list(distinct)
    near = cdist(keys, keys, scorer=Indel.normalized_similarity, score_cutoff=NEAR)
    found = []
    for members in _connected([[place for place, score in enumerate(row) if score] for row in near]):
        students = sorted(student for place in members for student in distinct[keys[place]])
        if len(students) > 1:
            lowest = min(float(near[a][b]) for a in members for b in members if near[a][b])
            verbatim = len({programs[student].strip() for student in students}) == 1
            common = len(students) > max(3, COMMON * len(programs))
            found.append(Group(tuple(students), lowest, len(keys[members[0]]), verbatim, common))
    return sorted(found, key=lambda group: (group.common, not group.verbatim, -group.tokens, group.students))


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
