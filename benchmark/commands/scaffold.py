"""`equipoise new`: a commented one-file method that works as it is, and its test."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from benchmark.discovery.find import find_methods, folders_of_methods

METHOD = '''"""{title}: one sentence that says what it does; the page shows it.

Name the paper and the equation here, and say where you depart from it.
"""

from dataclasses import dataclass

import numpy as np

from benchmark import Predictor, Split, method, ranged
from benchmark.api.context import RunContext
from benchmark.training.classifier import train_classifier
from benchmark.training.sampling_weights import balanced_weights


# "never": you get no attribute columns. "train": you see them in train and val.
# "test": predict_proba(images, attributes) is given them too. The runner keeps this for you.
# compare_with=("erm", "group_resampling") names rows that this method must beat; without it that
# is erm. Name them before you look at results: such comparisons are declared in advance.
@method(groups_used="train")
@dataclass(frozen=True)
class {class_name}:
    """What it does, in one sentence."""

    # Hyperparameters are fields with a default; ranged(default, low, high) refuses other values.
    # `equipoise run --method {known_as} --set {name}.strength=0.5` sets one.
    strength: float = ranged(1.0, 0, 1)  # 0: images as they come; 1: every cell equally often

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Learn from train, choose on val, return something with predict_proba(images)."""
        # train.images: (n, channels, height, width) float32 in [0, 1]; train.masks: uint8.
        # train.table: image_id, patient_id, label and the attributes, in words.
        cells, _ = ctx.card.encode_cells(train.table)  # label x group of each row; how many cells
        even = np.full(len(cells), 1 / len(cells))
        weights = (1 - self.strength) * even + self.strength * balanced_weights(cells)

        # Randomness comes from ctx.rng("purpose") or ctx.torch_rng("purpose"), from nowhere else.
        # ctx.record("stage", step, loss=...) draws a curve; ctx.say("...") writes to the log.
        # train_classifier is the standard classifier. It takes batch_loss=loss too, where
        # loss(cross_entropies, rows) gets a batch's losses and their rows in train, both (b,), and
        # returns one number. rows is a long tensor on ctx.device: move tensors with one value per
        # image there once, with .to(ctx.device). Focal loss:
        #   batch_loss=lambda ce, rows: ((1 - torch.exp(-ce)) ** 2 * ce).mean()
        # A loss that needs logits or mixed images (mixup, an adversary, a margin) goes into
        # loss=loss, where loss(network, images, labels, rows) returns one number.
        # For a loop of your own return any object with predict_proba(images) -> (n, classes), rows
        # summing to 1. Report its optimiser steps with ctx.count_steps(n): the page marks the row
        # "own loop", and as a defect "own loop, steps not reported" where you report none.
        return train_classifier(train, val, ctx, draw_weights=weights)
'''

TEST = '''"""{class_name} keeps the contract of Equipoise."""

{imports}from benchmark.conformance.check import check_method

METHOD = {place}


def test_{name}_keeps_the_contract() -> None:
    """What `equipoise check` says."""
    mend = [finding.advice for finding in check_method(METHOD) if not finding.passed]
    assert not mend, mend
'''


def write_method(name: str, folder: Path) -> list[Path]:
    """Write NAME.py and test_NAME.py into folder and return their paths.

    In a folder where methods are found by name, the test names it and may be moved. Raises
    ValueError if the name is no module name or a file is already there.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(
            f"{name!r} cannot name a method; use small letters, digits and _, as in my_method."
        )
    by_name = folder.resolve() in folders_of_methods()
    words = {
        "known_as": name if by_name else f"{name}.py",
        "imports": "" if by_name else "from pathlib import Path\n\n",
        "place": f'"{name}"' if by_name else f'str(Path(__file__).with_name("{name}.py"))',
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
    }
    if name in find_methods():
        raise ValueError(f"There is a method {name!r} already; choose another name.")
    files = {f"{name}.py": METHOD, f"test_{name}.py": TEST}
    there = [str(folder / file) for file in files if (folder / file).exists()]
    if there:
        raise ValueError(f"Already there, left as it is: {', '.join(there)}. Choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (folder / file).write_text(text.format(**words))
    return [folder / file for file in files]
