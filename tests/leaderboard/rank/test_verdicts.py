from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.api.scores import ScoreKey
from benchmark.metrics.pairing import RowDraws
from leaderboard.rank.verdicts import board_claims, board_levelling, row_named


def row(name, compare_with=("erm",), done=True):
    return SimpleNamespace(
        name=name, done=done, comparable=done, method=SimpleNamespace(compare_with=compare_with)
    )


@pytest.fixture
def headline():
    """ERM at 0.6, a copy of it at 0.7 and a method at 0.8, on three seeds."""
    noise = 0.001 * np.random.default_rng(0).normal(size=(3, 3, 101))
    draws = np.array([0.6, 0.7, 0.8])[:, None, None] + noise
    return {i: RowDraws(f"m{i}", dict(enumerate(draws[i]))) for i in range(3)}


def test_a_row_is_compared_with_every_row_that_it_must_beat(headline):
    rows = [row("erm"), row("copies"), row("own", ("erm", "copies"))]
    found = board_claims(rows, headline, None)
    assert [found[2, name].against for name in ("erm", "copies")] == ["erm", "copies"]
    assert found[2, "copies"].difference == pytest.approx(0.1, abs=0.01)
    assert found[2, "copies"].verdict == "better"


def test_no_row_is_compared_with_itself(headline):
    assert (0, "erm") not in board_claims([row("erm"), row("copies"), row("own")], headline, None)


def test_a_claim_against_a_row_that_is_not_on_the_board_is_undefined(headline):
    rows = [row("erm"), row("copies"), row("own", ("nobody",))]
    claim = board_claims(rows, headline, None)[2, "nobody"]
    assert (claim.against, claim.seeds, claim.verdict) == ("nobody", 0, "undefined")


def test_of_several_settings_none_is_the_row_of_that_name():
    assert row_named([row("a"), row("a"), row("b")], "a") is None
    assert row_named([row("a", done=False), row("a"), row("b")], "a") == 1


def test_levelling_down_names_the_attributes(fake):
    """The second row answers the same for everybody: each group falls to 0.5."""
    rng = np.random.default_rng(0)

    def draws(value_of):
        return {
            ScoreKey("balanced_accuracy", (attribute.name,), (value,)): RowDraws(
                "own",
                {s: value_of(place) + 0.001 * rng.normal(size=101) for s in range(3)},
            )
            for attribute in fake.BRAIN.attributes
            for place, value in enumerate(attribute.values)
        }

    board = [draws(lambda place: 0.9 - 0.1 * place), draws(lambda place: 0.5)]
    found = board_levelling(fake.BRAIN, [row("erm"), row("flat")], board)
    assert found == {1: ("Age", "Brain volume")}
