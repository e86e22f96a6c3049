import dataclasses
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmark.api.data import Source
from benchmark.cohorts import table as table_module
from benchmark.cohorts.checks import NAMES, CohortError
from benchmark.cohorts.export import export_cohort
from benchmark.cohorts.table import assign_splits, load_table_cohort
from benchmark.cohorts.toy import toy_task
from benchmark.discovery.code_digest import import_graph

SIZE = 16
TASK = toy_task(2, 2)
CARD = TASK.card


@pytest.fixture
def exported(tmp_path):
    splits = TASK.load(Source(image_size=SIZE, train=12, val=6, test=4), TASK.knobs.variant(), 0)
    export_cohort(splits, CARD, tmp_path / "cohort")
    return splits, tmp_path / "cohort"


def load(folder: Path, card=CARD, seed=0):
    source = Source(folder=folder, image_size=SIZE, cache=folder.parent / "cache")
    return load_table_cohort(source, card, seed)


def change(folder: Path, edit) -> None:
    table = pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str)
    table = edit(table)
    table.to_csv(folder / "participants.tsv", sep="\t", index=False)


def set_cell(row: int, column: str, value: str):
    """Change a cell; row 2 is the first below the header."""

    def edit(table):
        table.loc[row - 2, column] = value
        return table

    return edit


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(CohortError) as caught:
        load(folder)
    return caught.value.problems


def test_an_exported_cohort_comes_back_as_it_was(exported):
    splits, folder = exported
    back = load(folder)
    for name in NAMES:
        old, new = getattr(splits, name), getattr(back, name)
        np.testing.assert_allclose(new.images, old.images, atol=1.1 / 131070)
        np.testing.assert_array_equal(new.masks, old.masks)
        pd.testing.assert_frame_equal(new.table, old.table, check_dtype=False)


def test_arrays_are_memory_mapped_and_made_once(exported, monkeypatch):
    _, folder = exported
    first = load(folder)
    monkeypatch.setattr("benchmark.cohorts.table.read_row", None)  # reading again would fail
    again = load(folder, seed=1)  # there is a split column: the seed changes nothing
    assert isinstance(again.train.images, np.memmap)
    assert again.fingerprint == first.fingerprint


def test_a_changed_image_file_changes_the_fingerprint(exported):
    _, folder = exported
    first = load(folder)
    path = folder / "images" / "train_00003_1.png"
    Image.fromarray(np.full((SIZE, SIZE), 65535, np.uint16)).save(path)
    again = load(folder)
    assert again.fingerprint != first.fingerprint
    np.testing.assert_array_equal(again.train.images[3], 1)


def test_bids_names_csv_and_missing_masks_are_understood(exported, capsys):
    _, folder = exported
    table = pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str)
    table = table.rename(columns={"patient_id": "participant_id"})
    table = table.drop(columns=["image_id", "mask_1"])
    (folder / "participants.tsv").unlink()
    table.to_csv(folder / "participants.csv", index=False)
    back = load(folder)
    assert list(back.train.table["image_id"]) == list(back.train.table["patient_id"])
    assert not back.train.masks.any()
    assert "22 of 22 images have no mask" in " ".join(capsys.readouterr().err.split())


def test_several_images_of_a_patient_are_numbered(exported):
    _, folder = exported
    change(folder, set_cell(3, "patient_id", "train-00000"))
    change(folder, lambda table: table.drop(columns="image_id"))
    assert list(load(folder).train.table["image_id"][:3]) == [
        "train-00000_1",
        "train-00000_2",
        "train-00002",
    ]


def test_columns_may_be_named_after_channels(exported):
    _, folder = exported
    change(folder, lambda table: table.rename(columns={"image_1": "image_picture"}))
    assert len(load(folder).train) == 12


def test_raw_images_are_scaled_by_their_own_percentiles(exported):
    _, folder = exported
    change(folder, lambda table: table.drop(columns="intensity"))
    images = load(folder).train.images
    np.testing.assert_allclose(images.reshape(12, -1).max(axis=1), 1)
    np.testing.assert_allclose(images.reshape(12, -1).min(axis=1), 0)


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        (4, "label", "hihg", "row 4, label: 'hihg'. Allowed: low, high. Did you mean 'high'?"),
        (4, "site", "N", "row 4, site: 'N'. Allowed: north, south. Did you mean 'north'?"),
        (4, "site", "63.5", "row 4, site: '63.5'. Allowed: north, south."),
        (4, "site", "n/a", "row 4, site: is empty."),
        (4, "split", "training", "row 4, split: 'training'. Allowed: train, val, test."),
        (4, "image_id", "train-00000", "row 4, image_id: 'train-00000' is taken by row 2."),
        (4, "image_1", "gone.png", "row 4, image_1: 'gone.png' does not exist."),
        (4, "image_1", "../a.png", "must be relative to the folder"),
        (4, "image_1", "/etc/a.png", "must be relative to the folder"),
        (4, "image_1", "images/train_00000_1.png", "is the picture of patient train-00000 (row 2)"),
        (4, "intensity", "other", "row 4, intensity: 'other'. Allowed: raw, unit."),
    ],
)
def test_one_wrong_cell_is_one_clear_problem(exported, row, column, value, message):
    _, folder = exported
    change(folder, set_cell(row, column, value))
    (problem,) = problems_of(folder)
    assert message in problem
    assert f"participants.tsv, row {row}, {column}" in problem


@pytest.mark.parametrize(("column", "value"), [("slice", "-1"), ("field_of_view_mm", "nan mm")])
def test_numbers_must_be_numbers(exported, column, value):
    _, folder = exported
    change(folder, lambda table: table.assign(**{column: ""}))
    change(folder, set_cell(5, column, value))
    (problem,) = problems_of(folder)
    assert problem.startswith(f"participants.tsv, row 5, {column}: {value!r}")


def test_a_patient_in_two_splits_is_named_with_both_rows(exported):
    _, folder = exported
    change(folder, set_cell(15, "patient_id", "train-00000"))
    (problem,) = problems_of(folder)
    assert "row 15, split: patient train-00000 is in val and in train (row 2)" in problem


def test_a_link_out_of_the_folder_is_refused(exported, tmp_path):
    _, folder = exported
    Image.fromarray(np.zeros((SIZE, SIZE), np.uint8)).save(tmp_path / "outside.png")
    (folder / "inside.png").symlink_to(tmp_path / "outside.png")
    change(folder, set_cell(2, "image_1", "inside.png"))
    (problem,) = problems_of(folder)
    assert "is a link out of the folder" in problem


def test_a_broken_link_to_the_images_is_one_problem_with_the_number_of_rows(exported, tmp_path):
    _, folder = exported
    (folder / "images").rename(tmp_path / "moved")
    (folder / "images").symlink_to(tmp_path / "gone")
    assert problems_of(folder) == [
        "participants.tsv, rows 2, 3, 4, ... (22 rows), image_1: its folder 'images' is a broken "
        "link; make it again, or copy the files into the folder."
    ]


def test_a_cohort_refused_while_it_is_read_leaves_nothing_in_the_cache(exported):
    _, folder = exported
    (folder / "images" / "train_00001_1.png").write_bytes(b"not a picture")
    assert len(problems_of(folder)) == 1
    assert [path.name for path in (folder.parent / "cache").iterdir() if path.is_dir()] == []


def test_an_unreadable_image_and_a_wrong_mask_are_told_with_all_else(exported):
    _, folder = exported
    (folder / "images" / "train_00001_1.png").write_bytes(b"not a picture")
    Image.fromarray(np.full((SIZE, SIZE), 7, np.uint8)).save(folder / "masks/train_00002_1.png")
    change(folder, set_cell(5, "label", "hihg"))
    problems = problems_of(folder)
    assert len(problems) == 3
    assert "row 5, label" in problems[2]
    assert "row 3, image_1: images/train_00001_1.png cannot be read" in problems[0]
    assert (
        "row 4, mask_1: masks/train_00002_1.png holds 7. Allowed: 0 background, 1 blob."
        in problems[1]
    )


def test_a_failed_cohort_leaves_nothing_that_could_be_read_as_whole(exported, tmp_path):
    _, folder = exported
    (folder / "images" / "train_00001_1.png").write_bytes(b"not a picture")
    problems_of(folder)
    assert not [
        p for p in (tmp_path / "cache").glob("*") if p.is_dir() and ".partial" not in p.name
    ]
    problems_of(folder)  # and the second go says the same


def test_missing_columns_are_named_together(exported):
    _, folder = exported
    change(folder, lambda table: table.drop(columns="image_1").rename(columns={"site": "sites"}))
    problems = problems_of(folder)
    assert problems[0] == "has no column 'site'. Rename 'sites'?"
    assert problems[1].startswith("has no column 'image', nor all of image_1 (picture)")


def test_a_card_with_more_channels_needs_them_all(exported):
    _, folder = exported
    change(folder, lambda table: table.rename(columns={"image_1": "image"}).drop(columns="mask_1"))
    card = dataclasses.replace(CARD, channels=("first", "second"))
    with pytest.raises(CohortError, match="holds 1 channels; 2 needed") as caught:
        load(folder, card)
    assert len(caught.value.problems) == 22


def test_a_class_missing_from_train_and_an_empty_split_are_refused(exported):
    _, folder = exported
    change(folder, lambda table: table.replace({"split": {"val": "test"}}))
    change(folder, lambda t: t.assign(label=t["label"].where(t["split"] != "train", "low")))
    problems = problems_of(folder)
    assert "val has no patients (22 rows in all)." in problems
    assert "train has no patient with label 'high': it cannot be learned." in problems


def test_a_long_list_is_cut_with_a_count(exported):
    _, folder = exported
    other = [f"other {row}" for row in range(22)]  # equal problems would be one line
    change(folder, lambda table: table.assign(label=other, site=other, split=other))
    with pytest.raises(CohortError, match=r"66 problems(?s:.)*\.\.\. and 16 more\."):
        load(folder)


@pytest.mark.parametrize("content", ["", "a\tb\n", "patient_id\tlabel\nx\ty\tz\tmore\n"])
def test_a_table_that_is_no_table_is_a_cohort_error(tmp_path, content):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "participants.tsv").write_text(content)
    with pytest.raises(CohortError):
        load(tmp_path / "c")


def test_a_folder_without_a_table_says_what_is_missing(tmp_path):
    with pytest.raises(CohortError, match=r"has no participants\.tsv"):
        load(tmp_path)
    with pytest.raises(CohortError, match="is not a folder"):
        load(tmp_path / "nowhere")


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**31), n=st.integers(60, 200), visits=st.integers(1, 3))
def test_patients_are_dealt_whole_and_evenly_within_every_cell(seed, n, visits):
    cell = np.arange(n) % 4
    patients = pd.DataFrame(
        {
            "patient_id": [f"p{i}" for i in range(n)],
            "label": np.array(["low", "high"])[cell // 2],
            "site": np.array(["north", "south"])[cell % 2],
        }
    )
    table = pd.concat([patients] * visits, ignore_index=True)
    table["split"] = assign_splits(table, CARD, seed)
    assert len(table.drop_duplicates(["patient_id", "split"])) == n
    for _, cell in table[:n].groupby(["label", "site"]):
        for name, share in zip(NAMES, (0.6, 0.15, 0.25), strict=True):
            assert abs((cell["split"] == name).sum() - share * len(cell)) < 2


def test_the_order_of_rows_does_not_change_who_is_in_test():
    table = TASK.load(Source(train=80, val=1, test=4), TASK.knobs.variant(), 0).train.table
    shuffled = table.sample(frac=1, random_state=0)
    splits = assign_splits(table, CARD, seed=3)
    pd.testing.assert_series_equal(splits, assign_splits(shuffled, CARD, seed=3).sort_index())


def test_test_patients_are_the_same_for_every_seed_and_the_seed_deals_the_others(exported):
    _, folder = exported
    change(folder, lambda table: table.drop(columns="split"))
    first, second = load(folder, seed=0), load(folder, seed=5)
    assert list(first.test.table["patient_id"]) == list(second.test.table["patient_id"])
    assert set(first.val.table["patient_id"]) != set(second.val.table["patient_id"])


def test_test_patients_follow_the_hash_of_their_ids():
    table = TASK.load(Source(train=80, val=1, test=4), TASK.knobs.variant(), 0).train.table
    renamed = table.assign(patient_id="other " + table["patient_id"])
    one, other = (assign_splits(t, CARD, seed=0) == "test" for t in (table, renamed))
    assert one.sum() == other.sum() == 20
    assert (one & other).sum() < 15


def test_other_code_is_another_cohort(exported, monkeypatch):
    _, folder = exported
    first = load(folder)
    monkeypatch.setattr("benchmark.cohorts.table.code_digest", lambda *files: "other code")
    assert load(folder).fingerprint != first.fingerprint


def test_the_code_that_shapes_the_arrays_is_part_of_their_key():
    shaping = ("bands", "images", "participants", "paths", "rows", "storage", "table")
    graph = import_graph(Path(table_module.__file__))
    assert {f"benchmark/cohorts/{name}.py" for name in shaping} <= set(graph)


def test_another_image_size_is_another_cohort(exported):
    _, folder = exported
    small = load(folder)
    source = Source(folder=folder, image_size=2 * SIZE, cache=folder.parent / "cache")
    large = load_table_cohort(source, CARD, 0)
    assert large.train.images.shape == (12, 1, 2 * SIZE, 2 * SIZE)
    assert large.fingerprint != small.fingerprint


def test_two_channel_volumes_with_a_slice_and_a_field_of_view(exported):
    _, folder = exported
    card = dataclasses.replace(CARD, channels=("end-diastole", "end-systole"))
    volume = np.random.default_rng(0).random((40, 40, 3, 2)).astype(np.float32)
    affine = np.diag([2.0, 2.0, 10.0, 1.0])
    nibabel.save(nibabel.Nifti1Image(volume, affine), folder / "v.nii.gz")
    labels = (volume > 0.5).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(labels, affine), folder / "m.nii.gz")
    files = [f"v{i}.nii.gz" for i in range(3)]
    for file in files:
        (folder / file).write_bytes((folder / "v.nii.gz").read_bytes())
    keep = [0, 1, 12, 18]  # a train row of each label, one of val, one of test
    table = pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str)
    table = table.drop(columns=["image_1", "mask_1"]).iloc[keep]
    table["label"] = ["low", "high", "low", "low"]
    table["patient_id"] = ["a", "a", "b", "c"]
    table["image"] = [files[0], files[0], files[1], files[2]]
    table = table.assign(mask="m.nii.gz", slice="2", field_of_view_mm="32")  # 16 pixels of 2 mm
    table.to_csv(folder / "participants.tsv", sep="\t", index=False)
    train = load(folder, card).train
    assert train.images.shape == (2, 2, SIZE, SIZE)
    seen = volume[:, :, 2, :].transpose(2, 1, 0)[:, ::-1, ::-1][:, 12:28, 12:28]
    np.testing.assert_array_equal(train.images[0], seen)
    np.testing.assert_array_equal(train.masks[0], seen > 0.5)


@pytest.mark.parametrize(
    ("column", "hint"),
    [("Sites", " Rename 'Sites'?"), ("image_site", ""), ("split", "")],
)
def test_a_renaming_is_suggested_only_for_a_column_that_is_free(exported, column, hint):
    _, folder = exported
    change(folder, lambda table: table.drop(columns="split").rename(columns={"site": column}))
    assert problems_of(folder) == [f"has no column 'site'.{hint}"]


def test_commas_in_a_tsv_are_one_problem(exported):
    _, folder = exported
    table = pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str)
    table.to_csv(folder / "participants.tsv", index=False)
    (problem,) = problems_of(folder)
    assert problem.startswith("is one column wide: .tsv files have tabs between columns")
