from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.api.scores import ScoreKey
from leaderboard.rank.means import Estimate
from leaderboard.rank.standings import rank
from leaderboard.read.boards import collect
from leaderboard.words.next_step import next_step
from leaderboard.words.validity import validity
from tests.leaderboard.words.standings import standing


@pytest.fixture(scope="module")
def brain(built):
    board, _ = collect(built.runs).boards
    return board, rank(board)


def answers(board, standings, boards=()):
    return [answer.words for answer in validity(board, standings, boards or [board])]


def with_severity(board, severity):
    knobs = board.variant.knobs | {"severity": severity}
    return replace(board, variant=board.variant.model_copy(update={"knobs": knobs}))


def test_a_board_of_two_seeds_answers_what_it_can(brain):
    board, standings = brain
    failing, differ, halves, bias = answers(board, standings)
    plain = next(s for s in standings if s.row.name == "erm")
    assert failing.startswith("Cannot be told: ") and plain.headline.n == 150
    assert {s.tier for s in standings if s.tier} == {1}
    assert "all methods share one tier, so the order of rows may be chance." in differ
    placed = [s for s in standings if s.place]
    assert halves.endswith(f", over the {len(placed)} methods that share 2 seeds.")
    oracle = next(s for s in standings if s.row.name == "oracle")
    assert bias.startswith(
        "Not measured yet: ERM was not run without bias. The oracle, plain training on a cohort "
        f"without bias, has a worst-group accuracy of {oracle.headline.value:.1%} (95 % CI "
    )
    assert " and a gap of " in bias and bias.endswith(" One command does it:")
    without = answers(board, [s for s in standings if s is not oracle])[3]
    assert without == "Not measured yet: ERM was not run without bias. One command does it:"


def test_what_was_not_run_without_bias_is_one_command(brain):
    board, standings = brain
    command = "equipoise run --task brain_mr_sex --method erm --knob severity=0"
    assert validity(board, standings, [board])[3].command == command
    variant = board.variant.model_copy(update={"name": "severity-1_noise-0.2"})
    other = replace(board, variant=variant, preset=replace_name(board.preset, "standard"))
    assert validity(other, standings, [other])[3].command == (
        f"{command} --knob label_noise=0 --preset standard"
    )


def replace_name(preset, name):
    return preset.model_copy(update={"name": name})


def test_the_board_without_bias_is_found_among_the_runs(brain):
    board, standings = brain
    twin = with_severity(board, 0.0)
    words = answers(board, standings, [board, twin])[3]
    plain = next(s for s in standings if s.row.name == "erm")
    assert words.startswith(
        "Without bias (severity 0, 2 seeds) ERM has a worst-group accuracy of "
        f"{plain.headline.value:.1%} (95 % CI "
    )
    gap = plain.overall("balanced_accuracy_gap").value
    assert words.count(f" and a gap of {gap:.1%} (95 % CI ") == 2
    assert " With the bias of this board: a worst-group accuracy of " in words
    assert answers(twin, standings)[3].startswith("This board has no bias")
    other = replace(twin, card=replace(twin.card, version=2))
    assert answers(board, standings, [board, other])[3].startswith("Not measured yet")


def measured_from(plain, regret):
    """Give a stand-in a regret; its other scores over everybody stay."""
    others = plain.overall
    plain.overall = lambda metric: regret if metric == "worst_cell_regret" else others(metric)
    return plain


def test_plain_training_fails_only_where_the_intervals_are_apart(brain):
    board, _ = brain
    plain = measured_from(standing("erm", 0.6, seeds=2), Estimate(None))
    assert answers(board, [plain])[0] == (
        "Yes: its worst-group accuracy is 60.0% (at most 65.0%), and the interval of its balanced "
        "accuracy over all, 78.0% to 82.0%, lies above that."
    )
    near = measured_from(standing("erm", 0.75, seeds=2), Estimate(None))
    assert answers(board, [near])[0].startswith("Not shown: its worst-group accuracy is 75.0%")
    assert answers(board, [])[0] == "Unknown: ERM is not on this board."


def test_an_undefined_headline_is_the_reason_and_not_too_few_seeds(brain):
    board, _ = brain
    rows = [standing(name, tier=None, place=None) for name in ("erm", "a")]
    for one in rows:
        one.headline = Estimate(None, note="seed 0: undefined: sex=female has no test image")
    failing, *others = answers(board, rows)[:3]
    assert failing == ("Unknown: worst-group accuracy is undefined: sex=female has no test image.")
    assert others == ["Unknown: worst-group accuracy is undefined, so no method can be ranked."] * 2


def test_plain_training_cannot_be_said_to_fail_a_handful_of_patients(brain):
    board, _ = brain
    plain = standing("erm", 0.0)
    plain.headline = Estimate(0.0, 0.0, 0.37, n=8)
    assert answers(board, [plain])[0] == (
        "Cannot be told: its worst cell (ill, female) has 8 test images (accuracy known to within "
        "35 points)."
    )


def test_one_method_is_told_to_bring_another(brain):
    board, standings = brain
    alone = [s for s in standings if s.row.name == "erm" or s.is_control]
    words = "There is one method here, erm: run another."
    assert answers(board, alone)[1:3] == [words, words]


def test_everybody_is_measured_as_in_the_table_and_the_plot(brain):
    board, _ = brain
    plain = standing("erm", 0.6, seeds=2)
    asked = {"balanced_accuracy": Estimate(0.7, 0.69, 0.71), "worst_cell_regret": Estimate(None)}
    plain.overall = asked.__getitem__
    assert "its balanced accuracy over all, 69.0% to 71.0%," in answers(board, [plain])[0]


def test_the_ceiling_says_how_much_more_can_be_learnt(brain):
    board, _ = brain
    plain = measured_from(standing("erm", 0.6, seeds=2), Estimate(0.3, 0.25, 0.34))
    assert answers(board, [plain])[0].endswith(
        "It stays 30.0% (25.0% to 34.0%) below the ceiling in the cell where that is most."
    )


@pytest.mark.parametrize(
    ("tiers", "gain", "answer"),
    [
        ((1, 2), (0.1, 0.2, 2), "Yes: they fall into 2 tiers."),
        ((1, 1), (0.1, 0.2, 2), "Not shown: all methods share one tier, so "),
        ((1, 1), (0.1, 0.02, 2), "From ERM, yes: see the gains. From each other, not shown: all "),
        ((None, None), (0.1, 0.2, 1), "Unknown: tiers need two methods with the same two seeds"),
    ],
)
def test_methods_differ_by_their_tiers_or_from_erm(brain, tiers, gain, answer):
    board, _ = brain
    rows = [standing(name, gain=gain, tier=tier) for name, tier in zip("ab", tiers, strict=True)]
    assert answers(board, rows)[1].startswith(answer)


def test_rows_that_lack_runs_are_the_reason_why_nothing_is_ranked(brain):
    board, _ = brain
    rows = [
        standing("erm", tier=None, place=None),
        standing("group_dro", tier=None, place=None),
        standing("group_dro", tier=None, place=None, label="group_dro, step_size = 0.2"),
    ]
    rows[0].row.failed = [SimpleNamespace(config=SimpleNamespace(seed=101))]
    rows[0].complete, rows[0].missing = False, (101,)
    rows[2].complete, rows[2].missing, rows[2].not_run = False, (102, 103), (102, 103)
    why = (
        "Unknown: 2 of 3 rows lack runs (erm: seed 101 failed; group_dro, step_size = 0.2: seeds "
        "102, 103 not run), so only one can be ranked."
    )
    assert answers(board, rows)[1:3] == [why, why]


def row(name, values):
    """A placed row with its headline by seed."""
    keys = SimpleNamespace(places={ScoreKey("worst_group_accuracy"): 0})
    tables = {
        seed: SimpleNamespace(keys=keys, values=np.array([[value]]))
        for seed, value in values.items()
    }
    runs = {(seed, "fp"): SimpleNamespace(table=table) for seed, table in tables.items()}
    found = standing(name)
    found.row = SimpleNamespace(name=name, done=[], failed=[], seeds=tuple(values), by_key=runs)
    return found


def test_a_board_with_fewer_seeds_for_costly_methods_compares_the_others(brain):
    board, _ = brain
    five, three = range(5), range(3)
    rows = [
        row("a", dict.fromkeys(five, 0.5)),
        row("b", dict.fromkeys(five, 0.6)),
        row("costly", dict.fromkeys(three, 0.7)),
    ]
    assert answers(board, rows)[2] == (
        "Much alike: Kendall's tau between the rankings by two halves of the seeds is 1.00 (1: the "
        "same order, 0: no relation), over the 2 methods that share 5 seeds. Not in it, with fewer "
        "or other seeds: costly."
    )


def test_seeds_are_compared_by_number_and_not_by_place(brain):
    """Both have two of their three seeds in common: 0 and 1, which turn the rows round."""
    board, _ = brain
    rows = [row("a", {0: 0.5, 1: 0.9, 2: 0.1}), row("b", {0: 0.9, 1: 0.5}), row("c", {5: 0.1})]
    words = answers(board, rows)[2]
    assert "is -1.00 (" in words and "over the 2 methods that share 2 seeds." in words
    assert words.endswith("or other seeds: c.")


def test_too_few_shared_seeds_say_what_it_takes(brain):
    board, _ = brain
    rows = [row("a", {0: 0.5, 1: 0.6}), row("b", {1: 0.5})]
    assert answers(board, rows)[2] == (
        "Unknown: this takes two methods that share 2 seeds or more, and here they share 1."
    )


@pytest.mark.parametrize(("second", "strength"), [(0.6, "Much"), (0.4, "Hardly")])
def test_the_agreement_is_said_in_a_word(brain, second, strength):
    board, _ = brain
    rows = [row("a", {0: 0.5, 1: 0.5}), row("b", {0: 0.6, 1: second})]
    assert answers(board, rows)[2].startswith(f"{strength} alike: Kendall's tau")


def test_the_next_step_is_one_command_with_the_method_that_helped(brain):
    board, _ = brain
    rows = [
        standing("first", 0.7, (0.1, 0.2, 5), place=1),
        standing("proven", 0.69, (0.09, 0.02, 5), place=2),
        standing("erm", 0.6, place=3),
    ]
    command = "equipoise run --task brain_mr_sex --cohort YOUR_FOLDER --method erm"
    helped, unproven, alone = (
        next_step(board, some) for some in (rows, rows[:1] + rows[2:], rows[2:])
    )
    setting = standing("a", 0.7, place=1, label="a, b = 2", settings=(("b", "2"),))
    chosen = next_step(board, [setting, rows[2]])
    assert chosen.command == f"{command} --method a --set a.b=2 --seeds 0-2"
    assert "a, b = 2 is only the first of the ranking" in chosen.words
    assert helped.command == f"{command} --method proven"
    assert helped.words.endswith("Compare ERM with proven on them:")
    assert unproven.command == f"{command} --method first"
    assert "first is only the first of the ranking, unproven." in unproven.words
    assert alone.command == command
    facts = replace(board.facts, kind="table")
    assert next_step(replace(board, facts=facts), rows) is None
