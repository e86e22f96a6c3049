"""From rows to standings: means over seeds, intervals, tiers, and gains over plain training.

A value that is undefined in one seed is undefined in the mean, with the reason. Comparisons are
made on the seeds and patients that both rows have, and on no others.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmark.contracts import Score, TaskCard
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.fairness import levels_down
from benchmark.metrics.intervals import Comparison, compare, holm, seed_interval, tiers
from benchmark.metrics.scoring import headline_resamples
from leaderboard.collect import Board, Row

HEADLINE = "worst_group_accuracy"
REFERENCE = "erm"  # plain training: what every gain is measured from
MATCHED = "erm_same_compute"  # the same, with the compute of the costliest methods
RESAMPLES = 500  # of patients; as many as each run was scored with
BOOTSTRAP_SEED = 20240  # one for all rows: it is what pairs their resamples
SIGNIFICANT = 0.05
FEW = 50  # images; a group with fewer is shown in grey
Key = tuple[str, str | None, str | None, str | None]  # metric, attribute, group, label
Draws = dict[tuple[int, str], np.ndarray]  # (seed, fingerprint of the data) to (1 + resamples,)


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its interval; value None where it is undefined, and note says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0  # images that it rests on, in the seed that has fewest
    note: str = ""


@dataclass(frozen=True)
class Gain:
    """What a row has over another one in the headline."""

    over: str
    difference: float
    low: float
    high: float
    p_value: float  # after Holm's adjustment over all rows of the board
    seeds: int  # how many seeds both have

    @property
    def over_words(self) -> str:
        """The other row as it is said in a sentence."""
        return {REFERENCE: "ERM", MATCHED: "ERM with more compute"}[self.over]

    @property
    def verdict(self) -> str:
        """Say in words what the numbers allow to say."""
        if math.isnan(self.p_value):
            return f"cannot be compared with {self.over_words}"
        if self.p_value >= SIGNIFICANT:
            return f"no evidence of better than {self.over_words}"
        return f"{'better' if self.difference > 0 else 'worse'} than {self.over_words}"


@dataclass(frozen=True)
class Standing:
    """Where a row stands on its board."""

    row: Row
    place: int | None  # None for yardsticks and for rows without a headline
    tier: int | None  # None too where not all seeds are there
    estimates: Mapping[Key, Estimate]
    worst_cell: Key | None  # the cell with the lowest mean accuracy
    gains: tuple[Gain, ...] = ()
    levelling_down: tuple[str, ...] = ()  # attributes whose gap closed because the best fell
    missing: tuple[int, ...] = field(default=())  # seeds that other rows have, failed ones too

    @property
    def is_control(self) -> bool:
        """Yardsticks are shown, not ranked."""
        return self.row.method["kind"] == "control"

    @property
    def headline(self) -> Estimate:
        """The worst-group accuracy."""
        return self.overall(HEADLINE)

    def overall(self, metric: str) -> Estimate:
        """A score over everybody."""
        return self.get(metric)

    def get(
        self,
        metric: str,
        attribute: str | None = None,
        group: str | None = None,
        label: str | None = None,
    ) -> Estimate:
        """One estimate; one that no run has is undefined."""
        absent = Estimate(None, note=self._why_absent())
        return self.estimates.get((metric, attribute, group, label), absent)

    def _why_absent(self) -> str:
        return "not scored in these runs" if self.row.done else "no run of this row finished"


def rank(board: Board) -> list[Standing]:
    """Give every row of a board its numbers, best worst-group accuracy first, controls last."""
    resampled = [resample(row, board.card) for row in board.rows]
    headline = [draws.get(HEADLINE, {}) for draws in resampled]
    gains = _gains(board.rows, headline)
    tier = _tiers(board.rows, headline)
    estimates = [_estimates(r, draws) for r, draws in zip(board.rows, resampled, strict=True)]
    plain = _place_of(board.rows, REFERENCE)
    standings = [
        Standing(
            row=row,
            place=None,
            tier=tier.get(place),
            estimates=estimates[place],
            worst_cell=_worst_cell(board.card, estimates[place]),
            gains=tuple(gains.get(place, ())),
            levelling_down=_levelling_down(
                board.card, estimates[place], None if plain is None else estimates[plain]
            ),
            missing=tuple(seed for seed in board.seeds if seed not in row.seeds),
        )
        for place, row in enumerate(board.rows)
    ]
    return _in_order(standings)


def resample(row: Row, card: TaskCard) -> dict[str, Draws]:
    """Return every overall metric of each finished run, as measured and resampled."""
    draws: dict[str, Draws] = {}
    for run in row.done:
        key = run.config["seed"], str((run.result or {}).get("fingerprint"))
        values = headline_resamples(
            run.predictions(), card, resamples=RESAMPLES, seed=BOOTSTRAP_SEED
        )
        for metric, of_run in values.items():
            draws.setdefault(metric, {})[key] = of_run
    return draws


def mean_over_seeds(scores: Sequence[Score], seeds: Sequence[int]) -> Estimate:
    """Average one score over seeds; its interval is the mean of the seeds' own.

    That is wider than the interval of the mean would be for independent patients, but knows
    nothing of the chance of training: only the headline and gains have both.
    """
    fewest = min(score.n for score in scores)
    undefined = [
        f"seed {seed}: {score.note or 'undefined'}"
        for seed, score in zip(seeds, scores, strict=True)
        if score.value is None
    ]
    if undefined:
        return Estimate(None, n=fewest, note="; ".join(undefined))
    value = float(np.mean([score.value for score in scores if score.value is not None]))
    lows = [score.low for score in scores if score.low is not None]
    highs = [score.high for score in scores if score.high is not None]
    if len(lows) < len(scores) or len(highs) < len(scores):
        return Estimate(value, n=fewest)
    return Estimate(value, float(np.mean(lows)), float(np.mean(highs)), fewest)


def _estimates(row: Row, draws: Mapping[str, Draws]) -> dict[Key, Estimate]:
    found: dict[Key, list[tuple[int, Score]]] = {}
    for run in row.done:
        for score in run.scores:
            key = (score.metric, score.attribute, score.group, score.label)
            found.setdefault(key, []).append((run.config["seed"], score))
    estimates = {}
    for key, entries in found.items():
        seeds, scores = [seed for seed, _ in entries], [score for _, score in entries]
        estimates[key] = mean_over_seeds(scores, seeds)
        absent = [f"seed {seed}: not scored" for seed in row.seeds if seed not in seeds]
        if absent:
            estimates[key] = Estimate(None, n=estimates[key].n, note="; ".join(absent))
    for metric, by_run in draws.items():
        estimates[metric, None, None, None] = _with_seeds(
            estimates[metric, None, None, None], by_run, METRICS[metric].limits
        )
    return estimates


def _with_seeds(estimate: Estimate, draws: Draws, limits: tuple[float, float]) -> Estimate:
    """Put the interval over patients and seeds in place of the mean of the seeds' own."""
    if estimate.value is None:
        return estimate
    _, low, high = seed_interval(np.array(list(draws.values())), limits)
    return replace(estimate, low=_number(low), high=_number(high))


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _worst_cell(card: TaskCard, estimates: Mapping[Key, Estimate]) -> Key | None:
    attributes = [attribute.name for attribute in card.attributes]
    cells = {
        key: estimate.value
        for key, estimate in estimates.items()
        if key[0] == "cell_accuracy" and estimate.value is not None and key[1] in attributes
    }
    return min(cells, key=lambda key: cells[key]) if cells else None


def _place_of(rows: Sequence[Row], name: str) -> int | None:
    places = [place for place, row in enumerate(rows) if row.name == name and row.done]
    return places[0] if len(places) == 1 else None


def _paired(a: Draws, b: Draws) -> tuple[np.ndarray, np.ndarray] | None:
    """Stack the runs of two rows that share seed and data; None if there are none."""
    common = sorted(a.keys() & b.keys())
    if not common:
        return None
    return np.array([a[key] for key in common]), np.array([b[key] for key in common])


def _gains(rows: Sequence[Row], draws: Sequence[Draws]) -> dict[int, list[Gain]]:
    """Compare every row with plain training and with its matched control."""
    gains: dict[int, list[Gain]] = {}
    for name in (REFERENCE, MATCHED):
        reference = _place_of(rows, name)
        if reference is None:
            continue
        compared: dict[int, tuple[Comparison, int]] = {}
        for place in range(len(rows)):
            pair = _paired(draws[place], draws[reference])
            if place != reference and pair is not None:
                compared[place] = compare(*pair), len(pair[0])
        adjusted = _holm([comparison.p_value for comparison, _ in compared.values()])
        for (place, (c, seeds)), p_value in zip(compared.items(), adjusted, strict=True):
            if not math.isnan(c.difference):
                gain = Gain(name, c.difference, c.low, c.high, p_value, seeds)
                gains.setdefault(place, []).append(gain)
    return gains


def _holm(p_values: Sequence[float]) -> list[float]:
    """Adjust the p-values that are defined; the others stay undefined."""
    p = np.array(p_values, dtype=float)
    defined = ~np.isnan(p)
    p[defined] = holm(p[defined])
    return [float(value) for value in p]


def _tiers(rows: Sequence[Row], draws: Sequence[Draws]) -> dict[int, int | None]:
    """Sort contestants into tiers; only those that have the runs most others have take part."""
    contestants = [p for p, row in enumerate(rows) if row.method["kind"] != "control" and row.done]
    if not contestants:
        return {}
    runs = Counter(frozenset(draws[place]) for place in contestants)
    fullest = max(runs, key=lambda keys: (len(keys), runs[keys], sorted(keys)))
    complete = {
        str(place): np.array([draws[place][key] for key in sorted(fullest)])
        for place in contestants
        if frozenset(draws[place]) == fullest
    }
    return {int(place): tier for place, tier in tiers(complete).items()}


def _levelling_down(
    card: TaskCard, estimates: Mapping[Key, Estimate], plain: Mapping[Key, Estimate] | None
) -> tuple[str, ...]:
    """Name the attributes whose gap is smaller than ERM's mostly because the best group fell."""
    if plain is None or plain is estimates:
        return ()
    return tuple(
        attribute.title
        for attribute in card.attributes
        if levels_down(
            _group_values(estimates, attribute.name, attribute.values),
            _group_values(plain, attribute.name, attribute.values),
        )
    )


def _group_values(
    estimates: Mapping[Key, Estimate], attribute: str, values: Sequence[str]
) -> np.ndarray:
    found = [estimates.get(("balanced_accuracy", attribute, value, None)) for value in values]
    return np.array([np.nan if e is None or e.value is None else e.value for e in found])


def _in_order(standings: Sequence[Standing]) -> list[Standing]:
    """Sort by the headline, undefined last; contestants before yardsticks; number the former."""

    def order(standing: Standing) -> tuple[bool, bool, float, str]:
        value = standing.headline.value
        return standing.is_control, value is None, -(value or 0.0), standing.row.name

    ordered = sorted(standings, key=order)
    numbered, place = [], 0
    for standing in ordered:
        if standing.is_control or standing.headline.value is None:
            numbered.append(standing)
        else:
            place += 1
            numbered.append(replace(standing, place=place))
    return numbered
