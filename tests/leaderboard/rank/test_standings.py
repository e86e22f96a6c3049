from dataclasses import replace

import numpy as np
import pytest

from benchmark.api.scores import ScoreKey
from leaderboard.rank.standings import _worst_cell, rank
from leaderboard.read.boards import collect


@pytest.fixture(scope="module")
def standings(built):
    _, heart = collect(built.runs).boards
    return {s.row.name: s for s in rank(heart)}


def test_controls_have_neither_place_nor_tier(standings):
    assert standings["oracle"].place is None
    assert standings["oracle"].tier is None


def test_missing_seed_keeps_a_row_out_of_places_and_tiers(standings):
    assert standings["class_resampling"].missing == (1,)
    assert standings["class_resampling"].place is None
    assert standings["class_resampling"].tier is None
    assert standings["dfr"].tier is not None


def test_gain_is_difference_from_erm_on_common_seeds(standings):
    gain = standings["oracle"].gain
    difference = standings["oracle"].headline.value - standings["erm"].headline.value
    assert gain.seeds == 2
    assert gain.difference == pytest.approx(difference)
    assert standings["class_resampling"].gain.seeds == 1


def test_rows_on_disjoint_seeds_are_not_placed_together(fake, tmp_path):
    for method, seeds in zip(fake.METHODS[:3], ((0, 1), (0, 1), (2, 3)), strict=True):
        for seed in seeds:
            fake.write_run(tmp_path, fake.BRAIN, method, seed)
    *first, last = rank(collect(tmp_path).boards[0])
    assert [standing.place for standing in first] == [1, 2]
    assert (last.row.name, last.place, last.tier) == ("class_resampling", None, None)
    assert last.missing == (0, 1)


def test_a_method_that_trains_generators_is_placed_with_the_seeds_of_its_kind(fake, tmp_path):
    costly = fake.config(fake.BRAIN, fake.METHODS[7], 0)["method"] | {"trains_generator": True}
    for method, seeds in zip(fake.METHODS[:3], ((0, 1, 2), (0, 1, 2), (0, 1)), strict=True):
        for seed in seeds:
            changes = {"method": costly} if len(seeds) == 2 else {}
            fake.write_run(tmp_path, fake.BRAIN, method, seed, changes=changes)
    found = {s.row.name: s for s in rank(collect(tmp_path).boards[0])}
    own = found["controlnet_synthesis"]
    assert {s.place for s in found.values()} == {1, 2, 3}
    assert (own.missing, own.planned, own.gain.seeds) == ((), 2, 2)
    assert own.tier is not None


def test_one_method_has_neither_place_nor_tier(fake, tmp_path):
    for seed in (0, 1):
        fake.write_run(tmp_path, fake.BRAIN, fake.METHODS[0], seed)
    (alone,) = rank(collect(tmp_path).boards[0])
    assert (alone.complete, alone.place, alone.tier) == (True, None, None)
    assert (alone.rank_low, alone.rank_high) == (None, None)


def test_headroom_is_the_share_of_the_way_to_the_oracle(standings):
    start, end = (standings[name].headline.value for name in ("erm", "oracle"))
    way = (standings["dfr"].headline.value - start) / (end - start)
    assert standings["dfr"].headroom == pytest.approx(way)
    assert standings["oracle"].headroom is None


def test_no_cell_is_worst_where_one_is_undefined(fake, standings):
    estimates = standings["erm"].estimates
    key = ScoreKey("cell_accuracy", ("sex",), ("female",), "heart failure")
    numbers = estimates.numbers.copy()
    numbers[estimates.addresses.places[key]] = np.nan
    assert _worst_cell(fake.HEART, replace(estimates, numbers=numbers)) is None


def test_erm_has_no_gain_over_itself_and_is_compared_with_longer_training(standings):
    assert standings["erm"].gain is None
    assert standings["erm"].over_longer.seeds == 2


def test_a_complete_contestant_has_a_rank_interval_around_its_place(standings):
    dfr = standings["dfr"]
    assert dfr.rank_low <= dfr.place <= dfr.rank_high
    assert standings["oracle"].rank_low is None


def test_worst_cell_has_the_lowest_accuracy(standings):
    erm = standings["erm"]
    cells = [
        e.value
        for key, e in erm.estimates.items()
        if key.metric == "cell_accuracy" and len(key.attributes) == 1
    ]
    assert len(cells) == 16
    assert erm.estimates[erm.worst_cell].value == min(cells)


def test_one_answer_for_everybody_levels_down(standings):
    assert "Sex" in standings["majority_class"].levelling_down
    assert standings["oracle"].levelling_down == ()
