from types import SimpleNamespace

from leaderboard.rank.standings import Estimate, Gain
from leaderboard.words.headline_summary import finding


def standing(name, headline=0.6, gain=None, *, control=False):
    """A stand-in with what a finding looks at; gain: difference, p-value, seeds."""
    gains = () if gain is None else (Gain("erm", gain[0], -1.0, 1.0, gain[1], gain[2]),)
    row = SimpleNamespace(name=name, done=True)
    return SimpleNamespace(
        row=row,
        headline=Estimate(headline),
        worst_cell=("cell_accuracy", "sex", "female", "ill"),
        overall=lambda metric: Estimate(0.8),
        gains=gains,
        is_control=control,
    )


def test_says_whom_plain_training_fails():
    words = finding([standing("erm")])
    assert "60.0% right where it does worst (ill, female), against 80.0%" in words


def test_sorts_the_methods_by_what_can_be_said():
    words = finding(
        [
            standing("erm"),
            standing("a", gain=(0.12, 0.01, 2)),
            standing("b", gain=(0.03, 0.4, 2)),
            standing("c", gain=(-0.2, 0.01, 2)),
            standing("oracle", gain=(0.3, 0.001, 2), control=True),
        ]
    )
    assert "Better than it: a (+12.0). Worse: c (−20.0). Not told from it: b (+3.0)." in words
    assert "oracle" not in words


def test_one_seed_gives_no_verdict():
    words = finding([standing("erm"), standing("a", gain=(0.1, float("nan"), 1))])
    assert "no verdict" in words and "a (" not in words


def test_nothing_to_measure_from():
    assert finding([standing("a")]) == ""
