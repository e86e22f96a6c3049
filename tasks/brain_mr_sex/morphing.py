"""From a patient's anatomy to tissue shares per pixel: warp the template, then shift its borders.

The strengths that give a wanted ventricle or brain volume are read off tables measured once on
the template itself.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from scipy.special import expit

from tasks.brain_mr_sex import warps
from tasks.brain_mr_sex.anatomy import LEVEL_MEAN, MODE_COLUMNS
from tasks.brain_mr_sex.template import CENTRE, template

# Intracranial volume of the template in mL at scale 1: chosen so that 1592 and 1411 mL give
# brain outlines of about 170 and 162 mm, the typical lengths (design estimate).
TEMPLATE_ICV = 1950.0
# Ventricle volume of the template in mL at its own size: the MNI152 is a mean of young adults,
# where the published growth gives about 17 mL in an average head of 1500 mL (derived).
TEMPLATE_VENTRICLES = 17.0 * TEMPLATE_ICV / 1500

VENTRICLE_STEPS = np.linspace(-6.0, 14.0, 21)  # mm along the template's pull
# Tissue counts as brain above this template probability: (lowest, highest), and the brain
# fractions that they stand for. Between them sulci and the rim around the brain widen evenly.
BRAIN_THRESHOLDS = np.linspace(0.30, 0.97, 2)
BRAIN_FRACTIONS = (0.87, 0.68)
BRAIN_SLOPE = 0.08  # softness of that border, in template probability
# White matter likewise: the threshold at a mean cortex, and its change per mm of thickness and
# per unit of grey share (design estimates).
WHITE_THRESHOLD, WHITE_BY_CORTEX, WHITE_BY_GREY = 0.50, 0.5, 2.0
WHITE_SLOPE = 0.12


def scale(patients: pd.DataFrame) -> np.ndarray:
    """Linear size of each head relative to the template, (n,)."""
    return np.cbrt(patients["icv"].to_numpy() / TEMPLATE_ICV)


def displacement(patients: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Warp of each patient in mm on the coarse grid, (n, 2, GRID, GRID)."""
    velocity = warps.individual_velocity(len(patients), rng)
    modes = patients[MODE_COLUMNS].to_numpy()
    # A pixel looks against the way its content moves, hence the minus.
    velocity -= np.tensordot(modes, warps.mode_basis(), axes=1)
    y, x = np.meshgrid(warps.NODES, warps.NODES, indexing="ij")
    place = to_template(patients, np.stack(np.broadcast_arrays(x, y))[None])
    pull = template().sample("pull", *place)
    velocity += ventricle_strength(patients)[:, None, None, None] * pull
    return warps.exponential(velocity)


def to_template(
    patients: pd.DataFrame, image_mm: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Map image positions (n or 1, 2, rows, columns) in mm to MNI x, y, z in mm."""
    column = {name: patients[name].to_numpy()[:, None, None] for name in _POSITION}
    angle = np.deg2rad(column["turn"])
    size = scale(patients)[:, None, None]
    x = image_mm[:, 0] - column["shift_right"]
    y = image_mm[:, 1] - column["shift_front"]
    right = (np.cos(angle) * x + np.sin(angle) * y) / size
    front = (np.cos(angle) * y - np.sin(angle) * x) / size
    up = column["level"] + right * np.tan(np.deg2rad(column["tilt_side"]))
    up = up + front * np.tan(np.deg2rad(column["tilt_front"]))
    return right + CENTRE[0], front + CENTRE[1], up


_POSITION = ("turn", "shift_right", "shift_front", "level", "tilt_side", "tilt_front")


def ventricle_strength(patients: pd.DataFrame) -> np.ndarray:
    """How far (mm) to pull so that the ventricles' area grows as volume to the power 2/3."""
    expected = TEMPLATE_VENTRICLES * scale(patients) ** 3
    ratio = (patients["ventricle_volume"].to_numpy() / expected) ** (2 / 3)
    return np.interp(np.log(ratio), ventricle_table(), VENTRICLE_STEPS)


@cache
def ventricle_table() -> np.ndarray:
    """Return ln of the ventricles' area over the template's, for each of VENTRICLE_STEPS."""
    y, x = np.meshgrid(warps.NODES, warps.NODES, indexing="ij")
    level = np.full(x.shape, LEVEL_MEAN)
    pull = template().sample("pull", x[None] + CENTRE[0], y[None] + CENTRE[1], level[None])
    fields = warps.exponential(VENTRICLE_STEPS[:, None, None, None] * pull)
    fine = warps.refine(fields, 220) + grid_mm(220)
    place = fine[:, 0] + CENTRE[0], fine[:, 1] + CENTRE[1], np.full_like(fine[:, 0], LEVEL_MEAN)
    area = template().sample("ventricles", *place).sum(axis=(1, 2))
    unmoved = float(area[np.flatnonzero(VENTRICLE_STEPS == 0)[0]])
    return np.log(area / unmoved)


def grid_mm(size: int) -> np.ndarray:
    """Positions of pixel centres, (1, 2, size, size): x to the patient's right, y to the front.

    Radiological display: the patient's right is on the left of the image, the front at the top.
    """
    centres = (0.5 - (np.arange(size) + 0.5) / size) * 2 * warps.HALF_FIELD
    y, x = np.meshgrid(centres, centres, indexing="ij")
    return np.stack([x, y])[None].astype(np.float32)


def tissue_shares(
    patients: pd.DataFrame,
    place: tuple[np.ndarray, np.ndarray, np.ndarray],
    skull: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return brain-tissue share and white share of it at MNI places, each (n, rows, columns).

    skull: bool of the same shape, where there is anything inside it; elsewhere shares mean nothing.
    """
    brain, white = (template().sample_where(name, place, skull) for name in ("brain", "white"))
    fraction = patients["brain_fraction"].to_numpy()
    low = np.interp(-fraction, -np.array(BRAIN_FRACTIONS), BRAIN_THRESHOLDS)[:, None, None]
    thickness = patients["cortical_thickness"].to_numpy() - 2.45
    grey = patients["grey_share"].to_numpy() - 0.53
    edge = WHITE_THRESHOLD + WHITE_BY_CORTEX * thickness + WHITE_BY_GREY * grey
    tissue = expit((brain - low.astype(np.float32)) / np.float32(BRAIN_SLOPE))
    share = expit((white - edge[:, None, None].astype(np.float32)) / np.float32(WHITE_SLOPE))
    return tissue, share
