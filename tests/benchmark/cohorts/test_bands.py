from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.api.card import Attribute
from benchmark.cohorts.bands import add_bands, band, band_problems
from benchmark.cohorts.checks import CohortError
from benchmark.cohorts.participants import Participants, read_participants
from benchmark.cohorts.toy import toy_task

AGE = Attribute("age_band", ("under 45", "45 to 64", "65 or older"), "Age", "age", (45, 65))
BMI = Attribute("bmi_band", ("lean", "obese"), "Body mass index", "bmi", (30,))
CARD = replace(toy_task().card, attributes=(AGE, BMI))


def problems(**columns: list[str]) -> list[str]:
    table = pd.DataFrame(columns)
    table.index = pd.RangeIndex(2, len(table) + 2)
    return band_problems(Participants(Path("participants.tsv"), table, (), ()), CARD)


def test_an_edge_belongs_to_the_band_above_it():
    table = add_bands(pd.DataFrame({"age": ["44.99", "45", "64", "65", "1e2"]}), one_attribute())
    assert list(table["age_band"]) == [
        "under 45",
        "45 to 64",
        "45 to 64",
        "65 or older",
        "65 or older",
    ]


def one_attribute():
    return replace(CARD, attributes=(AGE,))


@given(st.floats(0.1, 200))
def test_every_number_lies_between_the_edges_of_its_band(age):
    place = AGE.values.index(band([age], AGE)[0])
    low, high = [0, *AGE.edges][place], [*AGE.edges, 1000][place]
    assert low <= age < high


def test_words_that_are_there_stay_and_the_rest_is_made():
    table = add_bands(pd.DataFrame({"age_band": ["under 45"], "bmi": ["31"]}), CARD)
    assert table.loc[0, ["age_band", "bmi_band"]].tolist() == ["under 45", "obese"]


@pytest.mark.parametrize("text", ["old", "67,5", "0", "-3", "inf", "1_0", "0x10"])
def test_a_number_that_cannot_be_banded_is_named(text):
    assert problems(age=["50", text], bmi=["20", "30"]) == [
        f"participants.tsv, row 3, age: {text!r} is not a number above 0."
    ]


def test_an_empty_number_is_named_if_there_is_no_word():
    assert problems(age=["50", ""]) == [
        "participants.tsv, row 3, age: is empty. age_band is made from it."
    ]


def test_a_number_may_be_withheld_where_the_word_stands():
    assert problems(age=["50", ""], age_band=["45 to 64", "65 or older"]) == []


def test_a_word_that_contradicts_its_number_is_named():
    assert problems(age=["50", "65"], age_band=["45 to 64", "45 to 64"]) == [
        "participants.tsv, row 3, age_band: '45 to 64', but age is 65: '65 or older'. "
        "Mend one, or remove the column age."
    ]


def test_a_bad_number_beside_a_word_may_be_emptied():
    (problem,) = problems(age=["50+"], age_band=["45 to 64"])
    assert problem.endswith(
        "is not a number above 0. Or leave the cell empty: age_band holds the band."
    )


def test_a_table_with_neither_word_nor_number_is_told_of_both(tmp_path):
    (tmp_path / "participants.tsv").write_text("patient_id\tlabel\timage\tbmi\np\tlow\ta.png\t20\n")
    with pytest.raises(CohortError) as caught:
        read_participants(tmp_path, CARD)
    assert caught.value.problems == [
        "has no column 'age_band', nor the number 'age' to make it from."
    ]
