"""Which methods a plan leaves out: those that are named, and all of a kind."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import get_args

from benchmark.api.declarations import declaration_of
from benchmark.discovery import find, load

GENERATIVE = "generative"  # methods of any kind that train a generator, or use its latents
KINDS = (*get_args(find.Kind), GENERATIVE)


def unknown_words(without: Sequence[str], given: Sequence[str]) -> list[str]:
    """List what is wrong with the words of --without, each with all that is allowed.

    given: the names and paths beside them in the same command.
    """
    problems = []
    for word in without:
        if word in KINDS:
            continue
        try:
            find.locate(word, "method", given)
        except find.LookupFailed as error:
            near = difflib.get_close_matches(word, KINDS, n=1)
            hint = f" Did you mean the kind {near[0]!r}?" if near else ""
            problems.append(f"{error}{hint} --without also takes a kind: {', '.join(KINDS)}.")
    return problems


def leave_out(names: Sequence[str], without: Sequence[str]) -> list[str]:
    """Return the names and paths that are left; ValueError if none is."""
    kinds = set(without) & set(KINDS)
    named = {find.locate(word, "method").path for word in set(without) - kinds}
    left = [
        name
        for name in names
        if (found := find.locate(name, "method")).path not in named
        and found.kind not in kinds
        and not (GENERATIVE in kinds and _trains_generator(found))
    ]
    if not left:
        raise ValueError(
            f"--without {' --without '.join(without)} leaves no method to run, of "
            f"{', '.join(names)}."
        )
    return left


def _trains_generator(found: find.Found) -> bool:
    """Read it off the mark; a method that does not import is kept, and refused with the plan."""
    try:
        return declaration_of(load.load_method(found)).trains_generator
    except find.LookupFailed:
        return False
