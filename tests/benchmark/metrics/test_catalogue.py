from pathlib import Path

import pytest

from benchmark.metrics.catalogue import METRICS

SCORES_PAGE = Path(__file__).parents[3] / "docs" / "reference" / "scores.md"


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_explained(name):
    assert f"`{name}`" in SCORES_PAGE.read_text()


def test_an_undefined_value_is_printed_as_a_word():
    assert METRICS["auroc"].format(None) == "undefined"


@pytest.mark.parametrize(("name", "said"), [("accuracy", "87.5%"), ("auroc", "0.875")])
def test_values_are_printed_as_shares_or_numbers(name, said):
    assert METRICS[name].format(0.875) == said
