"""What a trial found, and an exception in words that say what to mend."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.api.card import TaskCard
from benchmark.api.protocols import Method
from benchmark.running.declared import NotDeclared, place_of


@dataclass(frozen=True)
class Finding:
    """One thing that was tried. advice says in plain words what to mend; empty: it passed."""

    what: str
    advice: str = ""

    @property
    def passed(self) -> bool:
        """Say whether there is nothing to mend."""
        return not self.advice


def advice_of(error: Exception, method: Method, card: TaskCard) -> str:
    """Turn what a method raised into what to mend."""
    where = place_of(error, method)
    if isinstance(error, NotDeclared):
        return str(error)
    missing = str(error.args[0]) if isinstance(error, KeyError) and error.args else ""
    if missing.isidentifier():
        return (
            f"it asked for {missing!r} ({where}), which {card.name} does not have. Attributes "
            "differ between tasks: take their names from ctx.card.attributes, or number the groups "
            "with ctx.card.encode_groups(train.table) and label x group with encode_cells."
        )
    if "read-only" in str(error):
        return f"it wrote into the images it was given ({where}); work on a copy."
    return raised(error, method)


def raised(error: Exception, method: Method) -> str:
    """Say what was raised, and where."""
    return f"{type(error).__name__}: {error} ({place_of(error, method)})"
