"""Is there a method of that name or path? Answered before anything slow is imported."""

from __future__ import annotations

import difflib
from pathlib import Path

from benchmark.discovery.find import LookupFailed, locate

HOLDS_ONE = "the file holds one method"


def place_problem(name: str) -> str:
    """Say what is wrong with a method's name or path, and what may be meant; empty: nothing."""
    try:
        locate(name, "method")
    except LookupFailed as error:
        return for_a_check(error) + _neighbour(Path(name))
    return ""


def for_a_check(error: Exception) -> str:
    """Word an error for `equipoise check`, which takes the path alone."""
    return str(error).replace("give --method ", "give ")


def _neighbour(path: Path) -> str:
    """Propose a file beside a path at which there is none; empty where none has a like name."""
    if path.exists() or path.suffix != ".py":
        return ""
    files = [one.name for one in path.parent.glob("*.py")]
    near = difflib.get_close_matches(path.name, files, n=1)
    return f" Did you mean {path.with_name(near[0])}?" if near else ""
