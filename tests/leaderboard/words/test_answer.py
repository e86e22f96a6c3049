from dataclasses import replace

import pytest

from leaderboard.read.boards import collect
from leaderboard.words.answer import more_seeds, oracle_words, place_of, which_method
from tests.leaderboard.words.standings import claim, standing

NOISY = {"trainings": 0.02**2, "patients": 0.005**2}  # of a gain


def test_the_best_method_that_beat_everything_is_the_answer():
    copies = claim("duplicate_real", 0.05, 0.01)
    words = which_method(
        [
            standing("synthesis", 0.7, (0.1, 0.02, 5), claims=(copies,), place=1),
            standing("dfr", 0.69, (0.09, 0.02, 5), place=2),
            standing("weak", 0.65, (0.05, 0.02, 5), place=3, tier=2),
        ]
    )
    assert words == (
        "Which method should you use? Of those compared, synthesis: significantly better "
        "than ERM (+10.0 points, 95 % CI +8.0 to +12.0) and than duplicate_real, which it "
        "declared to beat. In the same tier and better than ERM too: dfr."
    )


def test_a_method_above_that_lost_to_its_rival_is_not_the_answer():
    lost = claim("duplicate_real", 0.001, 0.01)
    words = which_method(
        [
            standing("synthesis", 0.7, (0.1, 0.02, 5), claims=(lost,), place=1),
            standing("dfr", 0.69, (0.09, 0.02, 5), place=2),
        ]
    )
    assert "Of those compared, dfr:" in words and "synthesis" not in words


def test_without_an_answer_the_closest_is_named_with_the_seeds_that_it_needs():
    words = which_method(
        [
            standing("a", 0.62, (0.05, 0.06, 2), parts=NOISY),
            standing("b", 0.58, (-0.02, 0.06, 2), parts=NOISY),
        ]
    )
    assert words.startswith(
        "Which method should you use? There is no answer yet: no method is significantly better "
        "than ERM. The closest is a (+5.0 points): about "
    )
    assert words.endswith("more seeds would show a gain of this size, if it is real.")


def test_a_larger_but_noisy_gain_does_not_hide_a_method_that_is_better_than_erm():
    rival = claim("duplicate_real", 0.01, 0.05, 3, **NOISY)
    rows = [
        standing("noisy", 0.7, (0.1, 0.12, 3), place=1, parts=NOISY),
        standing("synthesis", 0.66, (0.06, 0.02, 3), claims=(rival,), place=2),
    ]
    words = which_method(rows)
    assert "no method is significantly better" not in words
    assert words.startswith(
        "Which method should you use? There is no answer yet: synthesis is significantly better "
        "than ERM, but not significantly different from duplicate_real"
    )


def test_a_better_row_with_missing_runs_is_named():
    rows = [standing("a", 0.62, (0.05, 0.06, 2), parts=NOISY), standing("b", gain=(0.1, 0.02, 2))]
    rows[1].complete, rows[1].place = False, None
    assert which_method(rows).endswith(
        "answer yet: b is significantly better than ERM, but not with all seeds that others have."
    )


def test_a_row_with_one_seed_is_not_the_closest():
    one = standing("one", 0.9, (0.3, 0.1, 1), parts={"trainings": 0.0, "patients": 1e-4})
    words = which_method([one, standing("two", 0.62, (0.05, 0.06, 2), parts=NOISY)])
    assert "The closest is two (+5.0 points): about" in words


def test_the_answer_says_what_it_is_valid_for(built):
    board, _ = collect(built.runs).boards
    rows = [standing("dfr", 0.69, (0.09, 0.02, 5))]
    words = which_method(rows, place_of(board))
    assert "use? On this board (preset quick, digital patients), of those compared, dfr:" in words
    assert words.endswith(" For other patients and other settings this board does not decide.")
    real = replace(board, facts=replace(board.facts, kind="table"))
    words = which_method(rows, place_of(real))
    assert "use? On these patients, of those compared, dfr:" in words
    assert "does not decide" not in words


def test_only_a_rival_is_left_to_beat():
    rival = claim("duplicate_real", 0.02, 0.05, 2, **NOISY)
    words = which_method([standing("a", 0.7, (0.1, 0.02, 2), claims=(rival,))])
    assert "no answer yet: a is significantly better than ERM, but not significantly different" in (
        words
    )
    assert "from duplicate_real (+2.0 points: " in words


def test_a_rival_that_is_not_on_the_board_is_not_beaten():
    rival = claim("duplicate_real", 0.0, 0.0, 0)
    words = which_method([standing("a", 0.7, (0.1, 0.02, 2), claims=(rival,))])
    assert "but not compared with duplicate_real" in words


def test_no_gain_at_all():
    words = which_method([standing("a", 0.5, (-0.1, 0.2, 2))])
    assert words.endswith("no method has a higher worst-group accuracy than plain training (ERM).")


def test_one_seed_is_no_answer():
    assert "with one seed there is no significance test" in which_method(
        [standing("a", 0.7, (0.1, 0.01, 1))]
    )


def test_nothing_compared_is_nothing_said():
    assert which_method([standing("a"), standing("b")]) == ""


def test_one_method_is_not_called_the_best():
    rows = [standing("erm"), standing("oracle", control=True)]
    assert which_method(rows) == (
        "Which method should you use? There is one method here, erm: run another."
    )


@pytest.mark.parametrize(
    ("gain", "begins"),
    [
        ((0.2, 0.1, 3), "There is room: the oracle"),
        ((0.05, 0.1, 3), "Even the oracle (plain training on a cohort without bias) is not"),
        ((-0.05, 0.1, 3), "There is no room to see: the oracle"),
    ],
)
def test_the_oracle_says_how_much_room_there_is(gain, begins):
    oracle = standing("oracle", gain=gain, control=True, parts=NOISY)
    assert oracle_words([oracle]).startswith(begins)


def test_the_oracle_says_nothing_with_one_seed_or_if_it_is_not_there():
    assert oracle_words([standing("oracle", gain=(0.1, 0.1, 1), control=True)]) == ""
    assert oracle_words([standing("a", gain=(0.1, 0.1, 3))]) == ""


def test_a_gain_that_no_number_of_seeds_shows():
    words = more_seeds(claim("erm", 0.01, 0.05, 3, trainings=1e-4, patients=0.01**2))
    assert words == ": a gain of this size would not be shown with 50 seeds either"


def test_where_no_more_seeds_should_be_needed_nothing_is_said():
    enough = claim("erm", 0.1, 0.2, 3, trainings=1e-6, patients=1e-6)
    assert more_seeds(enough) == ""
    assert which_method([standing("a", 0.7, (0.1, 0.2, 3), parts=vars_of(enough))]).endswith(
        "The closest is a (+10.0 points)."
    )


def vars_of(found):
    return {"trainings": found.trainings, "patients": found.patients}
