"""history.csv: what is written comes back, and what is no curve is refused."""

import pytest

from benchmark.records.base import UnreadableRecord
from benchmark.records.history import read_history, write_history


def test_curves_of_two_stages_come_back(tmp_path):
    write_history(
        tmp_path,
        [{"stage": "base", "step": 5, "loss": 0.5}, {"stage": "classifier", "step": 1, "auroc": 1}],
    )
    table = read_history(tmp_path)
    assert table["step"].tolist() == [5, 1]
    assert table["loss"].isna().tolist() == [False, True]


def test_without_curves_there_is_no_file(tmp_path):
    write_history(tmp_path, [])
    assert not list(tmp_path.iterdir())
    assert len(read_history(tmp_path)) == 0


@pytest.mark.parametrize("text", ["stage,epoch\na,1\n", "stage,step,loss\na,1,low\n"])
def test_what_is_no_curve_is_refused(tmp_path, text):
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(UnreadableRecord, match="Do the run again"):
        read_history(tmp_path)
