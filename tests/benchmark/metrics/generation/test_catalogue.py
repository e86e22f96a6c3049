"""One function and one entry make a metric: it is measured, shown and documented."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.metrics.generation import catalogue
from benchmark.metrics.generation.catalogue import ASKED_METRICS, GenerationMetric, table_lines
from benchmark.metrics.generation.measure import measure_asked
from benchmark.records.generation import Generation
from leaderboard.tables.generation import generation_table

DOCS = Path(__file__).parents[4] / "docs" / "reference" / "generation_track.md"


def brightness(evidence, sample):
    """Mean brightness of the images."""
    return float(sample.images.mean())


ENTRY = GenerationMetric("Brightness", "neither", "How bright images are.", "images", brightness)


def images(value):
    return SimpleNamespace(images=np.full((2, 1, 2, 2), value))


@pytest.fixture
def alone(monkeypatch):
    """Return what makes an entry the only one."""

    def register(entry):
        for name in list(ASKED_METRICS):
            monkeypatch.delitem(ASKED_METRICS, name)
        monkeypatch.setitem(ASKED_METRICS, "brightness", entry)

    return register


def evidence(drawn=0.25):
    return SimpleNamespace(drawn=images(drawn), other=images(0.5), reference=images(0.75))


@pytest.mark.parametrize(
    ("floor", "expected"), [("other half", 0.5), ("reference half", 0.75), (1.0, 1.0)]
)
def test_an_entry_is_measured_beside_the_floor_that_it_names(alone, floor, expected):
    alone(GenerationMetric("B", "neither", "", "images", brightness, floor=floor))
    assert measure_asked(evidence()) == {"brightness": {"value": 0.25, "floor": expected}}


def test_an_entry_is_a_column_of_the_page(alone):
    alone(ENTRY)
    judged = Generation(n=2, judge="j", scores=measure_asked(evidence()))
    run = SimpleNamespace(generation=judged, gallery=None)
    standing = SimpleNamespace(row=SimpleNamespace(done=[run]))
    found = generation_table([standing], ["mine"], with_gallery=False)
    assert found["columns"] == [("Brightness", "How bright images are. Best near the floor.")]
    assert found["rows"][0]["cells"] == [{"value": "0.25", "floor": "0.50", "error": ""}]


def test_several_numbers_of_a_metric_stand_by_their_names(alone):
    def by_kind(evidence, sample):
        return {"bright": 1.0, "dark": float("nan")}

    alone(GenerationMetric("B", "neither", "", "images", by_kind, floor=0.5))
    assert measure_asked(evidence()) == {
        "brightness/bright": {"value": 1.0, "floor": 0.5},
        "brightness/dark": {"value": None, "floor": 0.5},
    }


@pytest.mark.parametrize(
    ("value", "words"), [(0.256, "0.26"), (-0.001, "0.00"), (float("nan"), "–")]
)
def test_values_are_printed(value, words):
    assert ENTRY.format(value) == words


def test_the_docs_have_the_table_of_the_catalogue():
    text = DOCS.read_text()
    assert [line for line in table_lines() if line not in text] == []
    assert len(table_lines()) == 2 + len(ASKED_METRICS) + len(catalogue.NEUTRAL_METRICS)
