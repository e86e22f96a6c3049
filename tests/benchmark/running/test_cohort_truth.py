"""Labels are never believed from a run folder: a table that is not its cohort's is caught."""

import dataclasses
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmark.api.cohort import CohortFacts
from benchmark.commands.app import app
from benchmark.planning.resolve import resolve, run_folder
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.load import load_preset
from benchmark.records.checked import Checked
from benchmark.records.config import write_config
from benchmark.records.result import RunFacts, write_result
from benchmark.running import cohort_truth
from benchmark.running.cohort_truth import CohortCheck
from benchmark.running.compared_runs import ComparedRuns, state_of
from benchmark.running.table_problems import id_problems, word_problems
from leaderboard.build import build
from leaderboard.rank.standings import rank
from leaderboard.read.boards import collect
from leaderboard.words.row_marks import row_marks
from tasks.cmr_heart_failure.task import CmrHeartFailure

CARD, KNOBS = CmrHeartFailure.card, CmrHeartFailure.knobs
QUICK = load_preset("quick")
PATIENTS = CohortFacts(kind="table", name="mine", licence="own", citation="none", caveats="none")
SMALL = dataclasses.replace(
    QUICK, source=dataclasses.replace(QUICK.source, val=40, test=60, recruited=30)
)


@pytest.fixture(scope="module")
def configs():
    """What two methods' runs decide before they begin, by name."""
    return {
        name: resolve(RunSpec("cmr_heart_failure", name, KNOBS.variant(), 100, SMALL, device="cpu"))
        for name in ("erm", "group_dro", "oracle")
    }


@pytest.fixture(scope="module")
def truth():
    source = RunSpec("cmr_heart_failure", "erm", KNOBS.variant(), 100, SMALL).source
    return CmrHeartFailure().truth(source, KNOBS.variant(), 100)


@pytest.fixture
def honest(truth):
    """The predictions of a run that answers by the row's number."""
    table = pd.concat([rows.assign(split=name) for name, rows in truth.items()], ignore_index=True)
    table["probability_1"] = (table.index % 7) / 7 + 0.05
    return table.assign(probability_0=1 - table["probability_1"])


@pytest.fixture
def write(tmp_path):
    """Write a finished run with these predictions and return its folder."""

    def written(table, config):
        folder = run_folder(tmp_path / "runs", config)
        folder.mkdir(parents=True)
        write_config(folder, config)
        table.to_parquet(folder / "predictions.parquet")
        facts = RunFacts(
            seconds={"fit": 1.0}, steps=1, standard_loop=True, fingerprint="f", finished="2026"
        )
        write_result(folder, config.card, facts)
        (folder / "done").touch()
        return folder

    return written


def table_problems(table, truth):
    return [*id_problems(table, truth), *word_problems(table, truth, CARD)]


def boast(table):
    """Set the labels of test to the answers, as a dishonest writer of a folder would."""
    answers = table["probability_1"].map(lambda p: CARD.classes[int(p > 0.5)])
    return table.assign(label=table["label"].where(table["split"] == "val", answers))


def test_the_tables_are_those_that_the_cohort_would_have(tmp_path):
    sizes = {"image_size": 8, "train": 20, "val": 12, "test": 36, "recruited": 10}
    source = RunSpec("cmr_heart_failure", "erm", KNOBS.variant(), 3, SMALL).source
    source = dataclasses.replace(source, cache=tmp_path, **sizes)
    variant = KNOBS.variant(label_noise=0.2)
    splits = CmrHeartFailure().load(source, variant, 3).parts()
    found = CmrHeartFailure().truth(source, variant, 3)
    assert list(found) == ["val", "test", "recruited"]
    for name, table in found.items():
        pd.testing.assert_frame_equal(table, splits[name].table)


def test_an_honest_table_has_no_problem_in_any_order(honest, truth):
    assert table_problems(honest.sample(frac=1, random_state=0), truth) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (boast, r"test: label differs from the cohort's for \d+ of"),
        (lambda t: t.assign(sex="female"), r"val: sex differs"),
        (lambda t: t.assign(patient_id="p"), "test: patient_id differs"),
        (lambda t: t.drop(columns="sex"), "test has no column sex"),
        (lambda t: t[t["split"] != "recruited"], "30 of 30 images are left out"),
        (lambda t: t.drop(t.index[45:47]), "test: 2 of 72 images are left out"),
        (lambda t: pd.concat([t, t.tail(1)]), "recruited: 1 images are there twice"),
        (lambda t: t.assign(image_id="new-" + t["image_id"]), "test: 72 images are not in the"),
        (lambda t: t.assign(split=t["split"].replace("val", "train")), "split 'train' is none of"),
    ],
    ids=["labels", "attribute", "patients", "column", "split", "easy", "twice", "ids", "train"],
)
def test_what_differs_from_the_cohort_is_named(honest, truth, change, words):
    problems = "; ".join(table_problems(change(honest), truth))
    assert pd.Series([problems]).str.contains(words, regex=True).all(), problems


def test_a_folder_whose_labels_are_its_answers_is_caught(honest, configs, write, tmp_path):
    check = CohortCheck()
    found = check.of(write(boast(honest), configs["erm"]), configs["erm"])
    assert "label differs" in found.wrong
    assert check.summary().startswith("Labels and attributes of 1 run was compared with their")
    named = "erm/quick-seed-100"
    assert re.search(f" 1 differs and counts as failed: .*{named}", check.summary())
    assert str(tmp_path) not in check.summary()


def test_score_names_a_boastful_folder_and_leaves_it(honest, configs, write, tmp_path):
    folder = write(boast(honest), configs["erm"])
    before = (folder / "result.json").read_bytes()
    done = CliRunner().invoke(app, ["score", "--runs", str(tmp_path / "runs")])
    words = " ".join(done.output.split())
    assert done.exit_code == 1 and "is not scored and stays as it is" in words
    assert (folder / "result.json").read_bytes() == before


def test_a_page_that_rescores_shows_a_boastful_run_as_failed(honest, configs, write, tmp_path):
    write(honest, configs["oracle"])
    write(boast(honest), configs["erm"])
    (board,) = collect(tmp_path / "runs", rescore=True, check=CohortCheck()).boards
    rows = {row.name: row for row in board.rows}
    assert len(rows["oracle"].done) == 1 and not rows["erm"].done
    assert "label differs from the cohort's" in rows["erm"].failed[0].error


def test_the_page_says_what_was_compared(honest, configs, write, tmp_path):
    write(honest, configs["erm"])
    index = build(tmp_path / "runs", tmp_path / "site", rescore=True, check=CohortCheck())
    assert "Labels and attributes of 1 run was compared" in index.read_text()


def test_a_control_may_bring_a_val_of_its_own_and_nothing_else(honest, configs, write):
    own = honest.assign(image_id=honest["image_id"].str.replace("val-100", "new-201"))
    assert not CohortCheck().of(write(own, configs["oracle"]), configs["oracle"]).wrong
    found = CohortCheck().of(write(own, configs["erm"]), configs["erm"])
    assert "not in the cohort" in found.wrong


def of_other_code(config):
    return config.model_copy(update={"task": config.task.model_copy(update={"source": "another"})})


def test_wrong_labels_on_known_ids_are_wrong_whatever_code_made_the_run(honest, configs, write):
    forged = of_other_code(configs["erm"])
    found = CohortCheck().of(write(boast(honest), forged), forged)
    assert "test: label differs" in found.wrong and not found.unknown


def test_a_run_of_other_code_with_other_patients_is_unknown_and_says_so(honest, configs, write):
    old = of_other_code(configs["erm"])
    other = honest.assign(image_id="old-" + honest["image_id"])
    check = CohortCheck()
    found = check.of(write(other, old), old)
    assert "other code of cmr_heart_failure" in found.unknown and not found.wrong
    assert "1 run could not be compared and got no place" in check.summary()


def test_patients_that_the_same_code_does_not_have_are_wrong(honest, configs, write):
    config = configs["erm"]
    other = honest.assign(image_id="old-" + honest["image_id"])
    assert "not in the cohort" in CohortCheck().of(write(other, config), config).wrong


def test_a_table_without_labels_is_wrong(honest, configs, write, tmp_path):
    folder = write(honest, configs["erm"])
    (folder / "predictions.parquet").write_bytes(b"none")
    words = CohortCheck().of(folder, configs["erm"]).wrong
    assert "cannot be read" in words and str(tmp_path) not in words
    honest.drop(columns="label").to_parquet(folder / "predictions.parquet")
    assert "has no column label" in CohortCheck().of(folder, configs["erm"]).wrong


def test_a_row_that_is_unknown_is_shown_and_gets_no_place(honest, configs, write, tmp_path):
    write(honest, configs["erm"])
    old = of_other_code(configs["group_dro"])
    write(honest.assign(image_id="old-" + honest["image_id"]), old)
    (board,) = collect(tmp_path / "runs", check=CohortCheck()).boards
    first, last = rank(board)
    assert (first.row.name, first.place, first.complete) == ("erm", None, True)
    assert (last.row.name, last.place, last.tier, last.gain) == ("group_dro", None, None, None)
    assert last.headline.value is not None and "other code" in last.row.unchecked
    assert [mark.text for mark in row_marks(last, last.planned)][:1] == ["not checked"]


def test_the_command_compares_by_default_and_remembers(
    honest, configs, write, tmp_path, monkeypatch
):
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    write(honest, configs["erm"])
    folder = write(boast(honest), of_other_code(configs["group_dro"]))
    ask = ["leaderboard", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "site")]
    first = CliRunner().invoke(app, ask).output
    assert "of 2 runs were compared" in first and "1 differs and counts as failed" in first
    assert (
        "label differs from the cohort"
        in next((tmp_path / "site/boards").glob("*.html")).read_text()
    )
    monkeypatch.setattr(cohort_truth, "truth_of", None)  # nobody is drawn again
    assert CliRunner().invoke(app, ask).output == first
    honest.to_parquet(folder / "predictions.parquet")  # another file, so it is compared anew
    assert CliRunner().invoke(app, ask).exit_code == 1


def test_what_is_remembered_ends_with_the_file_or_the_code(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    known, state = ComparedRuns(tmp_path / "known" / "a.json"), state_of(tmp_path, "code")
    known.add(tmp_path, state, Checked(wrong="all"))
    known.write()
    again = ComparedRuns(tmp_path / "known" / "a.json")
    assert again.get(tmp_path, state) == Checked(wrong="all")
    assert again.get(tmp_path, state_of(tmp_path, "other")) is None
    (tmp_path / "config.json").write_text("{ }")
    assert again.get(tmp_path, state_of(tmp_path, "code")) is None


def test_a_table_as_a_run_writes_it_is_compared_at_once(honest, configs, write, monkeypatch):
    monkeypatch.setattr(cohort_truth, "id_problems", None)
    assert CohortCheck().of(write(honest, configs["erm"]), configs["erm"]) == Checked()


def test_two_kinds_of_one_cohort_are_wrong(honest, configs, write):
    source = configs["erm"].source.model_copy(update={"kind": "table"})
    config = configs["erm"].model_copy(update={"source": source})
    assert "two kinds" in CohortCheck().of(write(boast(honest), config), config).wrong


def test_a_cohort_of_ones_own_that_is_not_at_hand_is_believed(honest, configs, write):
    source = configs["erm"].source.model_copy(
        update={"kind": "table", "name": "mine", "content": "abc"}
    )
    config = configs["erm"].model_copy(update={"source": source, "cohort_facts": PATIENTS})
    check = CohortCheck()
    assert check.of(write(honest, config), config).believed
    assert "labels of 1 run on folders of patients are believed" in check.summary()
    assert check.summary().endswith("'mine' was not given. To compare, add --cohort and its path.")


def test_a_cohort_of_ones_own_at_hand_is_compared_by_its_content(
    honest, truth, configs, write, tmp_path, monkeypatch
):
    asked = []

    def load(task, source, variant, seed):
        asked.append((source.folder, source.image_size, seed))
        return SimpleNamespace(
            val=SimpleNamespace(table=truth["val"]), test=SimpleNamespace(table=truth["test"])
        )

    monkeypatch.setattr(CmrHeartFailure, "load", load)
    monkeypatch.setattr(cohort_truth, "content_digest", lambda folder: folder.name)
    source = configs["erm"].source.model_copy(update={"kind": "table", "content": "mine"})
    config = configs["erm"].model_copy(update={"source": source, "cohort_facts": PATIENTS})
    check = CohortCheck([tmp_path / "another", tmp_path / "mine"])
    own = honest[honest["split"] != "recruited"]
    assert check.of(write(own, config), config) == Checked()
    assert asked == [(tmp_path / "mine", 64, 100)]
    boasting = boast(own).to_parquet
    boasting(run_folder(tmp_path / "runs", config) / "predictions.parquet")
    assert "label differs" in check.of(run_folder(tmp_path / "runs", config), config).wrong


def test_a_task_that_is_not_here_gets_no_place_and_no_path_is_followed(honest, configs, write):
    task = configs["erm"].task.model_copy(update={"name": "../../evil"})
    config = configs["erm"].model_copy(update={"task": task})
    check = CohortCheck()
    folder = write(honest, configs["erm"])
    assert not check.of(folder, config).wrong
    assert "there is no task '../../evil' here" in check.summary()


def test_sizes_beyond_the_table_are_refused_before_anybody_is_drawn(honest, configs, write):
    source = dataclasses.replace(configs["erm"].preset.source, test=10**9)
    preset = configs["erm"].preset.model_copy(update={"source": source})
    config = configs["erm"].model_copy(update={"preset": preset})
    words = CohortCheck().of(write(honest, configs["erm"]), config).wrong
    assert words == "test: config.json says 1000000000 patients, and there are 72"
