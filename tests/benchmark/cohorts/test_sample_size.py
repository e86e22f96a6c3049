import pandas as pd

from benchmark.cohorts.sample_size import headline_cells, small_cells
from benchmark.cohorts.toy import toy_task

CARD = toy_task(2, 2).card


def patients(*counts):
    """As many patients of low north, low south, high north and high south."""
    cells = [("low", "north"), ("low", "south"), ("high", "north"), ("high", "south")]
    rows = [cell for cell, n in zip(cells, counts, strict=True) for _ in range(n)]
    table = pd.DataFrame(rows, columns=["label", "site"])
    return table.assign(patient_id=[f"p{i}" for i in range(len(table))])


def test_patients_are_counted_and_not_their_images():
    twice = pd.concat([patients(2, 1, 0, 3)] * 2)
    assert headline_cells(twice, CARD) == {
        "north, high": 0, "south, low": 1, "north, low": 2, "south, high": 3
    }  # fmt: skip


def test_large_cells_raise_no_warning():
    assert small_cells(patients(385, 385, 385, 385), CARD) == []


def test_small_cells_are_named_with_what_they_can_show():
    first, *lines = small_cells(patients(400, 1, 100, 0), CARD)
    assert "in 3 of 4 cells. 385 patients" in first and "within 5 points" in first
    assert lines == [
        "  south, high: nobody. Worst-group accuracy is undefined, for every method.",
        "  south, low: 1 patient, accuracy known to within 98 points; differences below 100 points "
        "stay unseen.",
        "  north, high: 100 patients, accuracy known to within 10 points; differences below 14 "
        "points stay unseen.",
    ]
