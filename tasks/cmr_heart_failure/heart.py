"""Shapes of the heart in a mid-ventricular short-axis slice, as signed distances on a grid.

Every distance is in mm, shape (n, size, size), negative inside. Image right is the patient's
left, so the septum and the right ventricle lie to the left of the left ventricle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

FIELD_OF_VIEW = 190.0  # mm, the same for everybody: size is information
ORDERS = np.arange(2, 5)  # of the Fourier terms that make a contour irregular
ANGLES = np.linspace(0, 2 * np.pi, 96, endpoint=False)  # for areas along a contour
SEPTAL_EXTRA = 0.5  # mm: septum 1 mm thicker than the lateral wall (design estimate)
CRESCENT = 0.82  # area of the crescent over long-axis-matched volume (design estimate)


@dataclass(frozen=True)
class Frame:
    """One heart phase on the grid: signed distances and what to draw inside the cavity."""

    endocardium: np.ndarray
    epicardium: np.ndarray
    rv_cavity: np.ndarray
    rv_outside: np.ndarray
    papillary: np.ndarray


@dataclass(frozen=True)
class Pose:
    """Where each patient's heart lies and how its contours deviate from circles."""

    centre: np.ndarray  # (n, 2) mm from the image centre
    septum: np.ndarray  # (n,) direction of the septum, radians
    cavity: np.ndarray  # (n, 2, orders) cosine and sine terms of the endocardium
    wall: np.ndarray  # (n, 2, orders) of the wall's thickness
    crescent: np.ndarray  # (n, 2, orders) of the right ventricle
    insertion: np.ndarray  # (n,) half the angle between the insertion points, radians
    papillary: np.ndarray  # (n, 2, 3) angle from the septum, depth, radius


@dataclass(frozen=True)
class Polar:
    """A grid seen from each patient's own origin: distance, and direction as cosine and sine."""

    radius: np.ndarray
    cosine: np.ndarray
    sine: np.ndarray

    def toward(self, angle: np.ndarray) -> np.ndarray:
        """Cosine of the angle between each pixel's direction and a direction per patient."""
        return self.cosine * spread(np.cos(angle)) + self.sine * spread(np.sin(angle))


def spread(values: ArrayLike) -> np.ndarray:
    """Turn one value per patient into shape (n, 1, 1), float32."""
    return np.asarray(values, np.float32)[:, None, None]


def grid(image_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centres in mm from the image centre, x to the right and y down, (1, size, size)."""
    steps = (np.arange(image_size, dtype=np.float32) + 0.5) / image_size - 0.5
    y, x = np.meshgrid(steps * FIELD_OF_VIEW, steps * FIELD_OF_VIEW, indexing="ij")
    return x[None], y[None]


def polar(x: np.ndarray, y: np.ndarray) -> Polar:
    """Return polar coordinates without angles, which are slow to compute."""
    radius = np.sqrt(x * x + y * y) + np.float32(1e-3)
    return Polar(radius, x / radius, y / radius)


def draw_pose(patients: pd.DataFrame, rng: np.random.Generator) -> Pose:
    """Draw how each heart lies and bends (design estimates, millimetres and degrees)."""
    n = len(patients)
    decay = np.array([1.0, 0.6, 0.4])
    septum = np.pi + np.deg2rad(18 + rng.normal(0, 9, n))  # to the left and a little up
    cavity = rng.normal(0, 0.022, (n, 2, 3)) * decay
    flat = patients["flat_septum"].to_numpy()  # an ellipse, short from septum to lateral wall
    cavity[:, 0, 0] -= flat * np.cos(2 * septum)
    cavity[:, 1, 0] -= flat * np.sin(2 * septum)
    angles = np.deg2rad(np.array([118.0, -128.0]) + rng.normal(0, 9, (n, 2)))
    depth, radius = rng.normal(0.66, 0.04, (n, 2)), rng.normal(0.16, 0.02, (n, 2))
    return Pose(
        centre=np.array([14.0, 8.0]) + rng.normal(0, 4, (n, 2)),
        septum=septum,
        cavity=cavity,
        wall=rng.normal(0, 0.07, (n, 2, 3)) * decay,
        crescent=rng.normal(0, 0.045, (n, 2, 3)) * decay,
        insertion=np.deg2rad(rng.normal(62, 5, n)),  # 120 +- 12 degrees between the two points
        papillary=np.stack([angles, depth, radius], axis=2),
    )


def draw_frame(
    patients: pd.DataFrame, pose: Pose, x: np.ndarray, y: np.ndarray, systole: bool
) -> Frame:
    """Compute the distances of one phase; end-systole keeps the muscle's volume."""
    x, y = x - spread(pose.centre[:, 0]), y - spread(pose.centre[:, 1])
    around = polar(x, y)
    inner, outer = _left_contours(patients, pose, systole)
    cavity = around.radius - _at(inner, around)
    epicardium = around.radius - _at(outer, around)
    crescent = _crescent_distance(patients, pose, x, y, systole)
    rv_wall = spread(patients["rv_wall"]) * (1.25 if systole else 1.0)
    return Frame(
        endocardium=cavity,
        epicardium=epicardium,
        rv_cavity=np.maximum(crescent, -epicardium),
        rv_outside=crescent - rv_wall,
        papillary=_papillary_distance(patients, pose, x, y, systole),
    )


def _left_contours(
    patients: pd.DataFrame, pose: Pose, systole: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Radii of endo- and epicardium at ANGLES, each (n, 96), in mm."""
    shape = 1 + _fourier(pose.cavity)
    inner_ed = _scaled_to_area(shape, patients["cavity_area_ed"].to_numpy())
    still, thin = _infarct(patients)
    wall = patients["wall_ed"].to_numpy()[:, None] * (1 + _fourier(pose.wall)) * (1 - thin)
    wall = wall + SEPTAL_EXTRA * np.cos(ANGLES - pose.septum[:, None])
    outer_ed = inner_ed + np.maximum(wall, 2.5)
    if not systole:
        return inner_ed, outer_ed
    inner = _contracted(shape, still, inner_ed, patients["cavity_area_es"].to_numpy())
    shortening = (patients["long_axis"] / patients["long_axis_es"]).to_numpy()[:, None]
    thickening = np.where(still > 0, 1 + (shortening - 1) * (1 - still), shortening)
    return inner, np.sqrt(inner**2 + thickening * (outer_ed**2 - inner_ed**2))


def _fourier(terms: np.ndarray) -> np.ndarray:
    phase = ORDERS[:, None] * ANGLES
    return terms[:, 0] @ np.cos(phase) + terms[:, 1] @ np.sin(phase)


def _scaled_to_area(shape: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Scale contours (n, angles) so that each encloses its area: A = pi mean(r^2)."""
    return shape * np.sqrt(area / np.pi / (shape**2).mean(axis=1))[:, None]


def _infarct(patients: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """How still (0 to 1) and how much thinner the wall is at ANGLES, zero where there is none."""
    centre = np.deg2rad(patients["infarct_angle"].to_numpy())[:, None]
    half = np.deg2rad(patients["infarct_width"].to_numpy())[:, None] / 2
    away = np.abs((ANGLES - centre + np.pi) % (2 * np.pi) - np.pi)
    still = np.clip((half - away) / 0.3 + 0.5, 0, 1) * (half > 0)
    return still, still * patients["infarct_thinning"].to_numpy()[:, None]


def _contracted(
    shape: np.ndarray, still: np.ndarray, inner_ed: np.ndarray, area: np.ndarray
) -> np.ndarray:
    """End-systolic contour (1-still) R shape + still r_ED, with R solved for the area."""
    moving, fixed = shape * (1 - still), still * inner_ed
    a, b = (moving**2).mean(axis=1), 2 * (moving * fixed).mean(axis=1)
    c = (fixed**2).mean(axis=1) - area / np.pi
    scale = (-b + np.sqrt(np.maximum(b**2 - 4 * a * c, 0))) / (2 * a)
    return scale[:, None] * moving + fixed


def _at(contour: np.ndarray, around: Polar) -> np.ndarray:
    """Evaluate contours (n, 96) on the grid through their Fourier series up to order 8."""
    series = np.fft.rfft(contour, axis=1)[:, :9] / contour.shape[1]
    total = np.broadcast_to(spread(series[:, 0].real), around.radius.shape).copy()
    cosine, sine = around.cosine, around.sine
    for order in range(1, series.shape[1]):
        if order > 1:
            cosine, sine = (
                cosine * around.cosine - sine * around.sine,
                sine * around.cosine + cosine * around.sine,
            )
        total += spread(2 * series[:, order].real) * cosine
        total -= spread(2 * series[:, order].imag) * sine
    return total


def _crescent_distance(
    patients: pd.DataFrame, pose: Pose, x: np.ndarray, y: np.ndarray, systole: bool
) -> np.ndarray:
    """Distance to the egg whose part outside the left ventricle is the right ventricle.

    The egg is an ellipse centred on the septum that cuts the left ventricle at the two
    insertion points; the crescent left over has an area of about 2 x width x radius.
    """
    phase = "es" if systole else "ed"
    outer = (patients[f"radius_{phase}"] + patients[f"wall_{phase}"]).to_numpy()
    width = CRESCENT * patients[f"rv_area_{phase}"].to_numpy() / (2 * outer)
    lean = (outer - outer * np.cos(pose.insertion)) / width
    height = outer * np.sin(pose.insertion) / np.sqrt(1 - np.minimum(lean, 0.55) ** 2)
    cosine, sine = spread(np.cos(pose.septum)), spread(np.sin(pose.septum))
    along = x * cosine + y * sine - spread(outer)
    across = y * cosine - x * sine
    seen = polar(along / spread(width), across / spread(height))
    edge = 1 + _at(_fourier(pose.crescent), seen)
    edge += 0.07 * (4 * seen.cosine**3 - 3 * seen.cosine)  # a rounded triangle, not an egg
    length = np.sqrt(along * along + across * across) + np.float32(1e-3)
    return (seen.radius - edge) * length / seen.radius


def _papillary_distance(
    patients: pd.DataFrame, pose: Pose, x: np.ndarray, y: np.ndarray, systole: bool
) -> np.ndarray:
    """Distance to the two papillary muscles, which stand off the lateral wall."""
    radius = patients["radius_es" if systole else "radius_ed"].to_numpy()
    swollen = 1.35 if systole else 1.0  # muscle thickens as the cavity shrinks around it
    distance = np.full((len(patients), *x.shape[1:]), np.inf, np.float32)
    for muscle in (0, 1):
        angle, depth, size = pose.papillary[:, muscle].T
        angle = pose.septum + angle
        toward, aside = spread(np.cos(angle)), spread(np.sin(angle))
        outward = (x * toward + y * aside - spread(depth * radius)) / 1.4  # longer to the wall
        across = y * toward - x * aside
        own = np.sqrt(outward**2 + across**2) - spread(size * radius * swollen)
        distance = np.minimum(distance, own)
    return distance
