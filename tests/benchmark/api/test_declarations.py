"""A declaration that is misspelt, misplaced or impossible is refused as the file is imported."""

from dataclasses import dataclass

import pytest

from benchmark.api.declarations import Declaration, declaration_of, method, ranged, task
from benchmark.cohorts.toy import ToyTask


def written(**changes):
    """A class with all that a method needs, but for the changes."""
    body = {"fit": lambda self, train, val, ctx: None, "__doc__": "Something.", **changes}
    return dataclass(frozen=True)(type("Written", (), body))


def test_what_is_declared_is_read_back_from_the_class_and_from_the_method():
    mark = method(groups_used="train", trains_generator=True, by_default=False)
    marked = mark(written())
    declared = Declaration("train", trains_generator=True, by_default=False)
    assert declaration_of(marked) == declaration_of(marked()) == declared


def test_a_method_must_beat_plain_training_unless_it_says_more():
    assert declaration_of(method(groups_used="never")(written())).compare_with == ("erm",)
    mark = method(groups_used="never", compare_with=("erm", "duplicate_real"))
    assert declaration_of(mark(written())).compare_with == ("erm", "duplicate_real")


def test_a_misspelt_declaration_is_refused_with_the_nearest_name():
    with pytest.raises(TypeError, match=r"'trains_generater'.* Did you mean 'trains_generator'\?"):
        method(groups_used="never", trains_generater=True)(written())


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("groups_used", r'write @method\(groups_used="train"\)'),
        ("trains_generater", r'write @method\(trains_generator="train"\)'),
    ],
)
def test_a_class_variable_that_looks_like_a_declaration_is_refused(name, advice):
    with pytest.raises(TypeError, match=f"{name} does nothing; {advice}"):
        method(groups_used="never")(written(**{name: "train"}))


def test_the_bare_mark_says_what_to_write_for_the_class_variables_that_are_there():
    old = written(groups_used="train", trains_generater=True)
    with pytest.raises(TypeError, match=r'@method\(groups_used="train", trains_generator=True\)'):
        method(old)


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        ({"groups_used": "sometimes"}, "groups_used is 'sometimes'; allowed: never, train, test"),
        ({"groups_used": ""}, "groups_used is ''; allowed: never, train, test"),
        ({"groups_used": False}, "groups_used is False; allowed: never, train, test"),
        ({"groups_used": []}, r"groups_used is \[\]; allowed: never, train, test"),
        ({"extra_data": "internet"}, "extra_data is 'internet'; allowed: none, digital_cohort"),
        ({"trains_generator": "yes"}, "trains_generator is 'yes'; allowed: False, True"),
        ({"by_default": 0}, "by_default is 0; allowed: False, True"),
        ({"groups_used": None}, "it declares no groups"),
        ({"compare_with": "erm"}, "compare_with is 'erm'; name at least one row to beat"),
        ({"compare_with": ()}, r"compare_with is \(\); name at least one"),
        ({"compare_with": ("erm", "erm")}, "each once, in a tuple"),
        ({"compare_with": ["erm"]}, "in a tuple"),
        ({"compare_with": ("erm", 1)}, "in a tuple"),
        ({"compare_with": ("../erm",)}, "in a tuple"),
    ],
    ids=str,
)
def test_an_impossible_declaration_is_refused(declared, complaint):
    with pytest.raises(TypeError, match=complaint):
        method(**{"groups_used": "never", **declared})(written())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"fit": lambda self, train: None}, r"it needs fit\(self, train, val, ctx\)"),
        ({"check": lambda self: None}, r"it needs check\(self, card\)"),
        (
            {"checks": lambda self, card: None},
            r"its checks is called by nobody; did you mean check",
        ),
        ({"__doc__": ""}, "it has no docstring"),
    ],
)
def test_the_mark_refuses_a_class_that_breaks_the_contract(change, complaint):
    with pytest.raises(TypeError, match=complaint):
        method(groups_used="never")(written(**change))


def test_the_mark_refuses_a_class_that_is_no_frozen_dataclass():
    with pytest.raises(TypeError, match="no frozen dataclass"):
        method(groups_used="never")(type("Plain", (), {"__doc__": "Something."}))


def test_all_problems_are_told_at_once():
    with pytest.raises(TypeError, match=r"extra_date.*groups_used is 'always'.*"):
        method(groups_used="always", extra_date="none")(written())


def test_a_class_without_a_mark_of_its_own_is_no_method():
    child = dataclass(frozen=True)(type("Child", (method(groups_used="never")(written()),), {}))
    with pytest.raises(TypeError, match="Child is no method: mark it"):
        declaration_of(child)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"card": "heart"}, "its class attribute card is no TaskCard"),
        ({"load": lambda self, source: None}, r"it needs load\(self, source, variant, seed\)"),
        ({"prompt": None}, r"it needs prompt\(self, row\)"),
        (
            {"new_patient": lambda self, requests, source, seed: None},
            r"its new_patient is called by nobody; did you mean new_patients\(self",
        ),
    ],
)
def test_the_mark_refuses_a_task_that_breaks_the_contract(change, complaint):
    body = {"card": ToyTask().card, "load": lambda self, source, variant, seed: None}
    body |= {"prompt": lambda self, row: ""}
    task(type("Sound", (), body))
    with pytest.raises(TypeError, match=complaint):
        task(type("Wrong", (), {**body, **change}))


def test_the_mark_with_a_bare_word_says_what_to_write():
    with pytest.raises(TypeError, match=r"@method\('train'\): write @method\(groups_used=\.\.\.\)"):
        method("train")


@pytest.mark.parametrize("default", [5, -1, float("nan")])
def test_a_default_outside_of_its_own_range_is_refused(default):
    with pytest.raises(TypeError, match="the default must lie in the range"):
        ranged(default, 0, 3)
