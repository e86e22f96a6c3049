from pathlib import Path

from benchmark.metrics.reference import reference

PAGE = Path(__file__).parents[3] / "docs/reference/metrics.md"


def test_the_reference_is_that_of_the_entries():
    again = "python -m benchmark.metrics.reference > docs/reference/metrics.md"
    assert PAGE.read_text() == reference(), f"write it anew: {again}"
