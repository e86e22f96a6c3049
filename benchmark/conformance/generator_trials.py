"""A generator, if a method brings one, is asked for a few patients, as its judge will ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import pandas as pd

from benchmark.api.data import Split
from benchmark.api.mix_target import Target
from benchmark.api.protocols import (
    Generator,
    Method,
    NeutralGenerator,
    generator_of,
    has_before,
    is_generator,
    is_neutral_generator,
    target_of,
)
from benchmark.conformance.finding import Finding, raised
from benchmark.generation.patient_requests import ask_for_patients

FEW = 5  # patients that are asked for
DRAWS = "its generator draws images, the same for the same seed"
NEUTRAL = "its generator can be asked for neutral patients"
UNSAID = "its generator draws where a request leaves words out (None)"


@runtime_checkable
class Aims(Protocol):
    """A method with the two fields that say which mix of groups its generator is to draw."""

    aligns: str
    target: str


def aims(method: Method) -> bool:
    """Say whether a method has the two fields of :class:`Aims`, as words."""
    if not isinstance(method, Aims):
        return False
    return isinstance(method.aligns, str) and isinstance(method.target, str)


def try_generator(predictor: object, val: Split, method: Method) -> Iterator[Finding]:
    """Ask the predictor's generator, if there is one, for a few patients, twice with one seed."""
    generator = generator_of(predictor)
    if isinstance(target_of(predictor), Target) and target_of(generator) is None:
        advice = "the predictor has a target, which nobody reads; it belongs to its generator."
        yield Finding(NEUTRAL, advice)
    if generator is None:
        return
    if not is_generator(generator):
        yield Finding(DRAWS, "predictor.generator has no generate(requests, masks, seed).")
        return
    yield from _target(generator, method)
    if is_neutral_generator(generator):
        yield _neutral(generator, val, method)
    yield _repeated(generator, val, method)


def _target(generator: Generator, method: Method) -> Iterator[Finding]:
    """Look for a target, and for what goes with it."""
    if target_of(generator) is None:
        advice = (
            "the method has a field `target`; give its generator one "
            "(docs/guides/submit_a_generator.md)."
        )
        what = "its generator has no target, so nobody counts the groups that it draws"
        yield Finding(what, advice if aims(method) else "")
    elif not has_before(generator):
        advice = "it has a target and no `before`; that is the generator before tuning, or None."
        yield Finding(NEUTRAL, advice)


def _neutral(generator: NeutralGenerator, val: Split, method: Method) -> Finding:
    """Ask for patients whose every word is left out, as the judge will."""
    if not isinstance(generator.target, Target):
        kind = type(generator.target).__name__
        guide = "docs/guides/submit_a_generator.md"
        return Finding(UNSAID, f"target is a {kind}; make it with read_target ({guide}).")
    if generator.before is not None and not is_generator(generator.before):
        kind = type(generator.before).__name__
        return Finding(UNSAID, f"before is a {kind}; it must be a generator, or None.")
    nothing = _requests(val).astype(object)
    nothing.loc[:, :] = None
    try:
        for side in (generator, generator.before):
            if side is not None:
                ask_for_patients(side, nothing, val.masks[:FEW], 0)
    except Exception as error:  # a stranger's code may raise anything; it is reported, not hidden
        return Finding(UNSAID, raised(error, method))
    return Finding(UNSAID)


def _repeated(generator: Generator, val: Split, method: Method) -> Finding:
    """Ask for the same patients twice."""
    rows = _requests(val)
    try:
        first, second = (ask_for_patients(generator, rows, val.masks[:FEW], 0) for _ in range(2))
    except Exception as error:  # a stranger's code may raise anything; it is reported, not hidden
        return Finding(DRAWS, raised(error, method))
    same = bool((first == second).all())
    return Finding(
        DRAWS, "" if same else "two calls with one seed differ; draw from the seed alone."
    )


def _requests(val: Split) -> pd.DataFrame:
    return val.table.drop(columns=["image_id", "patient_id"]).head(FEW)
