from leaderboard.rank.means import Estimate
from leaderboard.words.headline_summary import headline_summary
from tests.leaderboard.words.standings import cell, claim, standing


def test_says_where_plain_training_does_worst_with_every_seed():
    assert headline_summary([standing("erm")]) == [
        "Plain training (ERM) has a worst-group accuracy of 60.0% (worst cell with every seed: "
        "ill, female), compared with 80.0% balanced accuracy over all test patients.",
        "Which method should you use? There is one method here, erm: run another.",
    ]


def test_names_no_cell_where_seeds_disagree():
    words, _ = headline_summary([standing("erm", worst=(cell("female"), cell("male")))])
    assert "of 60.0% (worst cells differ between seeds), compared" in words


def test_one_seed_has_one_worst_cell():
    words, _ = headline_summary([standing("erm", seeds=1)])
    assert "of 60.0% (worst cell: ill, female), compared" in words


def test_lists_the_methods_by_their_verdict():
    *_, better, worse, alike = headline_summary(
        [
            standing("erm"),
            standing("a", gain=(0.12, 0.1, 5), claims=(claim("erm", 0.12, 0.1),)),
            standing("b", gain=(0.03, 0.4, 5)),
            standing("c", gain=(-0.2, 0.1, 5)),
        ]
    )
    assert better == (
        "Significantly better than ERM and than all that they declared to beat: a (+12.0)."
    )
    assert worse == "Significantly worse than ERM: c (−20.0)."
    assert alike == "Not significantly different from ERM: b (+3.0)."


def test_settings_of_one_method_are_told_apart():
    trials = (("0.05", 0.121, 2), ("0.2", 0.05, 5))
    rows = [
        standing("group_dro", gain=(gain, 0.4, seeds), label=f"group_dro, step_size = {value}")
        for value, gain, seeds in trials
    ]
    words = headline_summary([standing("erm"), *rows])
    assert "The closest is group_dro, step_size = 0.05 (+12.1 points)" in words[1]
    assert words[2] == (
        "Not significantly different from ERM: group_dro, step_size = 0.05 (+12.1); "
        "group_dro, step_size = 0.2 (+5.0)."
    )


def test_a_method_that_does_not_beat_what_it_declared_is_not_called_better():
    rows = [
        standing("erm"),
        standing("a", gain=(0.12, 0.1, 5), claims=(claim("duplicate_real", 0.02, 0.1),)),
    ]
    words = " ".join(headline_summary(rows))
    assert "and than all" not in words
    assert (
        "Significantly better than ERM, but not than all that they declared to beat: "
        "a (+12.0; not better than duplicate_real)." in words
    )


def test_says_that_no_method_is_better():
    words = " ".join(headline_summary([standing("erm"), standing("a", gain=(0.03, 0.4, 2))]))
    assert words.lower().count("no method is significantly better than erm") == 1


def test_one_seed_gives_no_verdict():
    words = " ".join(headline_summary([standing("erm"), standing("a", gain=(0.1, 0.01, 1))]))
    assert "no significance test" in words and "a (" not in words


def test_controls_are_no_methods():
    oracle = standing("oracle", gain=(0.3, 0.001, 2), control=True)
    words = headline_summary([standing("erm"), standing("a", gain=(0.03, 0.4, 2)), oracle])
    assert words[-1].startswith("There is room: the oracle")
    assert "oracle" not in " ".join(words[:-1])


def test_an_undefined_headline_is_said_with_its_reason():
    plain = standing("erm")
    note = "undefined: sex=female has no test image; of sex=male's 3 test images none is ill"
    plain.headline = Estimate(None, note=f"seed 0: {note}; seed 1: {note}")
    assert headline_summary([plain, standing("a")]) == [
        "Worst-group accuracy is undefined: sex=female has no test image; of sex=male's 3 test "
        "images none is ill. No method can be compared by it."
    ]


def test_nothing_to_measure_from():
    assert headline_summary([standing("a")]) == []
