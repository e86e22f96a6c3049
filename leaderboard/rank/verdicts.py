"""What the rows of a board have against each other: gains, claims, places, levelling down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmark.api.card import Attribute, TaskCard
from benchmark.api.scores import ScoreKey
from benchmark.metrics.comparisons import Claim, Gain, claims_of, gains_over, headroom
from benchmark.metrics.levelling import levelling_down
from benchmark.metrics.pairing import RowDraws, fullest
from benchmark.metrics.seed_noise import SeedPool
from benchmark.metrics.tiers import Place, places
from leaderboard.rank.estimates import Draws
from leaderboard.read.boards import REFERENCE, Row

HEADLINE = "worst_group_accuracy"
HEADLINE_KEY = ScoreKey(HEADLINE)
LONGER = "erm_same_compute"  # the same, with the compute of the costliest methods
ORACLE = "oracle"  # plain training on a cohort without bias: as far as debiasing can get
LEVELLED = "balanced_accuracy"  # of each group: what levelling down is measured in


def row_named(rows: Sequence[Row], name: str) -> int | None:
    """Find the only comparable row of a method; None where there is none, or several settings."""
    found = [place for place, row in enumerate(rows) if row.name == name and row.comparable]
    return found[0] if len(found) == 1 else None


def seeds_asked(rows: Sequence[Row]) -> list[tuple[int, ...]]:
    """Return for each row the seeds that rows of its kind were asked for.

    A preset may give methods that train generators fewer seeds than the others.
    """
    asked: dict[bool, set[int]] = defaultdict(set)
    for row in rows:
        if row.unchecked:
            continue
        asked[row.method.trains_generator] |= {run.seed for run in row.done}
        asked[row.method.trains_generator] |= {run.config.seed for run in row.failed}
    return [tuple(sorted(asked[row.method.trains_generator])) for row in rows]


def completeness(rows: Sequence[Row]) -> list[bool]:
    """Say of each row whether it has all runs that the fullest contestants of its kind have.

    A seed that failed counts as lacking where any other row of the board finished it.
    """
    finished = {run.seed for row in rows if row.comparable for run in row.done}
    whole = {}
    for costly in (True, False):
        alike = [row for row in rows if row.comparable and row.method.trains_generator == costly]
        contestants = [row for row in alike if not row.is_control]
        whole[costly] = fullest([frozenset(row.by_key) for row in contestants or alike])
    return [
        row.comparable
        and row.by_key.keys() == whole[row.method.trains_generator]
        and not finished & {run.config.seed for run in row.failed}
        for row in rows
    ]


def of_headline(draws: Sequence[Draws]) -> dict[int, RowDraws]:
    """Return the headline's draws of the rows that have it, by place on the board."""
    return {i: of_row[HEADLINE_KEY] for i, of_row in enumerate(draws) if HEADLINE_KEY in of_row}


def board_gains(
    rows: Sequence[Row], headline: Mapping[int, RowDraws], pool: SeedPool | None
) -> dict[int, Gain]:
    """Compare every row with plain training, by place on the board."""
    reference = row_named(rows, REFERENCE)
    return {} if reference is None else gains_over(reference, headline, pool)


def board_claims(
    rows: Sequence[Row], headline: Mapping[int, RowDraws], pool: SeedPool | None
) -> dict[tuple[int, str], Claim]:
    """Compare each row with the rows that its method must beat, and with ERM trained longer.

    By place on the board and the name of the other row; undefined where the board has no such row.
    """
    names = {name for row in rows for name in (*row.method.compare_with, LONGER)}
    places_of = {name: row_named(rows, name) for name in names}
    pairs = {
        (i, name): (i, -1 if (other := places_of[name]) is None else other)
        for i, row in enumerate(rows)
        for name in (*row.method.compare_with, LONGER)
        if name != row.name
    }
    found = claims_of(headline, list(dict.fromkeys(pairs.values())), pool)
    return {key: replace(found[pair], against=key[1]) for key, pair in pairs.items()}


def board_places(
    headline: Mapping[int, RowDraws], complete: Sequence[bool], pool: SeedPool | None
) -> dict[int, Place]:
    """Give contestants that have all runs their tiers and rank intervals."""
    return places({i: row for i, row in headline.items() if row.ranked and complete[i]}, pool)


def board_headroom(
    rows: Sequence[Row], headline: Mapping[int, RowDraws]
) -> dict[int, float | None]:
    """Measure how much of the way from ERM to the oracle each other row has gone."""
    values = {i: row.measured for i, row in headline.items()}
    ends = [row_named(rows, name) for name in (REFERENCE, ORACLE)]
    start, end = ({} if place is None else values.get(place, {}) for place in ends)
    if not start or not end:
        return {}
    return {i: headroom(own, start, end) for i, own in values.items() if i not in ends}


def board_levelling(
    card: TaskCard, rows: Sequence[Row], draws: Sequence[Draws]
) -> dict[int, tuple[str, ...]]:
    """Name the attributes whose gap is smaller than ERM's mostly because the best group fell."""
    named: dict[int, list[str]] = {}
    plain = row_named(rows, REFERENCE)
    for attribute in card.attributes:
        groups = {i: row for i, of in enumerate(draws) if (row := _groups(of, attribute))}
        if plain not in groups:
            continue
        for place in levelling_down(plain, groups, len(card.attributes)):
            named.setdefault(place, []).append(attribute.title)
    return {place: tuple(titles) for place, titles in named.items()}


def _groups(draws: Draws, attribute: Attribute) -> RowDraws | None:
    """Stack the groups of an attribute: (groups, 1 + resamples) of each run that has them all."""
    keys = [ScoreKey(LEVELLED, (attribute.name,), (value,)) for value in attribute.values]
    of_groups = [draws[key] for key in keys if key in draws]
    if len(of_groups) < len(keys):
        return None
    runs = set.intersection(*(set(group.draws) for group in of_groups))
    stacked = {run: np.array([group.draws[run] for group in of_groups]) for run in runs}
    return RowDraws(of_groups[0].method, stacked, of_groups[0].kind)
