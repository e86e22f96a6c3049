"""What a target may be, and which sentences leave it open."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from benchmark.api.card import Attribute
from benchmark.api.mix_target import Target
from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.generation.mix_targets import columns_to_align, read_target
from benchmark.generation.neutral_prompts import neutral_requests, spread

HEARTS = load_task(find_tasks()["cmr_heart_failure"]).card
BRAINS = load_task(find_tasks()["brain_mr_sex"]).card


def test_sex_is_aligned_wherever_the_card_has_it():
    assert columns_to_align(HEARTS) == ("sex",)
    assert columns_to_align(BRAINS) == ("label",)
    assert columns_to_align(HEARTS, "sex, bmi_band") == ("sex", "bmi_band")


def test_an_unknown_column_is_refused_with_what_there_is():
    with pytest.raises(ValueError, match=r"no 'gender' to align.*label, sex, age_band, bmi_band"):
        columns_to_align(HEARTS, "gender")


def test_uniform_counts_every_intersection_alike():
    target = read_target("uniform", HEARTS, ("sex", "bmi_band"))
    assert target.groups[:2] == (("female", "normal weight"), ("female", "overweight"))
    assert target.shares == (1 / 6,) * 6


def with_attributes(*attributes):
    return dataclasses.replace(HEARTS, attributes=attributes, intersections=(), population=())


def test_a_value_with_a_comma_is_one_group():
    ethnicity = Attribute("ethnicity", ("Asian", "Asian, other"), "Ethnicity")
    card = with_attributes(ethnicity)
    target = read_target("Asian, other: 0.3; Asian: 0.7", card, ("ethnicity",))
    assert target.groups == (("Asian",), ("Asian, other",))
    assert target.shares == (0.7, 0.3)


def test_groups_that_read_alike_need_another_column():
    first = Attribute("a", ("x", "x, y"), "A")
    second = Attribute("b", ("y, z", "z"), "B")
    card = with_attributes(first, second)
    table = "x, y, z: 0.4; x, z: 0.3; x, y, y, z: 0.3"
    with pytest.raises(ValueError, match="two groups are both written 'x, y, z'"):
        read_target(table, card, ("a", "b"))


def test_population_is_what_the_card_publishes():
    assert read_target("population", HEARTS, ("sex",)).shares == pytest.approx((0.541, 0.459))
    with pytest.raises(ValueError, match="no shares of age_band are published"):
        read_target("population", HEARTS, ("age_band",))


def test_a_table_of_more_than_two_values_is_read_in_the_order_of_the_card():
    asked = "obese: 0.2; normal weight: 0.5; overweight: 0.3"
    assert read_target(asked, HEARTS, ("bmi_band",)).shares == (0.5, 0.3, 0.2)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("female: 0.5; male: 0.4", "sum to 0.9, not to 1"),
        ("female: 0.5; men: 0.5", "no group 'men'.*no share for 'male'"),
        ("female: 1.5; male: -0.5", "share of female is 1.5.*share of male is -0.5"),
        ("half", "'half' is no group with a share"),
        ("female: 0.4, male: 0.6", "separate groups by semicolons"),
        ("female: 40%; male: 60%", "'female: 40%' is in percent; write 0.4 for 40%"),
    ],
)
def test_a_table_that_cannot_be_is_refused_with_everything_that_is_wrong(asked, problem):
    with pytest.raises(ValueError, match=problem):
        read_target(asked, HEARTS, ("sex",))


def test_shares_are_said_in_percent_as_exactly_as_they_need():
    assert read_target("uniform", HEARTS, ("sex",)).words == "female 50%, male 50%"
    thirds = read_target("uniform", HEARTS, ("bmi_band",)).words
    assert thirds.count(" 33.3%") == 3


def test_rounded_shares_are_scaled_to_one():
    target = read_target(
        "obese: 0.33; normal weight: 0.33; overweight: 0.33", HEARTS, ("bmi_band",)
    )
    assert sum(target.shares) == pytest.approx(1, abs=1e-12)


def test_the_table_that_an_error_suggests_is_accepted():
    columns = ("sex", "bmi_band")
    with pytest.raises(ValueError, match="a table such as") as error:
        read_target("half", HEARTS, columns)
    suggested = str(error.value).split('such as "')[1].split('"')[0]
    assert read_target(suggested, HEARTS, columns).shares == pytest.approx([1 / 6] * 6, abs=2e-3)


def test_a_column_named_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        columns_to_align(HEARTS, "sex,sex")


@pytest.mark.parametrize("card", [HEARTS, BRAINS], ids=lambda card: card.name)
def test_neutral_sentences_name_nothing_that_is_aligned(card):
    columns = columns_to_align(card)
    tuned, held_out = neutral_requests(card, columns)
    for table in (tuned, held_out):
        assert table[list(columns)].isna().all(axis=None)
    assert len(tuned) >= 8 and len(held_out) >= 4
    assert not set(map(tuple, tuned.fillna("").to_numpy())) & set(
        map(tuple, held_out.fillna("").to_numpy())
    )
    words = set(pd.unique(held_out.to_numpy().ravel())) - {None}
    assert words <= set(pd.unique(tuned.to_numpy().ravel()))
    assert tuned.isna().all(axis=1).any()  # nothing at all is said


def test_a_spread_begins_with_what_says_least():
    tuned, _ = neutral_requests(HEARTS, ("sex",))
    few = spread(tuned, 5)
    assert len(few) == 5 and few.iloc[0].isna().all()
    assert len(spread(tuned, 1000)) == len(tuned)


@pytest.mark.parametrize("card", [HEARTS, BRAINS], ids=lambda card: card.name)
def test_a_spread_says_every_word_about_as_often_as_the_whole_does(card):
    for table, n in zip(neutral_requests(card, columns_to_align(card)), (8, 4), strict=True):
        words, few = table.fillna("nothing"), spread(table, n).fillna("nothing")
        for name in words:
            for word, share in words[name].value_counts(normalize=True).items():
                assert abs((few[name] == word).sum() - share * n) <= 1, (name, word)


def test_groups_of_rows_and_of_probabilities_are_numbered_alike():
    target = read_target("uniform", HEARTS, ("sex", "bmi_band"))
    table = pd.DataFrame({"sex": ["male"], "bmi_band": ["overweight"]})
    assert target.encode(table, HEARTS).tolist() == [4]
    joint = target.probabilities(
        {"sex": np.array([[0.1, 0.9]]), "bmi_band": np.array([[0.2, 0.7, 0.1]])}
    )
    assert joint.argmax() == 4 and joint[0, 4] == pytest.approx(0.63)
    assert isinstance(target, Target)


def test_columns_that_are_one_string_are_refused():
    with pytest.raises(TypeError, match=r"give columns_to_align\(card, 'sex'\)"):
        read_target("uniform", HEARTS, "sex")
