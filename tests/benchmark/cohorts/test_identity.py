import os
import shutil

import pytest

from benchmark.cohorts import identity
from benchmark.cohorts.checks import CohortError
from benchmark.cohorts.identity import content_digest


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "cohort"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "a.png").write_bytes(b"a picture")
    (folder / "mask.png").write_bytes(b"a mask")
    (folder / "participants.tsv").write_text(
        "patient_id\timage_id\timage_1\tmask\np1\tx\timages/a.png\tmask.png\n"
    )
    return folder


@pytest.mark.parametrize("name", ["images/a.png", "mask.png"])
def test_other_bytes_of_the_same_size_are_another_cohort(folder, name):
    before = content_digest(folder)
    size = (folder / name).stat().st_size
    (folder / name).write_bytes(b"x" * size)
    os.utime(folder / name, ns=(1, 1))  # the clock may be too coarse to tell the two apart
    assert content_digest(folder) != before


def test_another_table_is_another_cohort(folder):
    before = content_digest(folder)
    table = folder / "participants.tsv"
    table.write_text(table.read_text().replace("p1", "p2"))
    os.utime(table, ns=(1, 1))
    assert content_digest(folder) != before


def test_name_place_age_and_neighbours_do_not_matter(folder, tmp_path):
    before = content_digest(folder)
    (folder / "notes.txt").write_text("not of the table")
    copy = shutil.copytree(folder, tmp_path / "elsewhere" / "other name")
    os.utime(copy / "mask.png", ns=(1, 1))
    assert content_digest(copy) == before


def test_a_missing_file_is_part_of_the_hash_and_no_error(folder):
    before = content_digest(folder)
    (folder / "mask.png").unlink()
    assert content_digest(folder) != before


@pytest.mark.parametrize("path", ["../secret.png", "/dev/zero", "loop.png", "images", "a\\0b"])
def test_what_is_no_file_of_the_folder_counts_as_absent(folder, path):
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder.parent / "secret.png").write_bytes(b"1")
    table = folder / "participants.tsv"
    table.write_text(table.read_text().replace("mask.png", path.replace("\\0", "\0")))
    before = content_digest(folder)
    (folder.parent / "secret.png").write_bytes(b"22")
    assert content_digest(folder) == before


def test_every_file_is_read_once_per_process(folder, monkeypatch):
    before = content_digest(folder)
    monkeypatch.setattr(identity, "_sha256", None)  # reading again would fail
    assert content_digest(folder) == before


def test_a_table_that_cannot_be_read_still_has_a_hash(folder):
    (folder / "participants.tsv").write_text("a\nb\tc\td\n")
    assert len(content_digest(folder)) == 16


def test_a_folder_without_a_table_is_refused(tmp_path):
    with pytest.raises(CohortError, match=r"has no participants\.tsv"):
        content_digest(tmp_path)
