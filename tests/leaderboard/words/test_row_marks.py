from types import SimpleNamespace

import pytest

from leaderboard.words.row_marks import row_marks


def run(seed=0, **facts):
    facts = {"steps": 240, "standard_loop": True} | facts
    return SimpleNamespace(
        config=SimpleNamespace(seed=seed),
        facts=SimpleNamespace(**facts),
        error="ValueError: no luck",
    )


def marks(
    done=(),
    failed=(),
    missing=(),
    complete=True,
    levelling_down=(),
    planned=2,
    differs=(),
    other_seeds=False,
    settings=(),
):
    seeds = [one.config.seed for one in done]
    row = SimpleNamespace(done=done, failed=failed, seeds=seeds, differs=differs, unchecked="")
    standing = SimpleNamespace(
        row=row,
        missing=missing,
        not_run=tuple(s for s in missing if s not in [one.config.seed for one in failed]),
        settings=settings,
        complete=complete,
        levelling_down=levelling_down,
        has_other_seeds=other_seeds,
    )
    return {mark.text: mark.help for mark in row_marks(standing, planned)}


WHOLE = (run(0), run(1))


def test_a_whole_row_has_no_mark():
    assert marks(WHOLE) == {}


def test_a_row_without_results_has_failed_and_says_why():
    assert marks(failed=[run()]) == {"failed": "Seed 0 failed: ValueError: no luck"}


def test_a_failed_seed_and_a_missing_one_have_marks_of_their_own():
    found = marks([run(0)], failed=[run(1)], missing=(1, 2), planned=3)
    assert list(found) == ["1 of 3 seeds", "1 failed"]
    assert found["1 of 3 seeds"] == (
        "Seed 1 failed: ValueError: no luck Seed 2 was not run for this method."
    )
    assert found["1 failed"] == "Seed 1 failed: ValueError: no luck"


def test_a_trial_of_a_setting_on_fewer_seeds_is_no_failure():
    found = marks(WHOLE, missing=(102, 103), planned=4, settings=(("step_size", "0.2"),))
    assert found == {"2 of 4 seeds": "Seeds 102, 103 were not run for this setting."}


def test_other_patients_are_marked():
    assert list(marks(WHOLE, complete=False)) == ["other patients"]


def test_a_row_that_is_placed_by_its_gain_says_with_which_seeds():
    words = marks(WHOLE, other_seeds=True)["other seeds"]
    assert "ERM's mean plus its gain on the seeds that both have" in words
    assert words.endswith("Seeds of this row: 0, 1.")


def test_a_row_made_differently_says_with_what():
    found = marks(WHOLE, differs=("torch 2 instead of 3", "device cuda instead of cpu"))
    words = found["made differently"]
    assert words.endswith("from that: torch 2 instead of 3; device cuda instead of cpu.")


def test_levelling_down_names_the_attributes():
    assert marks(WHOLE, levelling_down=("Sex", "Age"))["levelling down"].endswith("Sex, Age.")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"standard_loop": False}, ["own loop"]),
        ({"steps": None, "standard_loop": False}, ["own loop, steps not reported"]),
        ({"steps": 0, "standard_loop": False}, []),
    ],
    ids=str,
)
def test_a_loop_of_ones_own_is_marked_where_something_was_trained(facts, expected):
    assert list(marks([run(0, **facts), run(1, **facts)])) == expected
