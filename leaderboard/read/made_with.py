"""What runs were made with, and where that differs between two rows of a board."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.records.config import RunConfig

PACKAGES = ("torch", "torchvision", "timm", "numpy")  # other versions round or draw differently
COMPUTED = ("device", "precision", "threads")


def differences(own: Sequence[RunConfig], reference: Sequence[RunConfig]) -> tuple[str, ...]:
    """Name what a row was made with that the reference was not: "torch 2.14.0 instead of 2.15.0".

    A row whose own runs differ from each other is named too, the reference included.
    """
    if not own or not reference:
        return ()
    mine, theirs = _made_with(own), _made_with(reference)
    words = []
    for name, values in mine.items():
        if values != theirs[name]:
            words.append(f"{name} {' and '.join(values)} instead of {' and '.join(theirs[name])}")
        elif len(values) > 1:
            words.append(f"{name} {' and '.join(values)} in runs of one row")
    return tuple(words)


def _made_with(configs: Sequence[RunConfig]) -> dict[str, list[str]]:
    """Return the values of every fact, in order."""
    facts = [
        {
            "engine": config.engine[:6],
            "task code": config.task.source[:6],
            **{name: str(config.environment.get(name, "unknown")) for name in COMPUTED + PACKAGES},
        }
        for config in configs
    ]
    return {name: sorted({one[name] for one in facts}) for name in facts[0]}
