"""Knobs: how a task lets the bias of its digital cohort be set. A variant sets all of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Knob:
    """One setting of a digital cohort, with the values it may have, low and high included."""

    name: str
    help: str  # one sentence for the command line
    low: float
    high: float
    default: float
    short: str = ""  # how folders name it; empty: as the knob is called

    def __post_init__(self) -> None:
        for name in (self.name, self.short or self.name):
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(
                    f"A knob is called {name!r}; use small letters, digits and _, as in severity: "
                    "the name is part of a folder's."
                )
        if not self.low <= self.default <= self.high:
            raise ValueError(f"Knob {self.name}: its default {self.default} is not {self.range}.")

    @property
    def range(self) -> str:
        """The values it may have, in words."""
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Variant:
    """A setting of all knobs of a task. A table cohort has no knobs: Variant()."""

    settings: tuple[tuple[str, float], ...] = ()  # knob and value
    name: str = ""  # readable: it names a folder

    def __getitem__(self, knob: str) -> float:
        values = dict(self.settings)
        if knob not in values:
            known = ", ".join(values) or "none"
            raise KeyError(f"This variant sets no knob {knob!r}. Its knobs: {known}.")
        return values[knob]


@dataclass(frozen=True)
class Knobs:
    """The knobs of a task's digital cohort, in the order in which a variant's name lists them."""

    declared: tuple[Knob, ...] = ()
    # What to set instead of a knob that people look for here, by that knob's name.
    hints: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [name for knob in self.declared for name in {knob.name, knob.short or knob.name}]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"Two knobs are called {', '.join(twice)}. Rename one of each.")

    def variant(self, /, **settings: float) -> Variant:
        """Set these knobs and leave the others at their default.

        Raises ValueError with every knob that is unknown or out of range.
        """
        if problems := self.problems(settings):
            raise ValueError(" ".join(problems.values()))
        values = {knob.name: float(settings.get(knob.name, knob.default)) for knob in self.declared}
        return Variant(tuple(values.items()), self._name(values))

    def __contains__(self, name: str) -> bool:
        return any(knob.name == name for knob in self.declared)

    def problems(self, settings: Mapping[str, float]) -> dict[str, str]:
        """Say what is wrong with settings, by the name of the knob."""
        known = {knob.name: knob for knob in self.declared}
        found = {}
        for name, value in settings.items():
            if name not in known:
                found[name] = self._unknown(name)
            elif not known[name].low <= value <= known[name].high:
                found[name] = f"{name} is {value:g}; allowed: {known[name].range}."
        return found

    def _unknown(self, name: str) -> str:
        names = [knob.name for knob in self.declared]
        if not names:
            return f"There is no knob {name!r}, nor any other."
        near = "".join(difflib.get_close_matches(name, [*names, *self.hints], n=1))
        hint = self.hints.get(near) or (f"Did you mean {near!r}?" if near else "")
        listed = ", ".join(f"{knob.name} ({knob.range})" for knob in self.declared)
        return " ".join(filter(None, [f"There is no knob {name!r}.", hint, f"Knobs: {listed}."]))

    def _name(self, values: Mapping[str, float]) -> str:
        """Name the first knob, then every other one that is not at its default."""
        named = [
            f"{knob.short or knob.name}-{_shortest(values[knob.name])}"
            for place, knob in enumerate(self.declared)
            if place == 0 or values[knob.name] != knob.default
        ]
        return "_".join(named) or "digital"


def _shortest(value: float) -> str:
    """Write a number so that another number is never written alike: 0.5, 1, 0.1234567."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)
