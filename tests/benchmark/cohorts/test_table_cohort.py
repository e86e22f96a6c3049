"""Table cohorts that are read: what comes back, who is in which split, what is cached."""

import dataclasses
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmark.api.data import Source
from benchmark.cohorts import table as table_module
from benchmark.cohorts.checks import NAMES
from benchmark.cohorts.table import assign_splits, load_table_cohort
from benchmark.discovery.code_digest import import_graph
from tests.benchmark.cohorts.exported_cohort import CARD, SIZE, TASK, change, load, set_cell


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


def test_what_lacks_is_said_once_and_not_for_every_seed(exported, capsys):
    _, folder = exported
    table = pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str)
    table = table.drop(columns=["split", "mask_1"]).assign(patient_id=[*range(21), 0])
    table["label"] = ["low", "high"] * 11
    table.to_csv(folder / "participants.tsv", sep="\t", index=False)
    for seed in (0, 1):
        source = Source(folder=folder, image_size=SIZE, cache=folder.parent / "cache")
        load_table_cohort(source, CARD, seed)
    words = " ".join(capsys.readouterr().err.split())
    assert words.count("22 of 22 images have no mask") == 1
    assert words.count("patient 0 has label low (row 2) and high (row 23)") == 1


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
