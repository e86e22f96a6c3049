"""The template that every brain is a warped copy of: MNI152 with its tissue maps, from nilearn.

Coordinates are MNI millimetres: x to the patient's right, y to the front, z up. Only the slab
around the lateral ventricles is kept. Loaded once per process, from nilearn's own files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from nilearn.datasets import (
    load_mni152_brain_mask,
    load_mni152_gm_template,
    load_mni152_template,
    load_mni152_wm_template,
)
from scipy import ndimage

CENTRE = (0.0, -18.0)  # x, y in mm: the middle of the brain's outline, and of every image
SLAB = (-14, 42)  # z in mm
HULL_SMOOTHING = 5.0  # mm; bridges the sulci
VENTRICLE_REACH = 7.0  # mm; how far beyond its wall a widening ventricle pushes tissue
DETAIL_REACH = 12.0  # mm
DEEP = -18.0  # mm inside the hull: only ventricles and cisterns are fluid there
MIDDLE = 34.0  # mm from the midline: the insular sulci lie farther out
SMALLEST_VENTRICLE = 400  # mm3; smaller pieces of deep fluid are sulci


@dataclass(frozen=True)
class Template:
    """Maps over the slab at 1 mm, each of shape (x, y, z), float32."""

    brain: np.ndarray  # probability of brain tissue, low in sulci, ventricles and outside
    white: np.ndarray  # share of white matter in brain tissue
    detail: np.ndarray  # T1-weighted intensity over its own local mean, less 1, -0.35 to 0.35
    depth: np.ndarray  # mm from the smooth hull of the brain, negative inside
    ventricles: np.ndarray  # 1 in ventricles, 0 elsewhere
    pull: np.ndarray  # (2, x, y, z): steps in x and y towards the ventricles, at most 1
    origin: np.ndarray  # x, y, z in mm of the first voxel

    def sample(self, name: str, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Read a map at MNI coordinates in mm (any shape), linear between voxels."""
        places = [a - o for a, o in zip((x, y, z), self.origin, strict=True)]
        volume = getattr(self, name)
        if volume.ndim == 3:
            return _read(volume, places)
        return np.stack([_read(part, places) for part in volume], axis=1)

    def sample_where(self, name: str, places: Sequence[np.ndarray], here: np.ndarray) -> np.ndarray:
        """Read a map only where it is asked for, at x, y and z of any shape; 0 elsewhere.

        Reading is half of what a brain costs, and half of an image is outside of it.
        """
        found = np.zeros(here.shape, np.float32)
        found[here] = self.sample(name, *(axis[here] for axis in places))
        return found


def _read(volume: np.ndarray, places: list[np.ndarray]) -> np.ndarray:
    return ndimage.map_coordinates(volume, places, np.float32, order=1, mode="nearest")


@cache
def template() -> Template:
    """Load and prepare the template (about two seconds, once per process)."""
    loaders = (load_mni152_template, load_mni152_gm_template, load_mni152_wm_template)
    images = [load(resolution=1) for load in (*loaders, load_mni152_brain_mask)]
    offset = images[0].affine[:3, 3]
    slab = slice(round(SLAB[0] - offset[2]), round(SLAB[1] - offset[2]) + 1)
    signal, grey, white, mask = (
        np.asarray(image.dataobj)[:, :, slab].astype(np.float32) for image in images
    )
    hull = ndimage.gaussian_filter(mask, HULL_SMOOTHING) > 0.5
    depth = ndimage.distance_transform_edt(~hull) - ndimage.distance_transform_edt(hull)
    fluid = grey + white < 0.5
    ventricles = _ventricles(fluid & (depth < DEEP), float(offset[0]))
    # The averaged tissue maps fill thin sulci; the intensities still show them.
    dark = np.clip((0.62 - signal) / 0.35, 0, 1)
    brain = np.clip(grey + white, 0, 1) * (1 - 0.7 * dark)
    return Template(
        brain=brain.astype(np.float32),
        white=(white / np.maximum(grey + white, 0.05)).astype(np.float32),
        detail=_detail(signal, mask),
        depth=depth.astype(np.float32),
        ventricles=ventricles,
        pull=_pull(ventricles),
        origin=np.array([offset[0], offset[1], SLAB[0]], float),
    )


def _ventricles(deep_fluid: np.ndarray, first_x: float) -> np.ndarray:
    """Keep the large pieces of deep fluid near the midline."""
    x = np.abs(first_x + np.arange(deep_fluid.shape[0]))
    pieces, _ = ndimage.label(deep_fluid & (x < MIDDLE)[:, None, None])
    large = np.bincount(pieces.ravel()) >= SMALLEST_VENTRICLE
    large[0] = False
    return large[pieces].astype(np.float32)


def _detail(signal: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Compare the intensity with its mean over the brain around it, slice by slice."""
    reach = (DETAIL_REACH, DETAIL_REACH, 0)
    inside = ndimage.gaussian_filter(signal * mask, reach)
    local = inside / np.maximum(ndimage.gaussian_filter(mask, reach), 0.01)
    return np.clip(signal / np.maximum(local, 0.2) - 1, -0.35, 0.35) * mask


def _pull(ventricles: np.ndarray) -> np.ndarray:
    """Point up the slope of the blurred ventricles: sampling along it makes them wider."""
    blurred = ndimage.gaussian_filter(ventricles, VENTRICLE_REACH)
    slope = np.stack(np.gradient(blurred, axis=(0, 1)))
    return (slope / np.abs(slope).max()).astype(np.float32)
