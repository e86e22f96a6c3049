"""The knobs that all digital cohorts of this project have, and those that they fill in."""

from __future__ import annotations

from benchmark.api.variant import Knob

SEVERITY = Knob(
    "severity",
    "Bias of train and val: 0 none; 1 twice the association seen in life, and the selection of "
    "patients by the training hospital; 0.5 half of both.",
    0,
    1.5,
    1,
)
LABEL_NOISE = Knob(
    "label_noise",
    "Share of train and val labels that are wrong; test labels stay clean.",
    0,
    0.5,
    0,
    short="noise",
)
SITE_SHIFT = Knob(
    "site_shift",
    "Scanner of test: 0 that of train, 1 a clearly different one.",
    0,
    2,
    0,
    short="site",
)


def share(name: str, of_what: str, default: float) -> Knob:
    """Return a knob that sets a share of the people in train and val."""
    return Knob(name, f"Share of {of_what} in train and val.", 0.01, 0.99, default)
