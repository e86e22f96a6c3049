from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchmark.cohorts.facts import own_patients
from leaderboard.build import build
from leaderboard.read.boards import Cohort
from leaderboard.tables.patients import (
    commonest_and_rarest,
    count_table,
    facts,
    severity_words,
    terms,
)


def entry(label, age, volume, n, split="train"):
    return {"split": split, "label": label, "age_band": age, "volume_band": volume, "n": n}


def test_counts_stand_in_their_cells_and_absent_cells_are_zero(fake):
    counts = (entry("male", "40 to 59", "large", 7), entry("female", "under 40", "small", 120))
    table = count_table(fake.BRAIN, Cohort(counts), fake.DIGITAL)
    numbers = [[cell["n"] for cell in row["cells"]] for row in table["rows"]]
    assert numbers == [[120, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 7, 0, 0, 0]]
    assert [cell["rare"] for cell in table["rows"][0]["cells"]] == [False] + [True] * 8
    assert table["headers"][0] == [("under 40", 3), ("40 to 59", 3), ("60 and over", 3)]


def test_attributes_that_do_not_fit_side_by_side_go_into_rows(fake):
    counts = ({"split": "train", "label": "heart failure", "sex": "male", "n": 3},)
    full = tuple({**c, "age_band": "under 60", "bmi_band": "obese"} for c in counts)
    table = count_table(fake.HEART, Cohort(full), fake.DIGITAL)
    assert table["stubs"] == 2
    assert table["rows"][0]["stubs"] == [("no heart failure", 2), ("female", 1)]
    assert table["rows"][3]["cells"][2]["n"] == 3


def test_other_splits_are_not_counted(fake):
    cohort = Cohort((entry("male", "40 to 59", "large", 7, "val"),))
    assert count_table(fake.BRAIN, cohort, fake.DIGITAL) is None
    assert commonest_and_rarest(fake.BRAIN, cohort) is None


def test_commonest_and_rarest_cell(fake):
    cohort = Cohort((entry("male", "40 to 59", "large", 7),))
    total, commonest, rarest = commonest_and_rarest(fake.BRAIN, cohort)
    assert (total, commonest) == (7, ("male, 40 to 59, large", 7))
    assert rarest == ("female, under 40, small", 0)


def test_the_page_of_a_hospital_says_nothing_of_digital_cohorts(fake, tmp_path, read_page):
    """On a digital card: "nobody's body is in it", "generated images", "severity 1", ..."""
    ward = own_patients(tmp_path / "my ward")
    source = {"kind": "table", "name": "my ward", "content": "c0ffee00"}
    changes = {"source": source, "cohort_facts": ward.as_dict()}
    (tmp_path / "my ward").mkdir()
    for seed in (0, 1):
        fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], seed, changes=changes)
    beside = tmp_path / "runs" / "brain_mr_sex" / "severity-1" / "cohort-1a2b3c4d"
    fake.write_cohort(beside, fake.BRAIN, ward)
    words = " ".join(read_page(build(tmp_path / "runs", tmp_path / "out")).words)
    assert "Patients of the folder my ward; licence and ethics are its owner's." in words
    assert "Training images per cell" in words
    of_digital_cohorts = ("digital", "generated", "simulated", "severity", "another seed draws")
    said = [phrase for phrase in of_digital_cohorts if phrase in words.lower()]
    assert said == []
    assert not any(fact in words for fact in vars(fake.DIGITAL).values())


def test_the_page_of_a_digital_cohort_says_what_it_is(built, fake):
    words = " ".join(built.page.words)
    for phrase in (fake.DIGITAL.caveats, fake.DIGITAL.licence, "severity 1", "another seed draws"):
        assert phrase in words


@pytest.mark.parametrize(
    ("counts", "words"),
    [((), "at least 9,000"), (((450, "test"), (50, "test"), (7, "val")), "500")],
)
def test_counted_test_images_are_not_at_least_so_many(fake, counts, words):
    sizes = SimpleNamespace(train=1500, val=500, test=9000, image_size=64)
    cohort = Cohort(tuple({"split": split, "n": n} for n, split in counts))
    preset = SimpleNamespace(source=sizes)
    board = SimpleNamespace(card=fake.BRAIN, preset=preset, facts=fake.DIGITAL, cohort=cohort)
    assert f" validation and {words} test images of 64 × 64" in dict(facts(board))["Digital cohort"]


def test_a_page_sent_by_mail_needs_no_other_file(fake):
    card = replace(fake.BRAIN, notes="Version 2: the lean are rare. In version 1 not. Same hearts.")
    cohort = replace(fake.DIGITAL, caveats="A design estimate (see docs/cohorts). Not patients.")
    found = dict(terms(card, cohort))
    assert found["Label and groups"] == "The lean are rare."
    assert found["How far to trust these images"] == "A design estimate. Not patients."


def test_severity_in_words():
    assert severity_words(1.0) == (
        "twice the association of label and groups seen in life, and the training hospital's own "
        "selection of patients"
    )
