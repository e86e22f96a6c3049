"""A variant: a setting of a digital cohort's bias knobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Variant:
    """A setting of a digital cohort's bias knobs. Table cohorts accept only the default."""

    severity: float = 1.0  # 0: label independent of attributes; 0.5: as in life; 1: twice as strong
    prevalence: float | None = None  # share of the positive class in train; None: the task's own
    label_noise: float = 0.0  # share of train and val labels flipped; test labels stay clean
    site_shift: float = 0.0  # 0: test from the training scanner; 1: from a clearly different one
    women: float | None = None  # share in train and val, where sex is an attribute; None: as usual

    def __post_init__(self) -> None:
        limits = {"severity": 1.5, "label_noise": 0.5, "site_shift": 2.0}
        problems = [
            f"{name} is {getattr(self, name)}; allowed: 0 to {top}"
            for name, top in limits.items()
            if not 0 <= getattr(self, name) <= top
        ]
        for name in ("prevalence", "women"):
            share = getattr(self, name)
            if share is not None and not 0.01 <= share <= 0.99:
                problems.append(f"{name} is {share}; allowed: 0.01 to 0.99")
        if problems:
            raise ValueError("; ".join(problems) + ".")

    @property
    def name(self) -> str:
        """A readable name: the severity, then every other knob that is turned."""
        parts = [f"severity-{self.severity:g}"]
        if self.prevalence is not None:
            parts.append(f"prevalence-{self.prevalence:g}")
        if self.label_noise:
            parts.append(f"noise-{self.label_noise:g}")
        if self.site_shift:
            parts.append(f"site-{self.site_shift:g}")
        if self.women is not None:
            parts.append(f"women-{self.women:g}")
        return "_".join(parts)
