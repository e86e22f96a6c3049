import pytest

from benchmark.metrics.catalogue import METRICS


def test_an_undefined_value_is_printed_as_a_word():
    assert METRICS["auroc"].format(None) == "undefined"


@pytest.mark.parametrize(("name", "words"), [("accuracy", "87.5%"), ("auroc", "0.875")])
def test_values_are_printed_as_shares_or_numbers(name, words):
    assert METRICS[name].format(0.875) == words
