import numpy as np
import pytest

from benchmark.metrics.comparisons import claims_of
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.tiers import Place, places


@pytest.fixture
def board(row):
    def make(**rows):
        return {
            name: RowDraws(name, dict(enumerate(row(values, seed=place))))
            for place, (name, values) in enumerate(rows.items())
        }

    return make


def tiers(rows, **options):
    return {name: place.tier for name, place in places(rows, **options).items()}


def test_tiers_by_hand(board):
    rows = board(low=[0.60, 0.60], best=[0.80, 0.80], near=[0.795, 0.795])
    rows["broken"] = RowDraws("broken", dict(enumerate(np.full((2, 201), np.nan))))
    assert tiers(rows) == {"low": 2, "best": 1, "near": 1}


def test_rank_intervals_count_who_is_significantly_better_and_worse(board):
    rows = board(low=[0.60, 0.60], best=[0.80, 0.80], near=[0.795, 0.795])
    assert places(rows) == {
        "best": Place(1, 1, 2),
        "near": Place(1, 1, 2),
        "low": Place(2, 3, 3),
    }


def test_tiers_where_lower_is_better(board):
    rows = board(small=[0.1, 0.1], large=[0.3, 0.3])
    assert tiers(rows, better="lower") == {"small": 1, "large": 2}


def test_tier_1_holds_the_rows_that_no_row_is_significantly_better_than(board):
    """The last row varies so much that only the middle one is significantly worse than the best."""
    rows = board(best=[0.8, 0.8, 0.8], steady=[0.7, 0.7, 0.7], erratic=[0.3, 0.85, 0.85])
    assert claims_of(rows, [("steady", "best")])["steady", "best"].verdict == "worse"
    assert tiers(rows) == {"best": 1, "steady": 2, "erratic": 1}


def test_one_seed_gives_no_tier(board):
    assert places(board(a=[0.9], b=[0.1])) == {}


def test_what_cannot_be_compared_is_not_called_apart(board):
    rows = board(best=[0.8, 0.8], broken=[0.2, 0.2])
    for draws in rows["broken"].draws.values():
        draws[1:50] = np.nan  # more resamples undefined than an interval allows
    assert places(rows) == {"best": Place(1, 1, 2), "broken": Place(1, 1, 2)}


def test_the_order_of_the_rows_does_not_matter(board):
    rows = board(**{f"m{i}": [0.70 + i / 100, 0.71 + i / 100, 0.69 + i / 90] for i in range(6)})
    assert places(dict(reversed(rows.items()))) == places(rows)


def test_rows_with_fewer_seeds_are_compared_on_what_they_share(row):
    plain, own = row([0.6, 0.6, 0.6]), row([0.8, 0.8], seed=1)
    rows = {"plain": RowDraws("plain", dict(enumerate(plain)))}
    rows["own"] = RowDraws("own", dict(enumerate(own)))
    assert places(rows) == {"own": Place(1, 1, 1), "plain": Place(2, 2, 2)}
    rows["own"] = RowDraws("own", {0: own[0], 7: own[1]})  # one run in common
    assert places(rows) == {"own": Place(1, 1, 2), "plain": Place(1, 1, 2)}
