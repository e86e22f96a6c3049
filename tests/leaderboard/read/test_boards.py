import json
from dataclasses import replace

import pytest

from leaderboard.read.boards import collect, read_cohort


@pytest.fixture
def cohort(fake, tmp_path):
    fake.write_cohort(tmp_path / "cohort", fake.BRAIN)
    return tmp_path / "cohort"


def rename_first(folder, name):
    content = json.loads((folder / "cohort.json").read_text())
    content["pictures"][0]["file"] = name
    (folder / "cohort.json").write_text(json.dumps(content))


def test_pictures_and_counts_are_read(cohort, fake):
    found = read_cohort(cohort, fake.BRAIN)
    assert len(found.pictures) == 12
    assert len(found.counts) == 36
    assert found.refused == ()


@pytest.mark.parametrize(
    "name",
    ["../secret.png", "/etc/passwd", "", "missing.png", "cohort.json", "a\0.png", "a" * 5000],
)
def test_names_that_lead_elsewhere_are_refused(cohort, name, fake):
    (cohort.parent / "secret.png").write_bytes((cohort / "age_band-0.png").read_bytes())
    rename_first(cohort, name)
    found = read_cohort(cohort, fake.BRAIN)
    assert len(found.pictures) == 11
    assert len(found.refused) == 1


def test_a_link_out_of_the_folder_is_refused(cohort, fake):
    (cohort.parent / "secret.png").write_bytes((cohort / "age_band-0.png").read_bytes())
    (cohort / "link.png").symlink_to(cohort.parent / "secret.png")
    rename_first(cohort, "link.png")
    assert len(read_cohort(cohort, fake.BRAIN).refused) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("counts"),
        lambda content: content["counts"][0].update(label="neither"),
        lambda content: content["counts"][0].update(n="many"),
        lambda content: content["counts"][0].update(n=-1),
        lambda content: content["counts"][0].update(n=10**9 + 1),
        lambda content: content["pictures"][0].pop("file"),
    ],
)
def test_a_cohort_of_another_form_is_named_and_not_shown(cohort, fake, change):
    content = json.loads((cohort / "cohort.json").read_text())
    change(content)
    (cohort / "cohort.json").write_text(json.dumps(content))
    found = read_cohort(cohort, fake.BRAIN)
    assert (found.counts, found.pictures) == ((), ())
    assert found.unreadable.startswith("cohort.json cannot be read")
    assert "Give `equipoise run` again" in found.unreadable and found.refused == ()


def test_a_cohort_of_another_card_is_not_shown(cohort, fake):
    assert read_cohort(cohort, fake.HEART).counts == ()


@pytest.mark.parametrize(
    ("name", "pictures"),
    [("cohort-1a2b3c4d", 12), ("../cohort-1a2b3c4d", 0), ("..", 0), ("a" * 5000, 0)],
)
def test_cohort_lies_in_the_folder_that_its_runs_name(fake, tmp_path, name, pictures):
    beside = tmp_path / "runs" / "brain_mr_sex" / "severity-1"
    for folder in (beside / "cohort-1a2b3c4d", beside.parent / "cohort-1a2b3c4d"):
        fake.write_cohort(folder, fake.BRAIN)
    changes = {"cohort": name}
    fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0, changes=changes)
    (board,) = collect(tmp_path / "runs").boards
    assert len(board.cohort.pictures) == pictures


def test_a_cohort_folder_elsewhere_is_not_followed(fake, tmp_path):
    fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)
    fake.write_cohort(tmp_path / "elsewhere", fake.BRAIN)
    beside = tmp_path / "runs" / "brain_mr_sex" / "severity-1"
    (beside / "cohort-1a2b3c4d").symlink_to(tmp_path / "elsewhere")
    assert collect(tmp_path / "runs").boards[0].cohort.pictures == ()


def test_no_cohort_is_an_empty_one(fake, tmp_path):
    assert read_cohort(tmp_path, fake.BRAIN).pictures == ()


def test_seeds_of_one_row_are_gathered(fake, tmp_path):
    for seed in (1, 0):
        fake.write_run(tmp_path, fake.BRAIN, fake.METHODS[0], seed)
    (board,) = collect(tmp_path).boards
    (row,) = board.rows
    assert row.seeds == (0, 1)


def test_other_fields_make_another_row(fake, tmp_path):
    for limit in (5.0, 20.0):
        method = fake.FakeMethod("group_resampling", fields={"limit": limit})
        fake.write_run(tmp_path, fake.BRAIN, method, 0)
    (board,) = collect(tmp_path).boards
    assert [row.method.fields["limit"] for row in board.rows] == [20.0, 5.0]


def test_code_that_finished_last_is_shown(fake, tmp_path):
    for code, finished in (("b", "2026-01-01"), ("a", "2026-02-01"), ("c", "2025-01-01")):
        method = fake.FakeMethod("erm", code=code)
        fake.write_run(tmp_path, fake.BRAIN, method, 0, finished=finished)
    (row,) = collect(tmp_path).boards[0].rows
    assert (row.method.source[0], row.older) == ("a", 2)


def test_another_card_of_the_same_name_makes_a_board_of_its_own(fake, tmp_path):
    fake.write_run(tmp_path, fake.BRAIN, fake.METHODS[0], 0, finished="2026-01-01")
    other = replace(fake.BRAIN, title="A stranger's title")
    fake.write_run(tmp_path, other, fake.METHODS[1], 0, finished="2026-02-01")
    boards = collect(tmp_path).boards
    found = {board.card.title: [row.name for row in board.rows] for board in boards}
    assert found == {fake.BRAIN.title: ["erm"], other.title: ["group_resampling"]}
    assert len({board.slug for board in boards}) == 2
