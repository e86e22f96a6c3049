from types import SimpleNamespace

import pytest

from benchmark.metrics.pairing import RowDraws
from leaderboard.page_sections import board_view
from leaderboard.rank.placing import placing_values
from leaderboard.rank.standings import rank
from leaderboard.read.boards import collect
from leaderboard.tables.overview import board_card

NAN = float("nan")


def placed(complete=None, **rows):
    """Place rows given by their value in each seed."""
    named = [SimpleNamespace(name=name) for name in rows]
    draws = {
        i: RowDraws(name, {seed: [value] for seed, value in values.items()})
        for i, (name, values) in enumerate(rows.items())
    }
    found = placing_values(named, draws, complete or [True] * len(named))
    return {named[i].name: value for i, value in found.items()}


def test_a_row_with_easier_seeds_is_placed_by_its_gain_by_hand():
    """Its own mean is 0.70 and that of ERM 0.65, but ERM gets 0.73 on those two seeds."""
    found = placed(erm={0: 0.74, 1: 0.72, 2: 0.49}, synthesis={0: 0.71, 1: 0.69})
    assert found == pytest.approx({"erm": 0.65, "synthesis": 0.62})


def test_rows_with_the_seeds_of_erm_are_placed_by_their_own_means():
    assert placed(erm={0: 0.6, 1: 0.8}, dfr={0: 0.7, 1: 0.9}) == pytest.approx(
        {"erm": 0.7, "dfr": 0.8}
    )


def test_without_a_complete_erm_the_fullest_row_takes_its_place():
    rows = {"erm": {0: 0.1}, "a": {0: 0.5, 1: 0.7}, "b": {1: 0.8}}
    assert placed([False, True, True], **rows)["b"] == pytest.approx(0.6 + 0.1)


def test_a_row_that_shares_no_run_is_left_out_and_an_undefined_one_is_nan():
    found = placed(erm={0: 0.6}, other={5: 0.9}, broken={0: NAN})
    assert "other" not in found and found["broken"] != found["broken"]


def test_controls_alone_are_placed_by_their_own_means():
    assert placed([False, False], erm={0: 0.6}, other={5: 0.9}) == {"erm": 0.6, "other": 0.9}


@pytest.fixture
def uneven(fake, tmp_path):
    """ERM is weak with seed 2 alone, which the costly method does not have."""
    costly = fake.config(fake.BRAIN, fake.METHODS[7], 0)["method"] | {"trains_generator": True}
    for seed in range(3):
        skill = 2.4 if seed < 2 else 0.4
        erm = fake.FakeMethod("erm", skill=skill, fields={})
        changes = {"row": "11111111", "run": f"erm/quick-seed-{seed}-11111111"}
        fake.write_run(tmp_path, fake.BRAIN, erm, seed, changes=changes)
    for seed in range(2):
        weaker = fake.FakeMethod("controlnet_synthesis", "method", skill=2.2)
        changes = {"method": costly | {"fields": {}}}
        fake.write_run(tmp_path, fake.BRAIN, weaker, seed, changes=changes)
    return collect(tmp_path).boards[0]


def test_a_method_that_is_worse_than_erm_on_the_same_seeds_stands_below_it(uneven):
    first, second = rank(uneven)
    assert (first.row.name, first.place, second.place) == ("erm", 1, 2)
    assert second.headline.value > first.headline.value
    assert second.gain.difference < 0
    assert second.has_other_seeds and not first.has_other_seeds
    assert second.placed_by == pytest.approx(first.headline.value + second.gain.difference)


def test_the_page_says_by_what_such_a_row_is_placed(uneven):
    standings = rank(uneven)
    view = board_view(uneven, standings, [uneven])
    first, second = view["ranked"]
    assert view["caption"].startswith("Means over 2 or 3 seeds, with 95 % intervals")
    assert "placed by ERM's mean plus its gain" in view["caption"]
    assert f"placed as {standings[1].placed_by:.1%}" in second["after"]
    assert "placed as" not in first["after"]
    assert [mark.text for mark in second["marks"]] == ["other seeds"]


def test_the_first_screen_says_so_too(uneven):
    standings = rank(uneven)
    first, second = board_card(uneven, standings)["first"]
    assert (first["name"], first["placed"], first["marks"]) == ("erm", "", [])
    assert second["placed"] == f"placed as {standings[1].placed_by:.1%}"
    assert [mark.text for mark in second["marks"]] == ["other seeds"]
