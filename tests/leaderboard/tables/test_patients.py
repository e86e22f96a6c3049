from leaderboard.read.boards import Cohort
from leaderboard.tables.patients import commonest_and_rarest, count_table


def entry(label, age, volume, n, split="train"):
    return {"split": split, "label": label, "age_band": age, "volume_band": volume, "n": n}


def test_counts_stand_in_their_cells_and_absent_cells_are_zero(fake):
    counts = (entry("male", "40 to 59", "large", 7), entry("female", "under 40", "small", 120))
    table = count_table(fake.BRAIN, Cohort(counts))
    numbers = [[cell["n"] for cell in row["cells"]] for row in table["rows"]]
    assert numbers == [[120, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 7, 0, 0, 0]]
    assert [cell["rare"] for cell in table["rows"][0]["cells"]] == [False] + [True] * 8
    assert table["headers"][0] == [("under 40", 3), ("40 to 59", 3), ("60 and over", 3)]


def test_attributes_that_do_not_fit_side_by_side_go_into_rows(fake):
    counts = ({"split": "train", "label": "heart failure", "sex": "male", "n": 3},)
    full = tuple({**c, "age_band": "under 60", "bmi_band": "obese"} for c in counts)
    table = count_table(fake.HEART, Cohort(full))
    assert table["stubs"] == 2
    assert table["rows"][0]["stubs"] == [("no heart failure", 2), ("female", 1)]
    assert table["rows"][3]["cells"][2]["n"] == 3


def test_other_splits_are_not_counted(fake):
    cohort = Cohort((entry("male", "40 to 59", "large", 7, "val"),))
    assert count_table(fake.BRAIN, cohort) is None
    assert commonest_and_rarest(fake.BRAIN, cohort) is None


def test_commonest_and_rarest_cell(fake):
    cohort = Cohort((entry("male", "40 to 59", "large", 7),))
    total, commonest, rarest = commonest_and_rarest(fake.BRAIN, cohort)
    assert (total, commonest) == (7, ("male, 40 to 59, large", 7))
    assert rarest == ("female, under 40, small", 0)
