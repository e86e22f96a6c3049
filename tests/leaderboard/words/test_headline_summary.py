from types import SimpleNamespace

from benchmark.api.scores import ScoreKey
from benchmark.metrics.comparisons import Gain
from leaderboard.rank.means import Estimate
from leaderboard.words.headline_summary import headline_summary


def standing(name, headline=0.6, gain=None, *, control=False, seeds=5):
    """A stand-in with what a summary looks at; gain: difference, half its interval, seeds."""
    if gain is not None:
        difference, half, of_seeds = gain
        gain = Gain(difference, difference - half, difference + half, 0.5, of_seeds)
    row = SimpleNamespace(name=name, done=True, seeds=tuple(range(seeds)))
    return SimpleNamespace(
        row=row,
        headline=Estimate(headline),
        worst_cell=ScoreKey("cell_accuracy", ("sex",), ("female",), "ill"),
        overall=lambda metric: Estimate(0.8),
        gain=gain,
        is_control=control,
    )


def test_says_where_plain_training_does_worst():
    assert headline_summary([standing("erm")]) == (
        "Plain training (ERM) has a worst-group accuracy of 60.0% (mean over seeds of each seed's "
        "worst cell; lowest on average: ill, female), compared with 80.0% accuracy over all test "
        "patients."
    )


def test_one_seed_has_no_mean():
    words = headline_summary([standing("erm", seeds=1)])
    assert "of 60.0% (worst cell: ill, female), compared" in words


def test_few_seeds_end_with_a_doubt():
    ends = {}
    for seeds in (1, 2, 4, 5):
        plain, other = standing("erm", seeds=seeds), standing("a", gain=(0.03, 0.4, seeds))
        ends[seeds] = headline_summary([plain, other]).rpartition(". ")[2]
    assert ends == {
        1: "Confirm with five.",
        2: "Two seeds find large gains only; confirm with five.",
        4: "Four seeds find large gains only; confirm with five.",
        5: "Not significantly different: a (+3.0).",
    }


def test_lists_the_methods_by_their_verdict():
    words = headline_summary(
        [
            standing("erm"),
            standing("a", gain=(0.12, 0.1, 2)),
            standing("b", gain=(0.03, 0.4, 2)),
            standing("c", gain=(-0.2, 0.1, 2)),
            standing("oracle", gain=(0.3, 0.001, 2), control=True),
        ]
    )
    assert words.endswith(
        "Significantly better than ERM: a (+12.0). Significantly worse: c (−20.0). "
        "Not significantly different: b (+3.0)."
    )
    assert "oracle" not in words


def test_one_seed_gives_no_verdict():
    words = headline_summary([standing("erm"), standing("a", gain=(0.1, 0.01, 1))])
    assert "no significance test" in words and "a (" not in words


def test_says_that_no_method_is_better():
    words = headline_summary([standing("erm"), standing("a", gain=(0.03, 0.4, 2))])
    assert "No method is significantly better than ERM. Not significantly different: a" in words


def test_nothing_to_measure_from():
    assert headline_summary([standing("a")]) == ""
