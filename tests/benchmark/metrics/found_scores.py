"""Finds a score among many, for tests."""

from benchmark.api.scores import ScoreKey


def find(scores, metric, attributes=(), values=(), label=None):
    """Find a score; one attribute and one value may be given as bare words."""
    names, group = ((x,) if isinstance(x, str) else x for x in (attributes, values))
    (found,) = [s for s in scores if s.key == ScoreKey(metric, names, group, label)]
    return found
