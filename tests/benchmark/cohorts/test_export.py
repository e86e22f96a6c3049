import pandas as pd
import pytest

from benchmark.api.data import Source
from benchmark.cohorts.export import export_cohort
from benchmark.cohorts.toy import toy_task

TASK = toy_task()
SPLITS = TASK.load(Source(image_size=16, train=5, val=2, test=4), TASK.knobs.variant(), 0)


def test_the_table_names_files_that_are_there(tmp_path):
    export_cohort(SPLITS, TASK.card, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "participants.tsv", sep="\t")
    assert table["split"].value_counts().to_dict() == {"train": 5, "val": 2, "test": 4}
    files = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.png")}
    assert files == {*table["image_1"], *table["mask_1"]}
    assert len(files) == 22


def test_a_folder_that_holds_anything_is_refused_and_kept(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(FileExistsError, match="is not empty"):
        export_cohort(SPLITS, TASK.card, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "out").mkdir()
    export_cohort(SPLITS, TASK.card, tmp_path / "out")
    assert (tmp_path / "out" / "participants.tsv").exists()
