"""Smooth, invertible 2-D warps: velocity fields and their exponential.

Fields live on a coarse grid over the image plane, shape (n, 2, GRID, GRID), in mm; component 0
points to the patient's right (image left), component 1 to the front (image top). A displacement
says where a pixel looks, so content moves the other way.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import ndimage
from scipy.interpolate import make_interp_spline

GRID = 45
HALF_FIELD = 110.0  # mm from the centre to the edge of the image
SPACING = 2 * HALF_FIELD / (GRID - 1)
NODES = np.linspace(HALF_FIELD, -HALF_FIELD, GRID)  # mm along rows (y) and along columns (x)

HALVINGS = 6

# Individual shape: (correlation length, SD of the velocity) in mm. Design estimates: the broad
# one makes heads differ, the fine one makes no two folding patterns alike; it fades towards the
# skull, which is smooth.
INDIVIDUAL = ((34.0, 1.3), (9.0, 1.0))
HEAD_SCALE = 20.0  # mm; fields with a longer correlation also move the skull
INNER = (52.0, 68.0)  # mm; half axes (right, front) of the ellipse where finer ones have faded

# Sex-dependent shape modes, see docs/cohorts/brains.md. A mode is a sum of bumps: x, y (mm from the
# image centre), push to the right and to the front (mm per SD of the coefficient at the peak),
# radius (mm). A bump off the midline has a mirror twin. Design estimates.
_Bump = tuple[float, float, float, float, float]
MODES: dict[str, tuple[_Bump, ...]] = {
    "frontal width": ((36.0, 46.0, 4.2, 0.0, 25.0),),
    "insula position": ((40.0, 12.0, 6.5, 0.0, 20.0),),
    "front horn position": ((0.0, 40.0, 0.0, 7.0, 22.0),),
    "splenium position": ((0.0, -22.0, 0.0, 7.0, 22.0),),
    "occipital width": ((36.0, -48.0, 4.2, 0.0, 25.0),),
}


@cache
def mode_basis() -> np.ndarray:
    """Velocity fields of the modes, (modes, 2, GRID, GRID), mm per SD of the coefficient."""
    return np.stack([_bumps(bumps) for bumps in MODES.values()])


def _bumps(bumps: tuple[_Bump, ...]) -> np.ndarray:
    y, x = np.meshgrid(NODES, NODES, indexing="ij")
    field = np.zeros((2, GRID, GRID))
    for centre, front, right, forward, radius in bumps:
        for side in (1.0, -1.0) if centre else (1.0,):
            height = np.exp(-((x - side * centre) ** 2 + (y - front) ** 2) / (2 * radius**2))
            field += height * np.array([side * right, forward])[:, None, None]
    return field


@cache
def _mode_directions() -> np.ndarray:
    """Orthonormal basis of the modes' span, (2 GRID GRID, modes)."""
    basis = mode_basis()
    return np.linalg.qr(basis.reshape(len(basis), -1).T)[0]


def individual_velocity(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw what makes each brain its own: Gaussian fields with no part along the modes."""
    total = np.zeros((n, 2, GRID, GRID))
    for length, sd in INDIVIDUAL:
        blur = _blur(length)
        noise = rng.standard_normal((n, 2, GRID, GRID))
        reach = 1.0 if length > HEAD_SCALE else _inner()
        total += sd * reach * (blur @ noise @ blur.T)
    flat = total.reshape(n, -1)
    directions = _mode_directions()
    return (flat - flat @ directions @ directions.T).reshape(total.shape)


@cache
def _inner() -> np.ndarray:
    """1 in the depth of the brain, falling to 0 at the skull, (GRID, GRID)."""
    y, x = np.meshgrid(NODES, NODES, indexing="ij")
    return np.exp(-(((x / INNER[0]) ** 2 + (y / INNER[1]) ** 2) ** 2))


@cache
def _blur(length: float) -> np.ndarray:
    """Gaussian smoothing as a matrix whose output has unit variance for white noise."""
    kernel = np.exp(-((NODES[:, None] - NODES[None, :]) ** 2) / length**2)
    return kernel / np.linalg.norm(kernel, axis=1, keepdims=True)


def exponential(velocity: np.ndarray) -> np.ndarray:
    """Follow stationary velocity fields for unit time: displacement in mm, same shape.

    Scaling and squaring (Arsigny 2006): halve until the step is small, then compose with itself.
    """
    displacement = velocity / 2**HALVINGS
    for _ in range(HALVINGS):
        displacement = displacement + _look_up(displacement, displacement)
    return displacement


def _look_up(field: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """Read each field where its displacement points to."""
    n = len(field)
    rows, columns = np.meshgrid(np.arange(GRID), np.arange(GRID), indexing="ij")
    row = rows - displacement[:, 1] / SPACING
    column = columns - displacement[:, 0] / SPACING
    person = np.broadcast_to(np.arange(n)[:, None, None], row.shape)
    places = [person, row, column]
    parts = [
        ndimage.map_coordinates(field[:, part], places, order=1, mode="nearest")
        for part in range(2)
    ]
    return np.stack(parts, axis=1)


def jacobian_determinant(displacement: np.ndarray) -> np.ndarray:
    """Local change of area of id + displacement, (n, GRID, GRID); positive where invertible."""
    dx = -np.gradient(displacement, SPACING, axis=3)
    dy = -np.gradient(displacement, SPACING, axis=2)
    return (1 + dx[:, 0]) * (1 + dy[:, 1]) - dx[:, 1] * dy[:, 0]


def refine(field: np.ndarray, size: int) -> np.ndarray:
    """Interpolate fields to the centres of size x size pixels with cubic splines."""
    weights = _spline_weights(size)
    return (weights @ field.astype(np.float32)) @ weights.T


@cache
def _spline_weights(size: int) -> np.ndarray:
    centres = (np.arange(size) + 0.5) * (GRID - 1) / size
    spline = make_interp_spline(np.arange(GRID), np.eye(GRID), k=3)
    return spline(centres).astype(np.float32)
