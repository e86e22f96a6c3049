"""Comparisons in words: gains with their verdict, and what part of the headroom a row has."""

from __future__ import annotations

import math

from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.comparisons import Comparison, Gain, Verdict
from leaderboard.rank.verdicts import HEADLINE, LONGER
from leaderboard.read.boards import REFERENCE

MINUS = "−"
NAMES = {REFERENCE: "ERM", LONGER: "ERM trained longer"}
VERDICTS: dict[Verdict, str] = {
    "better": "significantly better",
    "worse": "significantly worse",
    "not significant": "not significantly different",
    "one seed": "no verdict (one seed)",
    "undefined": "cannot be compared",
}
FOLLOWED_BY: dict[Verdict, str] = {
    "better": " than ",
    "worse": " than ",
    "not significant": " from ",
    "one seed": " against ",
    "undefined": " with ",
}


def verdict_words(gain: Comparison, over: str) -> str:
    """Say the verdict with the row compared with: "significantly better than ERM"."""
    return VERDICTS[gain.verdict] + FOLLOWED_BY[gain.verdict] + NAMES.get(over, over)


def gain_words(gain: Comparison, over: str) -> str:
    """Say a gain with everything that it rests on."""
    words = f"{percent_points(gain.difference)} percentage points: {verdict_words(gain, over)}"
    if math.isnan(gain.low):
        return f"{words}. No interval: the value is undefined in too many resamples."
    between = f"95 % CI {limits_words(gain)}"
    if math.isnan(gain.p_value):
        return f"{words} ({between} points, over test patients only)."
    p_value = probability_words("p", gain.p_value)
    if isinstance(gain, Gain) and not math.isnan(gain.q_value):
        q_value = probability_words("q", gain.q_value)
        chance = f"simultaneous {between} points, {p_value} adjusted for all methods, {q_value}"
    else:
        chance = f"{between} points, {p_value}, not adjusted for other rows"
    return f"{words} ({chance}, {gain.seeds} shared seeds)."


def probability_words(name: str, value: float) -> str:
    """Say a p- or q-value to three digits; a smaller one is below that, and never 0."""
    return f"{name} < 0.001" if value < 0.0005 else f"{name} = {value:.3f}"


def limits_words(gain: Comparison) -> str:
    """Say the limits of a gain's interval in percentage points: "−1.2 to +3.4"."""
    return f"{percent_points(gain.low)} to {percent_points(gain.high)}"


def percent_points(value: float) -> str:
    """Say a difference of two shares with its sign: "+4.2"."""
    rounded = f"{abs(100 * value):.1f}"
    sign = "" if rounded == "0.0" else "+" if value > 0 else MINUS
    return sign + rounded


def headroom_words(share: float) -> str:
    """Say how much of the way from ERM to the oracle a row has gone."""
    rounded = f"{abs(100 * share):.0f}"
    sign = MINUS if share < 0 and rounded != "0" else ""
    return (
        f"{sign}{rounded} % of the headroom (the way from ERM to the oracle) in "
        f"{METRICS[HEADLINE].title.lower()}; no significance test is made."
    )
