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
    layer = spread(patients["pleural_fluid"]) * np.clip((y - 5) / 45, 0, 1)  # it sinks to the back
    fluid = np.maximum(inner, -(inner + layer))
    paint(image, fluid + 0.5 * softness * (layer < 1), signals["fluid"], softness)
    _paint_back(image, x, y, signals, softness, rng)
    _paint_belly(image, inner, x, y, signals, softness, rng)
    _paint_mediastinum(image, patients, inner, heart, x, y, signals, softness, rng)
    return image


def _chest(
    patients: pd.DataFrame, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Distance to the skin: an ellipse whose midline is 45 mm to the image left of the heart."""
    n = len(patients)
    men = (patients["sex"] == "male").to_numpy()
    heavy = patients["bmi"].to_numpy() - 26
    half_width = np.where(men, 180, 162) + 3.0 * heavy + rng.normal(0, 8, n)
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
    pace = spread(rng.uniform(8, 12, n))
    along = x + 0.5 * y
    wave = np.sin(along / pace + spread(rng.uniform(0, 2 * np.pi, n)))
    wave += 0.4 * np.sin(along / (1.7 * pace) + spread(rng.uniform(0, 2 * np.pi, n)))
    middle, ends = (wall + 9 + 2 * wave) / 5.5, 1.2 - wave
    rib = 4.5 * (np.sqrt(middle * middle + np.clip(ends, 0, None) ** 2) - 1)
    paint(image, rib, 0.5 * signals["muscle"], 2 * softness)
    paint(image, rib + 2, signals["marrow"], 2 * softness)


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
    for _ in range(12):
        dx = x - spread(rng.uniform(-95, 95, n))
        dy = y - spread(rng.uniform(-60, 80, n))
        size = spread(rng.uniform(1.0, 3.0, n))
        blob = 1 / (1 + (dx * dx + dy * dy) / (size * size)) ** 2
        image += inside * (0.4 * blob * signals["blood"])


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
    paint(image, _ellipse(x, y, (-10, 112), (60, 26), 4, rng, n), signals["muscle"], softness)
    body = _ellipse(x, y, (-16, 102), (21, 17), 4, rng, n)
    paint(image, body, signals["bone"], softness)
    paint(image, body + 2, signals["marrow"], softness)
    aorta = _ellipse(x, y, (20, 80), (11.5, 11.5), 3, rng, n)
    paint(image, aorta - 1.5, signals["muscle"], softness)
    paint(image, aorta, signals["blood"], softness)


def _paint_belly(
    image: np.ndarray,
    inner: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    signals: Signals,
    softness: float,
    rng: np.random.Generator,
) -> None:
    """Liver under the right ventricle with its veins; in six patients of ten the stomach too."""
    n = len(image)
    liver = np.maximum(_ellipse(x, y, (-62, 78), (74, 44), 5, rng, n), inner)
    paint(image, liver, signals["liver"], softness)
    for _ in range(3):
        at = (float(rng.uniform(-95, -30)), float(rng.uniform(58, 90)))
        vein = _ellipse(x, y, at, (5.5, 2.2), 10, rng, n)
        paint(image, np.maximum(vein, liver + 4), 0.8 * signals["blood"], softness)
    seen = rng.random(n) < 0.6
    stomach = np.maximum(_ellipse(x, y, (62, 86), (34, 26), 6, rng, n), inner)
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
