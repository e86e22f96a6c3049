"""What is true of one cohort and not of its task: licence, citation, how far to trust it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

CohortKind = Literal["digital", "table"]


@dataclass(frozen=True)
class CohortFacts:
    """What one must know before using or quoting a cohort.

    Raises ValueError for an unknown kind.
    """

    kind: CohortKind  # digital: simulated; table: a folder of someone's own patients
    name: str
    licence: str
    citation: str  # empty where Equipoise knows of nothing to cite
    caveats: str  # how far to trust it, in plain words

    def __post_init__(self) -> None:
        if self.kind not in get_args(CohortKind):
            allowed = ", ".join(get_args(CohortKind))
            raise ValueError(f"The kind of a cohort is {self.kind!r}; allowed: {allowed}.")

    @property
    def digital(self) -> bool:
        """Whether its images are simulated, so that they may be shown and drawn anew."""
        return self.kind == "digital"

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as plain values, ready for JSON."""
        return asdict(self)
