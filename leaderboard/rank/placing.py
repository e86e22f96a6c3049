"""By what value rows are placed, where they have different seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.metrics.pairing import RowDraws
from leaderboard.read.boards import REFERENCE, Row


def placing_values(
    rows: Sequence[Row], headline: Mapping[int, RowDraws], complete: Sequence[bool]
) -> dict[int, float]:
    """Return the value that places each row: ERM's mean plus the row's gain over it.

    A preset may give costly methods fewer seeds, and some seeds are easier than others. So means
    over different seeds are not compared: the gain is measured on the runs that both rows have.
    Where both have the same runs this is the row's own mean. Without a complete ERM, the complete
    contestant with most runs takes its place. A row that shares no run with it is left out; one
    that is undefined is NaN.
    """
    values = {i: row.measured for i, row in headline.items()}
    means = {i: float(np.mean(list(own.values()))) for i, own in values.items()}
    whole = [i for i, row in headline.items() if row.ranked and complete[i]]
    ranked = [i for i in whole if not np.isnan(means[i])]
    if not ranked:
        return means
    first = max(ranked, key=lambda i: (rows[i].name == REFERENCE, len(values[i]), -i))
    reference, placed = values[first], {}
    for i, own in values.items():
        shared = sorted(own.keys() & reference.keys())
        if own.keys() == reference.keys():
            placed[i] = means[i]
        elif shared:
            gain = np.mean([own[key] - reference[key] for key in shared])
            placed[i] = means[first] + float(gain)
    return placed
