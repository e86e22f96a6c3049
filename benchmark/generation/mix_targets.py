"""Reads a target mix: "uniform", "population", or a table of shares."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from benchmark.api.card import Group, TaskCard, group_words
from benchmark.api.mix_target import Target, values_of

SEX = {"female", "male"}

# How far shares, which may be rounded, can be from a sum of 1; then they are scaled.
TOLERANCE = 0.011


def columns_to_align(card: TaskCard, asked: str = "") -> tuple[str, ...]:
    """Read names of columns, separated by commas; empty: sex, wherever the card has it.

    A card without the words female and male gives its first attribute. Raises ValueError for names
    that the card does not have.
    """
    known = ["label", *(a.name for a in card.attributes)]
    if not asked.strip():
        sexes = [name for name in known if set(values_of(card, name)) == SEX]
        return ((sexes or known[1:] or known)[0],)
    names = tuple(part.strip() for part in asked.split(","))
    unknown = [name for name in names if name not in known]
    if unknown:
        of_label = " Sex is its label: aligns=label." if set(card.classes) == SEX else ""
        raise ValueError(
            f"{card.name} has no {', '.join(map(repr, unknown))} to align.{of_label} "
            f"It has: {', '.join(known)}; separate several by commas. Left empty it is sex, "
            "wherever a task has it, be it the label. If another task is meant, name it with "
            "--task."
        )
    if len(set(names)) < len(names):
        raise ValueError(f"{card.name}: aligns={asked} names a column twice. Name it once.")
    return names


def read_target(asked: str, card: TaskCard, columns: tuple[str, ...]) -> Target:
    """Read a target: "uniform", "population", or a table such as "female: 0.4; male: 0.6".

    population: the published shares of the card. Raises ValueError with everything that is wrong
    with a table: unknown or missing groups, shares that are no shares, a sum that is not 1.
    """
    if isinstance(columns, str):
        raise TypeError(
            f"columns is the string {columns!r}; give columns_to_align(card, {columns!r})."
        )
    groups = tuple(itertools.product(*(values_of(card, name) for name in columns)))
    if asked.strip().lower() == "uniform":
        return Target(columns, groups, (1 / len(groups),) * len(groups))
    if asked.strip().lower() == "population":
        return Target(columns, groups, _published(card, columns, groups))
    names = tuple(map(group_words, groups))
    shares, problems = _table(asked, names)
    alike = sorted({name for name in names if names.count(name) > 1})
    problems += [f"two groups are both written {name!r}; align fewer columns" for name in alike]
    if problems:
        raise ValueError(
            f"{card.name}: the target {asked!r} cannot be used: {'; '.join(problems)}. "
            f"Groups of {', '.join(columns)}: {'; '.join(names)}. "
            'Write "uniform", "population", or a table such as "' + _example(names) + '".'
        )
    return Target(columns, groups, _scaled([shares[name] for name in names]))


def table_problems(asked: str) -> list[str]:
    """List what is wrong with a table whatever the groups are: shares, their sum, groups twice."""
    named = [part.rpartition(":")[0].strip() for part in asked.split(";") if part.strip()]
    return _table(asked, tuple(dict.fromkeys(filter(None, named))))[1]


def _example(names: tuple[str, ...]) -> str:
    """Write a table that is accepted."""
    share = round(1 / len(names), 3)
    shares = [share] * (len(names) - 1) + [round(1 - share * (len(names) - 1), 3)]
    return "; ".join(f"{name}: {share:g}" for name, share in zip(names, shares, strict=True))


def _scaled(shares: Sequence[float]) -> tuple[float, ...]:
    total = sum(shares)
    return tuple(share / total for share in shares)


def _published(
    card: TaskCard, columns: tuple[str, ...], groups: tuple[Group, ...]
) -> tuple[float, ...]:
    if len(columns) > 1 or columns[0] not in dict(card.population):
        known = ", ".join(dict(card.population)) or "nothing"
        raise ValueError(
            f"{card.name}: no shares of {' x '.join(columns)} are published on its card (it has "
            f"{known}). Give them as a table such as "
            f'"{_example(tuple(map(group_words, groups)))}".'
        )
    shares = dict(card.population)[columns[0]]
    if len(shares) != len(groups) or min(shares) < 0 or abs(sum(shares) - 1) > TOLERANCE:
        raise ValueError(
            f"{card.name}: its card publishes the shares {shares} of {columns[0]}, which must be "
            f"{len(groups)} numbers from 0 to 1 that sum to 1. Mend the card, or give a table."
        )
    return _scaled(shares)


def _table(asked: str, groups: tuple[str, ...]) -> tuple[dict[str, float], list[str]]:
    """Read "group: share; group: share" and list what is wrong with it."""
    shares: dict[str, float] = {}
    problems = []
    for entry in filter(None, (part.strip() for part in asked.split(";"))):
        group, _, number = (part.strip() for part in entry.rpartition(":"))
        try:
            share = float(number)
        except ValueError:
            wrong = (
                "in percent; write 0.4 for 40%" if number.endswith("%") else "no group with a share"
            )
            problems.append(f"{entry!r} is {wrong}")
            continue
        if group not in groups:
            hint = "; separate groups by semicolons" if ":" in group else ""
            problems.append(f"there is no group {group!r}{hint}")
        elif group in shares:
            problems.append(f"{group!r} is there twice")
        elif not 0 <= share <= 1:
            problems.append(f"the share of {group} is {share:g}; allowed: 0 to 1, not percent")
        shares[group] = share
    absent = [group for group in groups if group not in shares]
    if absent:
        problems.append(f"no share for {', '.join(map(repr, absent))}")
    total = sum(shares.values())
    if not problems and abs(total - 1) > TOLERANCE:
        problems.append(f"the shares sum to {total:g}, not to 1")
    return shares, problems
