"""The parts of the alignment loss, and how many images each prompt of a step gets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_PROMPTS = 4  # of one step, each with its part of the batch


@dataclass(frozen=True)
class Terms:
    """The parts of the loss and how they are computed; fields of the method."""

    form: str  # transport or divergence
    gradient: str  # exact or adjusted
    chain: int  # steps of sampling while tuning
    last_steps: int  # of them that the gradient flows through
    least_confidence: float  # of an assigned group, below which it does not count
    image: float  # weight of staying like the untuned image
    sentence: float  # weight of staying as close to the prompt
    moved: float  # part of these two weights for images that are to change their group
    distillation: float  # weight of predicting noise as the untuned denoiser does


def images_of_each(n: int, target: np.ndarray, terms: Terms) -> int:
    """Return how many of a step's n images each prompt gets, for up to four prompts.

    So many that the rarest group of the target can be assigned with the confidence that counts: of
    m images drawn, it is there at all with probability 1 - (1 - share)^m. Raises ValueError if even
    all n are too few.
    """
    rarest = float(target[target > 0].min())
    least = -(-n // MOST_PROMPTS)
    if terms.form != "transport" or rarest == 1 or terms.least_confidence == 0:
        return least
    if terms.least_confidence == 1:
        needed = n + 1
    else:
        needed = int(np.ceil(np.log(1 - terms.least_confidence) / np.log(1 - rarest)))
    if needed > n:
        raise ValueError(
            f"The rarest group of the target has a share of {rarest:.2g}, and among tuning_batch = "
            f"{n} images it would never be assigned with a confidence of {terms.least_confidence:g}"
            f": {needed} images are needed. Raise tuning_batch in section [generator] of a preset "
            "of your own (--preset mine.toml), or lower least_confidence."
        )
    return max(least, needed)
