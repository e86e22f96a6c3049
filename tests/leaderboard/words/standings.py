"""Stand-ins of standings, with what the words look at."""

from types import SimpleNamespace

from benchmark.api.scores import ScoreKey
from benchmark.metrics.comparisons import Claim, Gain
from leaderboard.rank.means import Estimate


def cell(value, label="ill", attribute="sex"):
    return ScoreKey("cell_accuracy", (attribute,), (value,), label)


def claim(against, difference, half, seeds=5, **parts):
    return Claim(difference, difference - half, difference + half, 0.5, seeds, against, **parts)


def standing(
    name,
    headline=0.6,
    gain=None,
    *,
    control=False,
    seeds=5,
    claims=(),
    place=1,
    tier=1,
    worst=None,
    parts=None,
    label="",
    settings=(),
):
    """Make a stand-in; gain: difference, half its interval, seeds; parts: of its variance."""
    if gain is not None:
        difference, half, of_seeds = gain
        gain = Gain(
            difference, difference - half, difference + half, 0.5, of_seeds, **(parts or {})
        )
    return SimpleNamespace(
        label=label or name,
        settings=settings,
        missing=(),
        not_run=(),
        row=SimpleNamespace(
            name=name,
            failed=(),
            done=(SimpleNamespace(),),
            comparable=True,
            seeds=tuple(range(seeds)),
            by_key={},
        ),
        headline=Estimate(headline, headline - 0.05, headline + 0.05, n=1000),
        worst_cells=worst or (cell("female"),) * seeds,
        overall=lambda metric: Estimate(0.8, 0.78, 0.82),
        gain=gain,
        claims=claims,
        is_control=control,
        complete=True,
        place=None if control else place,
        tier=tier,
    )
