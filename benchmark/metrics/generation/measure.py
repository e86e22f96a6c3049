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
)

Number = float | None


def measure_asked(evidence: AskedEvidence) -> dict[str, dict[str, Number]]:
    """Return "value" and "floor" of every metric of the patients that were asked for, by name."""
    found: dict[str, dict[str, Number]] = {}
    for name, metric in ASKED_METRICS.items():
        values = _by_name(name, metric.function(evidence, evidence.drawn))
        floors = _floors(name, metric, evidence, values)
        found |= {
            one: {"value": defined(value), "floor": defined(floors[one])}
            for one, value in values.items()
        }
    return found


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
    found: dict[str, Number] = {}
    for name, metric in NEUTRAL_METRICS.items():
        values = _by_name(name, metric.function(evidence, images))
        found |= {one: defined(value) for one, value in values.items()}
    return found


def _by_name(name: str, found: float | Mapping[str, float]) -> dict[str, float]:
    if isinstance(found, Mapping):
        return {part_name(name, part): value for part, value in found.items()}
    return {name: found}


def defined(value: float) -> Number:
    """Return a number that JSON can hold: with few patients a metric may be undefined."""
    return float(value) if math.isfinite(value) else None
