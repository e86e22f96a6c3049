"""A task declares knobs; a variant sets all of them, and is named after those that are turned."""

import pickle

import pytest

from benchmark.api.variant import Knob, Knobs, Variant

KNOBS = Knobs(
    (
        Knob("severity", "Bias.", 0, 1.5, 1),
        Knob("label_noise", "Wrong labels.", 0, 0.5, 0, short="noise"),
        Knob("women", "Share of women.", 0.01, 0.99, 0.541),
    ),
    hints={"sex": "Set women."},
)


def test_a_knob_that_is_not_set_stays_at_its_default():
    variant = KNOBS.variant(women=0.2)
    assert dict(variant.settings) == {"severity": 1.0, "label_noise": 0.0, "women": 0.2}
    assert variant["women"] == 0.2


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "severity-1"),
        ({"severity": 0.5, "label_noise": 0.05, "women": 0.2}, "severity-0.5_noise-0.05_women-0.2"),
        ({"women": 0.541}, "severity-1"),
    ],
)
def test_a_variant_is_named_after_its_first_knob_and_those_that_are_turned(settings, name):
    assert KNOBS.variant(**settings).name == name


def test_a_digital_cohort_without_knobs_has_a_name_all_the_same():
    assert Knobs().variant() == Variant((), "digital")


def test_a_bad_variant_is_refused_with_all_its_problems():
    with pytest.raises(ValueError, match=r"severity is -1; allowed: 0 to 1\.5\.") as refused:
        KNOBS.variant(severity=-1, wemon=0.2)
    assert "There is no knob 'wemon'. Did you mean 'women'? Knobs: severity (0 to 1.5), " in str(
        refused.value
    )


def test_a_task_says_what_to_set_instead_of_a_knob_that_it_lacks():
    for name in ("sex", "sexe"):
        problem = KNOBS.problems({name: 1})[name]
        assert problem.startswith(f"There is no knob {name!r}. Set women. Knobs: ")


def test_reading_a_knob_that_was_never_declared_is_an_error_that_names_those_that_were():
    with pytest.raises(KeyError, match=r"no knob 'site'\. Its knobs: severity, label_noise, women"):
        KNOBS.variant()["site"]


def test_a_default_outside_its_range_is_refused_where_it_is_declared():
    with pytest.raises(ValueError, match="its default 2 is not 0 to 1"):
        Knob("severity", "Bias.", 0, 1, 2)


def test_a_variant_travels_to_other_processes():
    variant = KNOBS.variant(severity=0)
    assert pickle.loads(pickle.dumps(variant)) == variant


def test_a_variant_is_a_value_that_can_be_counted():
    knobs = Knobs((Knob("severity", "Bias.", 0, 1, 1),))
    assert len({knobs.variant(), knobs.variant(severity=1), knobs.variant(severity=0)}) == 2


def test_numbers_that_differ_have_names_that_differ():
    knobs = Knobs((Knob("severity", "Bias.", 0, 1, 1),))
    names = {knobs.variant(severity=value).name for value in (0.1234567, 0.12345671)}
    assert len(names) == 2


@pytest.mark.parametrize("name", ["a/b", "..", "", "Women", "1st"])
def test_a_knob_that_cannot_name_a_folder_is_refused(name):
    with pytest.raises(ValueError, match="small letters"):
        Knob(name, "Help.", 0, 1, 0)


def test_two_knobs_of_one_name_are_refused():
    both = (Knob("women", "Share.", 0, 1, 0), Knob("share", "Share.", 0, 1, 0, short="women"))
    with pytest.raises(ValueError, match="Two knobs are called women"):
        Knobs(both)
