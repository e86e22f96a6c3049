"""What a run folder claims or lacks costs the page no other row."""

import json

import pandas as pd
import pytest

from leaderboard.build import build

BRAIN = "brain-mr-sex"


def read_back(folder):
    names = ("index.html", "leaderboard.csv", "results.json")
    return [(folder / name).read_bytes() for name in names]


def test_scores_that_a_run_claims_change_nothing(fake, tmp_path):
    target = fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)
    build(tmp_path / "runs", tmp_path / "honest", rescore=True)
    result = json.loads((target / "result.json").read_text())
    for score in result["scores"]:
        score |= {"low": 0.99, "high": 1.0, "n": 7}
    result["threshold"] = 0.123
    (target / "result.json").write_text(json.dumps(result))
    build(tmp_path / "runs", tmp_path / "boasting", rescore=True)
    assert read_back(tmp_path / "honest") == read_back(tmp_path / "boasting")


def test_folders_that_cannot_be_read_are_listed_and_cost_no_other_row(fake, tmp_path, read_page):
    runs = tmp_path / "runs"
    old, torn, _ = (fake.write_run(runs, fake.BRAIN, method, 0) for method in fake.METHODS[:3])
    config = json.loads((old / "config.json").read_text())
    (old / "config.json").write_text(json.dumps({**config, "schema": 1}))
    (torn / "result.json").write_text('{"schema": 2, "scores": [')
    page = read_page(build(runs, tmp_path / "out"))
    words = " ".join(page.words)
    assert len(page.rows) == 1
    assert "2 run folders cannot be read" in words
    assert "config.json cannot be read: it has schema 1, this version reads 2 and 3" in words
    assert "result.json cannot be read: it holds no JSON" in words
    assert str(tmp_path) not in words


def test_a_judgement_that_cannot_be_read_costs_the_run_nothing_else(fake, tmp_path, read_page):
    folder = fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)
    (folder / "generation.json").write_text('{"schema": 2, "scores": "<script>"}')
    page = read_page(build(tmp_path / "runs", tmp_path / "out"))
    assert page.row(BRAIN, "erm")["seeds"] == "1"
    words = " ".join(page.words)
    assert "generation.json cannot be read" in words
    assert (
        "Of 1 run the numbers of its generator cannot be read; its other scores are shown" in words
    )
    assert "are not shown" not in words


def test_a_cohort_that_cannot_be_read_has_a_sentence_of_its_own(fake, tmp_path, read_page):
    folder = fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)
    cohort = folder.parent.parent / "cohort-1a2b3c4d"
    cohort.mkdir()
    (cohort / "cohort.json").write_text("no JSON")
    page = read_page(build(tmp_path / "runs", tmp_path / "out"))
    words = " ".join(page.words)
    assert "The patients of this cohort are not shown: cohort.json cannot be read" in words
    assert "A picture was left out" not in words


def test_run_that_cannot_be_scored_has_failed_with_the_reason(fake, tmp_path, read_page):
    fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)
    broken = fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[1], 0)
    table = pd.read_parquet(broken / "predictions.parquet")
    table.assign(probability_1=2.0).to_parquet(broken / "predictions.parquet")
    lost = fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[2], 0)
    (lost / "predictions.parquet").unlink()
    page = read_page(build(tmp_path / "runs", tmp_path / "out"))
    row = page.row(BRAIN, "group_resampling")
    assert row["worst_group_accuracy"].startswith("failed Its predictions cannot be scored.")
    assert "probabilities outside 0 to 1" in row["worst_group_accuracy"]
    words = page.row(BRAIN, "class_resampling")["worst_group_accuracy"]
    assert "predictions.parquet cannot be read" in words
    assert str(tmp_path) not in words


def test_a_page_that_cannot_be_rendered_leaves_the_three_files_as_they_were(
    fake, tmp_path, monkeypatch
):
    fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)
    build(tmp_path / "runs", tmp_path / "out")
    before = read_back(tmp_path / "out")
    fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[1], 0)
    monkeypatch.setattr("leaderboard.build.Site.board_page", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build(tmp_path / "runs", tmp_path / "out")
    assert read_back(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("rescore", "words"),
    [(False, "build the page with --rescore"), (True, "All scores were computed again")],
)
def test_the_page_says_when_its_scores_were_computed(fake, tmp_path, read_page, rescore, words):
    fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)
    index = build(tmp_path / "runs", tmp_path / "out", rescore=rescore)
    assert words in " ".join(read_page(index).words)
    assert words in json.loads((index.parent / "results.json").read_text())["scores"]
