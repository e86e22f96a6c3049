"""Writes the reference of the metrics from their entries.

Run: python -m benchmark.metrics.reference > docs/reference/metrics.md
"""

from __future__ import annotations

from benchmark.metrics.catalogue import METRICS, Metric

TITLE = """# Metrics

Written from the entries of `benchmark/metrics/catalogue.py` by `python -m
benchmark.metrics.reference`; change the entries, not this page. [Scores](scores.md) has the
formulas, an example by hand, and how intervals and comparisons are made. A version goes up when a
value changes for the same predictions: 2 is the decision rule of
[the operating point](../results/decision_rule.md).

| metric | title | version | better | meaning | computed for | undefined without |
|---|---|---|---|---|---|---|
"""
COMPUTED_FOR = {
    "group": "everybody, every group",
    "cell": "every cell",
    "attribute": "every attribute; overall the {over} of them",
    "run": "the whole run",
    "everybody": "everybody as recruited",
}


def reference() -> str:
    """Return the page: one line per metric, in the order of the catalogue."""
    return TITLE + "".join(_line(name, metric) for name, metric in METRICS.items())


def _line(name: str, metric: Metric) -> str:
    parts = [f"`{name}`", metric.title, str(metric.version), metric.better, metric.meaning]
    return f"| {' | '.join([*parts, _computed_for(metric), metric.needs])} |\n"


def _computed_for(metric: Metric) -> str:
    words = COMPUTED_FOR[metric.per].format(over=metric.over)
    return f"{words} (two classes only)" if metric.two_classes else words


if __name__ == "__main__":
    print(reference(), end="")
