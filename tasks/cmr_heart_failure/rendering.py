"""The patient model of the task, and how a patient becomes two images and two masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from benchmark.api.variant import Variant
from tasks.cmr_heart_failure import population
from tasks.cmr_heart_failure.anatomy import add_anatomy
from tasks.cmr_heart_failure.heart import FIELD_OF_VIEW, Frame, draw_frame, draw_pose, grid, spread
from tasks.cmr_heart_failure.scanner import ACQUIRED, acquire, scanner_at, tissue_signals
from tasks.cmr_heart_failure.thorax import Signals, draw_thorax, paint

BACKGROUND, LEFT_CAVITY, MYOCARDIUM, RIGHT_CAVITY = range(4)


@dataclass(frozen=True)
class HeartModel:
    """The population, anatomy and images of cmr_heart_failure (see tasks/digital/cohort.py)."""

    version: int = 2  # 2: the training hospital selects its patients; no heart looks different

    def biased_people(self, n: int, variant: Variant, rng: np.random.Generator) -> pd.DataFrame:
        """Draw n people as the training hospital sees them."""
        return population.biased_people(n, variant, rng)

    def requested_people(self, requests: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Draw one person per row of requests."""
        return population.requested_people(requests, rng)

    def anatomy(self, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Add each person's heart: volumes in mL, mass in g, lengths in mm."""
        return add_anatomy(people, rng)

    def render(
        self,
        patients: pd.DataFrame,
        image_size: int,
        site_shift: float,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Image the patients: (n, 2, size, size), float32 in [0, 1], and their masks, uint8."""
        x, y = grid(image_size)
        pose = draw_pose(patients, rng)
        frames = [draw_frame(patients, pose, x, y, systole) for systole in (False, True)]
        scanner = scanner_at(site_shift)
        signals = tissue_signals(scanner, len(patients), rng)
        softness = float(np.hypot(FIELD_OF_VIEW / image_size, ACQUIRED))
        behind = draw_thorax(patients, pose, frames[0], x, y, signals, softness, rng)
        roughness = [_roughness(behind.shape, rng) for _ in frames]
        scene = np.stack(
            [
                _draw_heart(behind, frame, patients, rough, signals, softness)
                for frame, rough in zip(frames, roughness, strict=True)
            ],
            axis=1,
        )
        scene *= 1 + np.float32(0.05) * np.stack(roughness, axis=1)
        images = acquire(scene, signals["myocardium"], scanner, rng)
        return images, np.stack([_mask(frame) for frame in frames], axis=1)


def _draw_heart(
    behind: np.ndarray,
    frame: Frame,
    patients: pd.DataFrame,
    rough: np.ndarray,
    signals: Signals,
    softness: float,
) -> np.ndarray:
    """Lay the heart of one phase over what is behind it, from the pericardium inwards.

    rough bends the inner edges by a millimetre or two: trabeculae, more in the right ventricle.
    """
    image = behind.copy()
    surface = _smooth_union(frame.rv_outside, frame.epicardium)
    fat = _epicardial_fat(frame, patients)
    fluid = spread(patients["pericardial_fluid"])
    paint(image, surface - fat - fluid - 1.2, signals["bone"], softness)  # the pericardium
    paint(image, surface - fat - fluid, signals["fluid"], softness)
    paint(image, surface - fat, signals["fat"], softness)
    edge = np.minimum(frame.rv_outside, frame.epicardium)
    ink = 0.25 * np.exp(-((edge / np.float32(0.8 * softness)) ** 2))
    paint(image, frame.rv_outside, signals["myocardium"], softness)
    paint(image, frame.rv_cavity + 1.1 * rough, signals["blood"], softness)
    paint(image, frame.epicardium, signals["myocardium"], softness)
    paint(image, frame.endocardium + 0.9 * rough, signals["blood"], softness)
    paint(image, frame.papillary + 0.9 * rough, signals["myocardium"], softness)
    return image * (1 - ink * (fat > 1.5))


def _smooth_union(one: np.ndarray, other: np.ndarray, radius: float = 9.0) -> np.ndarray:
    """Distance to two shapes together, with the grooves between them filled in."""
    near = np.clip(radius - np.abs(one - other), 0, None)
    return np.minimum(one, other) - near * near / (4 * radius)


def _epicardial_fat(frame: Frame, patients: pd.DataFrame) -> np.ndarray:
    """Thickness in mm: full over the right ventricle, a third over the lateral wall."""
    right = np.clip((frame.epicardium - frame.rv_outside) / 20 + 0.5, 0, 1)
    return spread(patients["epicardial_fat"]) * (0.3 + 0.7 * right)


def _roughness(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Fine smooth noise of SD 1: trabeculae at edges, flow and vessels inside tissues."""
    white = rng.standard_normal(shape, dtype=np.float32)
    sigma = 2.2 / (FIELD_OF_VIEW / shape[-1])  # 2.2 mm
    smooth = gaussian_filter(white, (0, sigma, sigma), mode="nearest", truncate=3)
    return smooth / smooth.std()


def _mask(frame: Frame) -> np.ndarray:
    """Label the pixels by their centre; papillary muscle counts as cavity."""
    mask = np.where(frame.rv_cavity < 0, RIGHT_CAVITY, BACKGROUND)
    mask = np.where(frame.epicardium < 0, MYOCARDIUM, mask)
    return np.where(frame.endocardium < 0, LEFT_CAVITY, mask).astype(np.uint8)
