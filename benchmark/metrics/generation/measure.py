"""Goes over the catalogue and calls its functions; what is undefined becomes None."""

from __future__ import annotations

import math
from collections.abc import Mapping

from benchmark.metrics.generation.catalogue import (
    ASKED_METRICS,
    NEUTRAL_METRICS,
    GenerationMetric,
    part_name,
)
from benchmark.metrics.generation.evidence import (
    AskedEvidence,
    Images,
    NeutralEvidence,
    NeutralImages,
    Sample,
)
from benchmark.metrics.generation.halves import HALVES, standard_errors

Number = float | None


def measure_asked(evidence: AskedEvidence, *, halves: int = 0) -> dict[str, dict[str, Number]]:
    """Return "value" and "floor" of every metric of the patients that were asked for, by name.

    halves: how many random halves give each value its standard error, "error"; 0: none is given.
    """
    found: dict[str, dict[str, Number]] = {}
    for name, metric in ASKED_METRICS.items():
        values = _by_name(name, metric.function(evidence, evidence.drawn))
        floors = _floors(name, metric, evidence, values)
        found |= {
            one: {"value": defined(value), "floor": defined(floors[one])}
            for one, value in values.items()
        }
    if halves:
        errors = standard_errors(_all_asked, evidence, evidence.drawn, halves)
        for name, error in errors.items():
            found[name]["error"] = defined(error)
    return found


def _all_asked(evidence: AskedEvidence, sample: Sample) -> dict[str, float]:
    parts = [_by_name(n, metric.function(evidence, sample)) for n, metric in ASKED_METRICS.items()]
    return {name: value for part in parts for name, value in part.items()}


def _floors(
    name: str, metric: GenerationMetric, evidence: AskedEvidence, values: Mapping[str, float]
) -> dict[str, float]:
    """Return the same numbers of real patients."""
    if isinstance(metric.floor, float):
        return dict.fromkeys(values, metric.floor)
    real: Images = evidence.other if metric.floor == "other half" else evidence.reference
    return _by_name(name, metric.function(evidence, real))


def measure_neutral(evidence: NeutralEvidence, images: NeutralImages) -> dict[str, Number]:
    """Return every metric of what neutral prompts draw, by name."""
    return {name: defined(value) for name, value in _all_neutral(evidence, images).items()}


def errors_of_neutral(
    evidence: NeutralEvidence, images: NeutralImages, halves: int = HALVES
) -> dict[str, Number]:
    """Return the standard error of each of them, from random halves of the images."""
    errors = standard_errors(_all_neutral, evidence, images, halves)
    return {name: defined(error) for name, error in errors.items()}


def _all_neutral(evidence: NeutralEvidence, images: NeutralImages) -> dict[str, float]:
    parts = [
        _by_name(n, metric.function(evidence, images)) for n, metric in NEUTRAL_METRICS.items()
    ]
    return {name: value for part in parts for name, value in part.items()}


def _by_name(name: str, found: float | Mapping[str, float]) -> dict[str, float]:
    if isinstance(found, Mapping):
        return {part_name(name, part): value for part, value in found.items()}
    return {name: found}


def defined(value: float) -> Number:
    """Return a number that JSON can hold: with few patients a metric may be undefined."""
    return float(value) if math.isfinite(value) else None
