"""Variants of a rule: the canonical one, conventions that are accepted and misconceptions that are rejected.

A rule is a set of named steps. A variant replaces some of them; two variants that replace different steps compose, so
pairs of mistakes come for free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Step = Callable[..., Any]
Hints = tuple[str, str, str]
Kind = Literal["canonical", "convention", "misconception"]


@dataclass(frozen=True)
class Variant:
    """A rule with some steps replaced.

    id: kebab-case, unique within the task. title: completes "That is exactly <task> …" for a misconception and
    "You use …" for a convention. source: where a published text has it. hints: nudge, pointer, near-answer.
    order: the order of a rule's steps where the variant changes it. state: quantities that the variant remembers per
    parameter and the rule does not (name → function of the parameter that gives the first value).
    """

    id: str
    title: str
    kind: Kind
    steps: Mapping[str, Step] = field(default_factory=dict)
    order: tuple[str, ...] | None = None
    hints: tuple[str, ...] = ()
    source: str = ""
    state: Mapping[str, Step] = field(default_factory=dict)
    parts: tuple[Variant, ...] = ()

    @cached_property
    def touches(self) -> frozenset[str]:
        """The steps that this variant claims for itself."""
        return frozenset(self.steps) | ({"order"} if self.order else frozenset())

    def combines_with(self, other: Variant) -> bool:
        """Whether both can be in one program: they replace different steps."""
        return self.touches.isdisjoint(other.touches)

    def __add__(self, other: Variant) -> Variant:
        """Both at once; the parts keep their own names."""
        if self.kind == "canonical":
            return other
        if other.kind == "canonical":
            return self
        kind: Kind = "misconception" if "misconception" in (self.kind, other.kind) else "convention"
        return Variant(
            id=f"{self.id}+{other.id}",
            title=f"{self.title}, and {other.title}",
            kind=kind,
            steps={**self.steps, **other.steps},
            order=self.order or other.order,
            hints=self.hints or other.hints,
            state={**self.state, **other.state},
            parts=(*self.atoms, *other.atoms),
        )

    @property
    def atoms(self) -> tuple[Variant, ...]:
        """The single variants this one is made of."""
        return self.parts or (self,)

    @property
    def mistakes(self) -> tuple[Variant, ...]:
        """The misconceptions among the parts."""
        return tuple(part for part in self.atoms if part.kind == "misconception")

    @property
    def conventions(self) -> tuple[Variant, ...]:
        """The conventions among the parts."""
        return tuple(part for part in self.atoms if part.kind == "convention")


CANONICAL = Variant("canonical", "the rule as the task states it", "canonical")


def misconception(id: str, title: str, hints: Hints, **steps: Step) -> Variant:
    """A mistake that no single bank owns."""
    return Variant(id, title, "misconception", steps, hints=hints)


class Bank:
    """The variants of one task, in the order in which they are tried."""

    def __init__(self) -> None:
        self.conventions: list[Variant] = []
        self.misconceptions: list[Variant] = []

    def convention(
        self,
        id: str,
        title: str,
        *,
        source: str,
        order: tuple[str, ...] | None = None,
        state: Mapping[str, Step] | None = None,
        **steps: Step,
    ) -> None:
        """Add a legitimate variant; `source` says who publishes it."""
        self._add(self.conventions, Variant(id, title, "convention", steps, order, (), source, state or {}))

    def misconception(
        self,
        id: str,
        title: str,
        *,
        hints: Hints,
        source: str = "",
        order: tuple[str, ...] | None = None,
        state: Mapping[str, Step] | None = None,
        **steps: Step,
    ) -> None:
        """Add a known mistake, with its ladder of three hints."""
        self._add(self.misconceptions, Variant(id, title, "misconception", steps, order, hints, source, state or {}))

    def include(self, variants: list[Variant]) -> None:
        """Add variants shared by several tasks."""
        for variant in variants:
            self._add(self.conventions if variant.kind == "convention" else self.misconceptions, variant)

    def _add(self, where: list[Variant], variant: Variant) -> None:
        if any(known.id == variant.id for known in (*self.conventions, *self.misconceptions)):
            raise ValueError(f"two variants are called {variant.id}")
        where.append(variant)

    def accepted(self) -> list[Variant]:
        """The canonical rule, each convention, and each combination of conventions that replace different steps."""
        combined: list[Variant] = [CANONICAL]
        for convention in self.conventions:
            combined += [known + convention for known in list(combined) if known.combines_with(convention)]
        return combined

    def __getitem__(self, id: str) -> Variant:
        return next(variant for variant in (*self.conventions, *self.misconceptions) if variant.id == id)
