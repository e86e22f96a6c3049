"""Which groups are put into prompts that leave them open."""

import dataclasses

import pandas as pd

from baselines.controls.groups_in_prompt import with_groups
from benchmark.api.card import Attribute
from benchmark.cohorts.toy import toy_task
from benchmark.generation.mix_targets import read_target
from benchmark.planning.expand_runs import default_methods

CARD = toy_task(2, 2).card
OPEN = pd.DataFrame({"label": [None] * 1000, "site": [None] * 1000}, dtype=object)


def test_groups_are_named_as_often_as_the_target_has_them():
    target = read_target("north: 0.2; south: 0.8", CARD, ("site",))
    table = with_groups(OPEN, target, 0)
    assert 0.15 < (table["site"] == "north").mean() < 0.25
    assert table["label"].isna().all()


def test_what_a_prompt_names_already_stays():
    target = read_target("north: 0; south: 1", CARD, ("site",))
    asked = pd.DataFrame({"label": ["low", None], "site": ["north", None]}, dtype=object)
    assert with_groups(asked, target, 0)["site"].tolist() == ["north", "south"]


def test_of_several_columns_both_words_are_of_one_group():
    target = read_target(
        "low, north: 0.5; low, south: 0; high, north: 0; high, south: 0.5", CARD, ("label", "site")
    )
    table = with_groups(OPEN, target, 0)
    assert set(zip(table["label"], table["site"], strict=True)) == {
        ("low", "north"), ("high", "south"),
    }  # fmt: skip


def test_a_value_with_a_comma_is_named_whole():
    sites = Attribute("site", ("north", "south, by the sea"), "Site")
    card = dataclasses.replace(CARD, attributes=(sites,))
    target = read_target("low, south, by the sea: 1; low, north: 0; high, north: 0; "
                         "high, south, by the sea: 0", card, ("label", "site"))  # fmt: skip
    table = with_groups(OPEN, target, 0)
    assert set(table["site"]) == {"south, by the sea"} and set(table["label"]) == {"low"}


def test_the_same_seed_draws_the_same_groups():
    target = read_target("uniform", CARD, ("site",))
    assert with_groups(OPEN, target, 3).equals(with_groups(OPEN, target, 3))


def test_it_runs_only_if_it_is_named():
    assert "groups_in_prompt" not in default_methods(digital=True, generator=True)
