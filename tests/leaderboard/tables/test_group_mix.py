"""The mix of groups on the page, from made-up runs."""

import copy
import json
from types import SimpleNamespace

import pytest

from benchmark.records.generation import Generation
from leaderboard.charts.mix_chart import Mark, mix_chart
from leaderboard.tables.group_mix import mix_values, mix_view

PNG = b"\x89PNG\r\n\x1a\nrest"
SENTENCES = ("Person", "Person, obese BMI")


def side(share):
    return {"shares": [share, 1 - share], "low": [share - 0.1, 0.0], "high": [share + 0.1, 1.0]}


def mixes(before, after):
    """The mix of a generator that draws these shares of women, before (or None) and after."""
    sides = {"after": after} if before is None else {"before": before, "after": after}
    summary = {
        name: {
            "inconsistency": abs(s - 0.5), "shares": [s, 1 - s], "divergence": None,
            "corrected": None, "by_anatomy": None, "by_counter": {"a": 0.22, "b": 0.07},
        }
        for name, s in sides.items()
    }  # fmt: skip
    return {
        "columns": ["sex"], "groups": [["female"], ["male"]], "target": [0.5, 0.5],
        "train": [0.2, 0.8], "n": 64, "perfect_generator": {"tuned": 0.05, "held_out": 0.07},
        "counter_accuracy": [0.9, 0.8], "counters": {}, "trusted": True, "real_clip_score": None,
        "sentences": [
            {"sentence": words, "tuned": k == 0, **{name: side(s) for name, s in sides.items()}}
            for k, words in enumerate(SENTENCES)
        ],
        "summary": {"tuned": summary, "held_out": copy.deepcopy(summary)},
        "cost_of_tuning": {name: {"kernel_distance": 7.0} for name in sides},
    }  # fmt: skip


def standing(*found):
    runs = [SimpleNamespace(generation=generation(one), neutral=PNG, gallery=PNG) for one in found]
    return SimpleNamespace(row=SimpleNamespace(done=runs))


def generation(mix):
    content = {"schema": 2, "n": 8, "judge": "judge", "scores": {}, "group_mix": mix}
    return Generation.model_validate_json(json.dumps(content))


def view(*standings, with_gallery=True):
    names = [f"row {k}" for k in range(len(standings))]
    return mix_view(list(standings), names, with_gallery=with_gallery)


def test_distances_are_points_averaged_over_seeds_before_and_after():
    found = view(standing(mixes(0.2, 0.5), mixes(0.3, 0.4)))
    assert [(line["name"], line["cells"][0]) for line in found["lines"]] == [
        ("row 0, before", "25.0"),
        ("row 0", "5.0"),
    ]


def test_a_generator_that_was_not_tuned_has_one_line_and_is_the_others_before_in_the_chart():
    found = view(standing(mixes(0.2, 0.5)), standing(mixes(None, 0.2)))  # the same shares
    assert [line["name"] for line in found["lines"]] == ["row 0, before", "row 0", "row 1"]
    (chart,) = found["charts"]
    assert "row 0: 50%" in chart and "row 1: row 0 before tuning: 20%" in chart
    assert "row 0, before tuning" not in chart


def test_without_the_untuned_generators_own_row_the_chart_has_the_marks_before_tuning():
    found = view(standing(mixes(0.2, 0.5)), standing(mixes(None, 0.4)))
    assert "row 0, before tuning: 20%" in found["charts"][0]


def test_a_row_that_was_asked_something_else_is_named_and_not_mixed_in():
    other = mixes(0.2, 0.5)
    other["sentences"] = other["sentences"][:1]
    found = view(standing(mixes(0.2, 0.5)), standing(other))
    assert found["left_out"] == "row 1" and len(found["lines"]) == 2


def test_intervals_are_of_all_runs_together_or_from_run_to_run_if_that_is_wider():
    one, two = (view(standing(*[mixes(0.2, 0.5)] * n))["charts"][0] for n in (1, 2))
    assert "row 0: 50% (38 to 62)" in one and "row 0: 50% (41 to 59)" in two
    apart = view(standing(mixes(0.2, 0.3), mixes(0.2, 0.7)))["charts"][0]
    assert "row 0: 50% (30 to 70)" in apart


def test_the_question_that_most_runs_were_asked_is_shown_whoever_is_first():
    other = {**mixes(0.2, 0.2), "target": [0.2, 0.8]}
    found = view(standing(other), standing(*[mixes(0.2, 0.5)] * 2))
    assert found["groups"] == "female 50%, male 50%" and found["left_out"] == "row 0"
    assert found["owner"] == "row 1"


@pytest.mark.parametrize("trusted", [[True, True], [True, False], [False, True]])
def test_one_judge_that_is_not_to_be_trusted_is_said(trusted):
    runs = [{**mixes(0.2, 0.5), "trusted": one} for one in trusted]
    assert view(standing(*runs))["trusted"] is all(trusted)


def test_words_that_all_sentences_share_are_said_once():
    found = view(standing(mixes(0.2, 0.5)))
    assert found["common"] == "Person"
    assert ">obese BMI<" in found["charts"][0] and ">nothing more<" in found["charts"][0]


def test_what_single_networks_count_stands_beside_the_rest():
    assert view(standing(mixes(0.2, 0.5)))["lines"][1]["cells"][:3] == ["0.0", "0.0", "7 to 22"]


def test_what_tuning_did_is_said_in_words():
    near, far = mixes(0.2, 0.5), mixes(0.2, 0.1)
    (words,) = view(standing(near, far))["verdicts"]
    assert "20.0 points off its target after tuning and 30.0 before" in words
    assert "before (nearer with 1 of 2 seeds); on held-out prompts" in words


def test_held_out_prompts_that_tuning_made_worse_are_not_called_nearer():
    found = mixes(0.2, 0.5)
    for side, off in (("before", 0.158), ("after", 0.166)):
        found["summary"]["held_out"][side]["inconsistency"] = off
    (words,) = view(standing(found, found))["verdicts"]
    assert words.endswith("on held-out prompts 16.6 and 15.8 (nearer with none of 2 seeds).")


def test_what_an_untrusted_jury_counts_is_no_finding():
    assert view(standing({**mixes(0.2, 0.5), "trusted": False}))["verdicts"] == []


def test_a_generator_of_copies_is_called_one():
    found = mixes(0.2, 0.5)
    found["cost_of_tuning"]["after"]["copy_rate"] = 0.9
    assert "90% of what row 0 draws are copies" in view(standing(found))["verdicts"][1]


def test_counts_that_disagree_are_named():
    found = mixes(0.2, 0.5)
    found["summary"]["tuned"]["after"]["by_anatomy"] = [0.9, 0.1]
    said = view(standing(found))["verdicts"][0]
    assert said.startswith("By anatomy, row 0 draws 90% female; networks count 50% (single ones")
    assert "find it 7 to 22 points off" in said


@pytest.mark.parametrize(("floor", "first"), [(0.05, "By anatomy"), (0.2, "row 0")])
def test_anatomy_comes_first_where_its_error_does_not_explain_the_difference(floor, first):
    found = mixes(0.2, 0.5)
    found["summary"]["tuned"]["after"] |= {"by_anatomy": [0.9, 0.1], "anatomy_floor": floor}
    assert view(standing(found))["verdicts"][0].startswith(first)


def test_what_tuning_costs_stands_with_its_interval():
    found = mixes(0.2, 0.5)
    found["cost_of_tuning"] = {
        "before": {"clip_score": 0.4}, "after": {"clip_score": 0.5},
        "errors": {"before": {"clip_score": 0.1}, "after": {"clip_score": 0.1}},
    }  # fmt: skip
    assert "0.50 ± 0.20" in view(standing(found))["lines"][1]["cells"]


def test_what_is_exported_says_what_was_asked_and_whether_it_is_trusted():
    found = mix_values(standing(mixes(0.2, 0.5), {**mixes(0.3, 0.4), "trusted": False}), "judge")
    asked = {"groups": ["female", "male"], "target": (0.5, 0.5), "n": 64, "trusted": False}
    assert {name: found[name] for name in asked} == asked
    assert found["tuned/before/inconsistency"] == pytest.approx(0.25)


def test_what_another_judge_has_judged_is_not_exported():
    assert mix_values(standing(mixes(0.2, 0.5)), "another") == {}


def test_what_a_stranger_wrote_is_escaped():
    found = mixes(0.2, 0.5)
    found["sentences"][1]["sentence"] = "Person, <script>"
    assert "<script>" not in view(standing(found))["charts"][0]


def test_numbers_that_are_none_are_dashes():
    found = mixes(0.2, 0.5)
    found["cost_of_tuning"]["after"]["kernel_distance"] = None
    lines = view(standing(found))["lines"]
    assert "7.000" in lines[0]["cells"] and "7.000" not in lines[1]["cells"]


def test_pictures_stay_away_where_patients_are_real():
    assert view(standing(mixes(0.2, 0.5)), with_gallery=False)["picture"] == ""
    assert view(standing(mixes(0.2, 0.5)))["picture"].startswith("data:image/png")


def test_a_mark_stands_at_its_share_between_no_and_all():
    marks = [Mark("a", share, share, share, tuned=True, row=0) for share in (0.0, 0.5, 1.0)]
    chart = mix_chart([(str(k), True, [mark]) for k, mark in enumerate(marks)], 0.5, "women")
    x = [float(part.split('"')[0]) for part in chart.split('<circle cx="')[2:]]
    assert x[1] == pytest.approx((x[0] + x[2]) / 2)
