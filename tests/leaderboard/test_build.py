import base64
import csv
import dataclasses
import hashlib
import re
import subprocess
import sys

import numpy as np
import pytest

from benchmark.api.card import Attribute
from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.scoring import score_predictions
from benchmark.records.run_folder import find_runs
from leaderboard.build import build
from leaderboard.tables.columns import COLUMNS
from tests.leaderboard.conftest import Page


def files_of(index):
    return [path for path in index.parent.rglob("*") if path.is_file()]


HEART, BRAIN = "cmr-heart-failure", "brain-mr-sex"


def test_headline_is_mean_over_seeds(built):
    scores = [
        score.value
        for run in find_runs(built.runs)
        if run.config.method.name == "dfr" and run.card.name == "brain_mr_sex"
        for score in score_predictions(run.predictions(), run.card, resamples=0).scores
        if score.key == ScoreKey("worst_group_accuracy")
    ]
    shown = built.page.row(BRAIN, "dfr")["worst_group_accuracy"]
    assert len(scores) == 2
    assert shown.startswith(f"{100 * np.mean(scores):.1f}%")


def test_rows_stand_in_order_and_controls_after_them(built):
    rows = built.results["boards"][1]["rows"]
    ranked = [row for row in rows if row["place"] is not None]
    values = [row["estimates"]["value"][0] for row in ranked]
    assert built.results["boards"][1]["score_keys"][0]["metric"] == "worst_group_accuracy"
    assert values == sorted(values, reverse=True)
    assert [row["place"] for row in ranked] == list(range(1, len(ranked) + 1))
    kinds = [row["method"]["kind"] == "control" for row in rows]
    assert kinds == sorted(kinds)


def test_page_and_csv_agree(built):
    with (built.index.parent / "leaderboard.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    line = next(r for r in lines if r["method"] == "dfr" and r["task"] == "brain_mr_sex")
    assert built.page.row(BRAIN, "dfr")["auroc"].startswith(f"{float(line['auroc']):.3f}")
    assert len(lines) == len(built.page.rows)


def test_downloads_hold_the_same_numbers(built):
    links = [a["href"] for tag, a in built.page.tags if tag == "a" and "download" in a]
    boards = [(built.index.parent / "boards" / link).read_text() for link in links]
    whole = (built.index.parent / "leaderboard.csv").read_text()
    lines = [line for board in boards for line in board.splitlines()[1:]]
    assert lines == whole.splitlines()[1:]


def test_every_link_leads_to_a_file_or_a_place_on_its_page(built):
    for path in built.pages:
        page = Page(path.read_text())
        places = {a["id"] for _, a in page.tags if "id" in a}
        links = {a["href"] for tag, a in page.tags if tag == "a"}
        lost = [
            link for link in links if link[1:] not in places and not (path.parent / link).is_file()
        ]
        assert links and not lost


def test_the_first_screen_shows_the_first_rows_of_every_board(built):
    screen = Page(built.index.read_text())
    links = [a["href"] for tag, a in screen.tags if tag == "a" and "boards/" in a.get("href", "")]
    assert {link.split("-")[0] for link in links} == {"boards/brain", "boards/cmr"}
    best = next(row for row in built.results["boards"][1]["rows"] if row["place"] == 1)
    assert best["method"]["name"] in "".join(screen.words)


def test_the_page_of_a_board_that_is_no_more_is_deleted(fake, tmp_path):
    fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)
    gone = fake.write_run(tmp_path / "runs", fake.HEART, fake.METHODS[0], 0)
    assert len(list((build(tmp_path / "runs", tmp_path / "out").parent / "boards").iterdir())) == 4
    (gone / "done").unlink()
    build(tmp_path / "runs", tmp_path / "out")
    assert [path.name[:5] for path in (tmp_path / "out" / "boards").iterdir()] == ["brain"] * 2


def test_the_results_name_the_versions_of_the_metrics(built):
    versions = {name: entry["version"] for name, entry in built.results["metrics"].items()}
    assert (versions["worst_group_accuracy"], versions["auroc"]) == (2, 1)


def test_missing_seed_is_shown(built):
    row = built.page.row(HEART, "class_resampling")
    assert row["seeds"] == "1 of 2"
    assert "1 of 2 seeds" in row["method"]
    assert "Seed 1 was not run for this method." in row["detail"]
    assert row["tier"] == "–"


def test_failed_row_is_shown_with_its_error(built):
    row = built.page.row(BRAIN, "group_undersampling")
    assert row["worst_group_accuracy"] == "failed RuntimeError: <b>out of memory</b>"
    assert row["seeds"] == "0 of 2"


def test_newest_code_is_shown_and_older_counted(built):
    assert "1 older version of this row" in built.page.row(HEART, "erm")["detail"]


def test_hostile_words_are_only_words(built):
    assert "<script>alert(1)</script>" not in built.text
    assert "<script>alert(1)</script>" in "".join(built.page.words)
    assert not any(a.get("onerror") for _, a in built.page.tags)
    assert {a["src"][:5] for tag, a in built.page.tags if tag == "img"} == {"data:"}
    assert sum(tag == "script" for tag, _ in built.page.tags) == len(built.pages)


def test_nothing_is_loaded_from_elsewhere(built):
    loaded = {a["src"] for _, a in built.page.tags if "src" in a}
    loaded |= {a["href"] for tag, a in built.page.tags if tag == "link"}
    assert all(address.startswith("data:") for address in loaded)
    assert not any("action" in a for _, a in built.page.tags)
    assert not re.search(r"url\(|@import|https?:", built.text.replace("http-equiv", ""))


def test_policy_allows_this_script_only(built):
    script = built.text.rsplit("<script>", 1)[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(a["content"] for tag, a in built.page.tags if "http-equiv" in a)
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_every_cell_of_the_heat_map_says_its_n(built):
    titles = [
        a["title"] for tag, a in built.page.tags if tag == "td" and "n = " in a.get("title", "")
    ]
    finished = [row for row in built.page.rows.values() if "failed" not in row["method"]]
    heart = sum(key.startswith(HEART) for key in built.page.rows)
    assert len(titles) == 16 * heart + 12 * (len(finished) - heart)


def test_same_runs_give_same_bytes(fake, tmp_path):
    for seed in (0, 1):
        fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], seed)
    first, second = (build(tmp_path / "runs", tmp_path / name) for name in ("one", "two"))
    one, two = (
        {path.relative_to(index.parent): path.read_bytes() for path in files_of(index)}
        for index in (first, second)
    )
    assert one == two and len(one) == 5


def test_empty_cell_is_undefined_with_reason(fake, tmp_path, read_page):
    for seed in (0, 1):
        without = {"sex": "female"} if seed else None
        fake.write_run(tmp_path / "runs", fake.HEART, fake.METHODS[0], seed, without=without)
    page = read_page(build(tmp_path / "runs", tmp_path / "out"))
    row = page.row(HEART, "erm")
    assert row["worst_group_accuracy"] == "undefined"
    assert any("seed 1: undefined" in a.get("title", "") for _, a in page.tags)
    assert row["place"] == "–"
    assert "Nothing to plot" in " ".join(page.words)


def test_a_value_with_a_comma_stands_on_the_page(fake, tmp_path, read_page):
    origin = Attribute("origin", ("Asian", "Asian, other"), "Origin")
    card = dataclasses.replace(
        fake.BRAIN,
        attributes=(origin, fake.BRAIN.attributes[0]),
        intersections=(("origin", "age_band"),),
    )
    fake.write_run(tmp_path / "runs", card, fake.METHODS[0], 0)
    page = read_page(build(tmp_path / "runs", tmp_path / "out"))
    detail = page.row(BRAIN, "erm")["detail"]
    assert "Asian, other, 40 to 59" in detail and "not scored" not in detail


def test_value_lies_in_its_own_interval(built):
    found = [r["estimates"] for b in built.results["boards"] for r in b["rows"] if r["estimates"]]
    whole = [
        numbers
        for estimates in found
        for numbers in zip(*(estimates[name] for name in ("low", "value", "high")), strict=True)
        if numbers[0] is not None
    ]
    assert len(whole) > 100
    assert all(low <= value <= high for low, value, high in whole)


def test_table_cohorts_have_boards_of_their_own(fake, tmp_path, read_page):
    for content in ("c0ffee00", "deadbeef"):
        source = {"kind": "table", "name": "my ward", "content": content}
        method = fake.FakeMethod("erm", fields={"limit": len(content) + ord(content[0])})
        changes = {"source": source}
        fake.write_run(tmp_path / "runs", fake.BRAIN, method, 0, changes=changes)
    page = read_page(build(tmp_path / "runs", tmp_path / "out"))
    boards = [a["id"] for tag, a in page.tags if tag == "section" and a.get("class") == "board"]
    assert len(set(boards)) == 2
    assert all("my-ward" in board for board in boards)


def test_seed_that_failed_everywhere_is_still_owed(fake, tmp_path, read_page):
    for method in fake.METHODS[:2]:
        fake.write_run(tmp_path / "runs", fake.BRAIN, method, 0)
        fake.write_run(tmp_path / "runs", fake.BRAIN, method, 1, error="ValueError: no luck")
    row = read_page(build(tmp_path / "runs", tmp_path / "out")).row(BRAIN, "group_resampling")
    assert row["seeds"] == "1 of 2"
    assert "1 of 2 seeds 1 failed" in row["method"]
    assert row["tier"] == "–"
    assert "no verdict (one seed)" in row["gain"]


def test_a_board_on_which_all_failed_stands_beside_one_that_did_not(fake, tmp_path, read_page):
    """A first try of another setting must not cost the page of all earlier results."""
    other = {"variant": {"name": "severity-1_women-0.2", "knobs": {"women": 0.2}}}
    fake.write_run(tmp_path / "runs", fake.HEART, fake.METHODS[0], 0)
    fake.write_run(
        tmp_path / "runs", fake.HEART, fake.METHODS[0], 1, error="ValueError: typo", changes=other
    )
    page = read_page(build(tmp_path / "runs", tmp_path / "site"))
    assert "ValueError: typo" in " ".join(page.words) and len(page.rows) == 2


def test_other_engines_and_devices_are_named(fake, tmp_path, read_page):
    for place, method in enumerate(fake.METHODS[:2]):
        usual = fake.config(fake.BRAIN, method, 0)["environment"]
        changes = {"engine": f"e{place}", "environment": {**usual, "device": f"gpu {place}"}}
        fake.write_run(tmp_path / "runs", fake.BRAIN, method, 0, changes=changes)
    text = " ".join(read_page(build(tmp_path / "runs", tmp_path / "out")).words)
    assert "group_resampling (engine e1 instead of e0; device gpu 1 instead of gpu 0)" in text
    assert "precision float32 instead" not in text


def test_the_first_screen_says_that_rows_were_made_by_other_code(fake, tmp_path):
    for place, method in enumerate(fake.METHODS[:2]):
        changes = {"engine": f"e{place}"}
        fake.write_run(tmp_path / "runs", fake.BRAIN, method, 0, changes=changes)
    screen = Page(build(tmp_path / "runs", tmp_path / "out").read_text())
    text = " ".join(screen.words)
    assert (
        "Small differences may come from that: group_resampling (engine e1 instead of e0)" in text
    )
    assert screen.words.count("made differently") == 1


def test_refuses_without_finished_runs(fake, tmp_path):
    fake.write_run(tmp_path / "runs", fake.HEART, fake.METHODS[0], 0, error="ValueError: no luck")
    with pytest.raises(ValueError, match=r"1 of them failed.*no luck.*equipoise run"):
        build(tmp_path / "runs", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_refuses_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="No finished run below"):
        build(tmp_path / "nowhere", tmp_path / "out")


def test_a_formula_does_not_run_in_a_spreadsheet(fake, tmp_path):
    method = fake.FakeMethod("=1+1")
    fake.write_run(tmp_path / "runs", fake.BRAIN, method, 0)
    index = build(tmp_path / "runs", tmp_path / "out")
    with (index.parent / "leaderboard.csv").open() as file:
        assert next(csv.DictReader(file))["method"] == "'=1+1"


def test_needs_no_torch_and_no_task():
    words = (
        "import sys, leaderboard.build; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'torch', 'tasks', 'mlflow'}))"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)
def test_a_column_is_one_entry(built, column):
    """From its entry follow the head with its help, a cell in every row, and the CSV's fields."""
    heads = [a for tag, a in built.page.tags if tag == "th" and a.get("data-key") == column.key]
    assert [head["data-first"] for head in heads] == [column.first] * 2
    helps = [a.get("title") for tag, a in built.page.tags if "head" in a.get("class", "").split()]
    assert helps.count(column.help) == 2
    assert all(column.key in row or column.key == "place" for row in built.page.rows.values())
    fields = (built.index.parent / "leaderboard.csv").read_text().splitlines()[0].split(",")
    if column.key in METRICS:
        assert {column.key, f"{column.key}_low", f"{column.key}_high"} <= set(fields)


def test_a_preset_says_what_it_is_good_for_in_a_sentence(built):
    assert (
        "<strong>quick:</strong> Small networks and small images. Digital cohorts are" in built.text
    )
