"""The jury that counts groups in drawn images: several networks, because each has eyes of its own.

One network that is right for nine of ten real patients may take the look of drawn images for a
group, and another one for the other (docs/methods.md has by how much). So several count, and their
probabilities are averaged. Half of them read blocks of pixels, in which the detail that drawn
images lack says nothing. Half have learned from train, and where the cohort is digital the others
from new patients whom no run has, as many of every cell: who is rare in train is not rare there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.context import RunContext
from benchmark.contracts import Split
from benchmark.filling import even_counts, requests_for
from benchmark.readback import LABEL_AND_ATTRIBUTES, Effort, Reader, trained_reader
from benchmark.target import Target

BLOCK = 2  # pixels a side of the blocks
NEW_PATIENTS = 2.0  # per training patient
SEED_OF_THEM = 20_000  # no control draws from there on
LONGER = dataclasses.replace(LABEL_AND_ATTRIBUTES, part=2 * LABEL_AND_ATTRIBUTES.part)
TOGETHER = "jury"  # the name under which the mean of all stands beside each


@dataclass(frozen=True)
class Jury:
    """Networks that read groups, by name."""

    jurors: Mapping[str, Reader]

    def read(self, images: np.ndarray, target: Target) -> dict[str, np.ndarray]:
        """Return probabilities of groups, (n, groups): of every juror, and of all together."""
        found = {
            name: target.probabilities(juror.probabilities(images))
            for name, juror in self.jurors.items()
        }
        return {TOGETHER: np.mean(list(found.values()), axis=0), **found}


def trained_jury(train: Split, in_detail: Reader, ctx: RunContext) -> Jury:
    """Train the jurors that nobody has trained yet; in_detail has learned from train already.

    Those of new patients are the same for every seed and skew of a task.
    """
    jurors = {"blocks": _juror(train, ctx, BLOCK, LABEL_AND_ATTRIBUTES), "detail": in_detail}
    if ctx.draw is not None:
        counts = even_counts(ctx.card, round(NEW_PATIENTS * len(train)))
        new = ctx.new_patients(requests_for(ctx.card, counts), SEED_OF_THEM)
        always = dataclasses.replace(ctx, seed=0)
        jurors["blocks, new patients"] = _juror(new, always, BLOCK, LONGER)
        jurors["detail, new patients"] = _juror(new, always, 1, LONGER)
    return Jury(jurors)


def _juror(patients: Split, ctx: RunContext, block: int, effort: Effort) -> Reader:
    backbone = ctx.classifier.backbone
    return trained_reader(
        patients, ctx, "juror", backbone, with_masks=False, coarse=block, effort=effort
    )
