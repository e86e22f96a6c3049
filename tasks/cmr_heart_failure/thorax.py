"""What lies around the heart: chest wall, lungs, fat, liver, stomach, aorta, spine.

Positions are design estimates for a short-axis view (image right is the patient's left).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.cmr_heart_failure.heart import Frame, Pose, polar, spread

Signals = dict[str, np.ndarray]


def paint(image: np.ndarray, distance: np.ndarray, signal: np.ndarray, softness: float) -> None:
    """Lay a tissue over the image where distance is negative, with partial volume at its edge.

    softness is the width of the edge in mm; a box of that width gives the straight ramp.
    """
    cover = np.clip(0.5 - distance / np.float32(softness), 0, 1)
    image += cover * (signal - image)


def draw_thorax(
    patients: pd.DataFrame,
    pose: Pose,
    heart: Frame,
    x: np.ndarray,
    y: np.ndarray,
    signals: Signals,
    softness: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Paint everything behind the heart, shape (n, size, size). It is the same in both frames."""
    n = len(patients)
    x, y = x - spread(pose.centre[:, 0]), y - spread(pose.centre[:, 1])
    image = np.zeros((n, *x.shape[1:]), np.float32)
    skin = _chest(patients, x, y, rng)
    fat = spread(patients["subcutaneous_fat"])
    paint(image, skin, signals["fat"], softness)
    paint(image, skin + fat, signals["muscle"], softness)
    _paint_ribs(image, skin + fat, x, y, signals, softness, rng)
    inner = skin + fat + spread(rng.normal(17, 2, n))
    paint(image, inner, signals["lung"], softness)
    _paint_vessels(image, inner, x, y, signals, rng)
    fluid = np.maximum(inner, -(inner + spread(patients["pleural_fluid"])))
    paint(image, np.maximum(fluid, 25 - y), signals["fluid"], softness)
    _paint_back(image, x, y, signals, softness, rng)
    _paint_belly(image, inner, heart, x, y, signals, softness, rng)
    _paint_mediastinum(image, patients, inner, heart, x, y, signals, softness, rng)
    return image


def _chest(
    patients: pd.DataFrame, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Distance to the skin: an ellipse whose midline is 45 mm to the image left of the heart."""
    n = len(patients)
    men = (patients["sex"] == "male").to_numpy()
    heavy = patients["bmi"].to_numpy() - 26
    half_width = (np.where(men, 180, 162) + 3.0 * heavy + rng.normal(0, 8, n)) * 1.0
    half_depth = np.where(men, 125, 118) + 2.5 * heavy + rng.normal(0, 6, n)
    to_wall = 50 + 0.5 * heavy + rng.normal(0, 6, n)  # heart centre to the inside of the chest
    front = to_wall + 17 + patients["subcutaneous_fat"].to_numpy()
    seen = polar(
        (x + spread(45 + rng.normal(0, 8, n))) / spread(half_width),
        (y + spread(front) - spread(half_depth)) / spread(half_depth),
    )
    return (seen.radius - 1) * spread(half_depth)


def _paint_ribs(
    image: np.ndarray,
    wall: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    signals: Signals,
    softness: float,
    rng: np.random.Generator,
) -> None:
    """Ribs cut obliquely: marrow between dark rims, in the middle of the muscle layer."""
    n = len(image)
    wave = np.sin(x / spread(rng.uniform(8, 11, n)) + spread(rng.uniform(0, 2 * np.pi, n)))
    middle = np.abs(wall + 10) - 5
    bone = np.maximum(middle, -6 * (wave - 0.1))
    paint(image, bone, signals["bone"], softness)
    paint(image, bone + 2.2, signals["marrow"], softness)


def _paint_vessels(
    image: np.ndarray,
    inner: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    signals: Signals,
    rng: np.random.Generator,
) -> None:
    """Add small bright vessels to the lungs."""
    n = len(image)
    inside = inner < -4
    for _ in range(9):
        dx = x - spread(rng.uniform(-95, 95, n))
        dy = y - spread(rng.uniform(-60, 80, n))
        size = spread(rng.uniform(1.2, 2.8, n))
        blob = np.exp(-(dx * dx + dy * dy) / (2 * size * size))
        image += np.where(inside, 0.45 * blob * signals["blood"], 0)


def _ellipse(
    x: np.ndarray,
    y: np.ndarray,
    at: tuple[float, float],
    half: tuple[float, float],
    jitter: float,
    rng: np.random.Generator,
    n: int,
) -> np.ndarray:
    """Distance to an ellipse near a place given relative to the heart's centre, all in mm."""
    grown = np.exp(rng.normal(0, 0.1, n))
    dx = (x - spread(at[0] + rng.normal(0, jitter, n))) / spread(half[0] * grown)
    dy = (y - spread(at[1] + rng.normal(0, jitter, n))) / spread(half[1] * grown)
    return (np.sqrt(dx * dx + dy * dy) - 1) * spread(min(half) * grown)


def _paint_back(
    image: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    signals: Signals,
    softness: float,
    rng: np.random.Generator,
) -> None:
    """Vertebra with the muscles beside it, and the descending aorta to its image right."""
    n = len(image)
    paint(image, _ellipse(x, y, (-14, 108), (52, 26), 4, rng, n), signals["muscle"], softness)
    body = _ellipse(x, y, (-22, 96), (21, 17), 4, rng, n)
    paint(image, body, signals["bone"], softness)
    paint(image, body + 2, signals["marrow"], softness)
    aorta = _ellipse(x, y, (14, 80), (11.5, 11.5), 3, rng, n)
    paint(image, aorta - 1.5, signals["muscle"], softness)
    paint(image, aorta, signals["blood"], softness)


def _paint_belly(
    image: np.ndarray,
    inner: np.ndarray,
    heart: Frame,
    x: np.ndarray,
    y: np.ndarray,
    signals: Signals,
    softness: float,
    rng: np.random.Generator,
) -> None:
    """Liver under the right ventricle with its veins; in half the patients the stomach too."""
    n = len(image)
    liver = np.maximum(_ellipse(x, y, (-72, 76), (66, 40), 5, rng, n), inner)
    paint(image, liver - 2, signals["bone"], softness)  # the diaphragm
    paint(image, liver, signals["liver"], softness)
    for _ in range(3):
        at = (float(rng.uniform(-95, -45)), float(rng.uniform(58, 90)))
        vein = _ellipse(x, y, at, (5.5, 2.2), 10, rng, n)
        paint(image, np.maximum(vein, liver + 4), 0.8 * signals["blood"], softness)
    seen = rng.random(n) < 0.5
    stomach = np.maximum(_ellipse(x, y, (58, 82), (36, 24), 6, rng, n), inner)
    stomach = np.where(spread(seen) > 0, stomach, np.float32(99))
    paint(image, stomach, signals["stomach"], softness)
    paint(image, stomach + 4, 1.3 * signals["stomach"], softness)


def _paint_mediastinum(
    image: np.ndarray,
    patients: pd.DataFrame,
    inner: np.ndarray,
    heart: Frame,
    x: np.ndarray,
    y: np.ndarray,
    signals: Signals,
    softness: float,
    rng: np.random.Generator,
) -> None:
    """Fat between the pericardium and the front of the chest, more of it in the heavy."""
    n = len(patients)
    heavy = np.clip(patients["bmi"].to_numpy() - 20, 0, 20)
    reach = spread(np.clip(4 + 0.9 * heavy + rng.normal(0, 3, n), 2, 28))
    around = np.minimum(heart.rv_outside, heart.epicardium + 6)
    front = 0.5 - 0.5 * np.tanh((y + 10 + 0.5 * x) / 18)  # in front and to the image left
    paint(image, np.maximum(around - reach * front - 2, inner + 2), signals["fat"], softness)
