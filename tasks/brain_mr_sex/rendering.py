"""From tissue shares to an MR image: skull and scalp, MPRAGE contrast, coil, blur and noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import ndimage

from tasks.brain_mr_sex import morphing, warps
from tasks.brain_mr_sex.template import template
from tasks.digital.mr_physics import bias_field, mprage_signal, rician_noise

SAMPLES = 128  # at least this many samples across the field before pixels are averaged

# T1 in ms at 3 T and proton density relative to water: white, grey, CSF, fat, marrow.
# T1: common in-vivo choices and subcutaneous fat of de Bazelaire 2004 (reference table);
# densities: from memory; fat and marrow are lowered for the water they are mixed with
# (design estimates).
T1 = np.array([840.0, 1350.0, 4300.0, 382.0, 382.0])
DENSITY = np.array([0.70, 0.82, 1.0, 0.42, 0.16])
RELAXATION_SD = 0.05  # of T1 per patient, clipped at +- 10 %
# The simple MPRAGE formula overstates white against grey at the UK Biobank's TI of 880 ms;
# 1000 ms gives a ratio of 1.5, as seen in practice (design estimate). TR as in UK Biobank.
INVERSION_TIME, REPETITION_TIME = 1000.0, 2000.0
WHITE_LEVEL = 0.62  # grey value of white matter in the image
GAIN_SD = 0.04

# Skull and scalp in mm, mean and SD (design estimates, the same for both sexes).
RIM, SKULL, SCALP = (2.0, 0.5), (6.5, 0.9), (5.5, 1.2)
HEAD_EDGE = 0.7  # mm; softness of the borders between them
TEXTURE = 0.55  # how much of the template's own intensity shows within each tissue

# Scanner: the training site, and the change per unit of site shift.
NOISE, NOISE_SHIFT = (0.02, 0.04), 0.03  # sigma over white matter signal
BIAS, BIAS_SHIFT = (0.1, 0.3), 0.3
BLUR, BLUR_SHIFT = 0.25, 0.45  # SD in pixels of a 64-pixel image
TIME_SHIFT = -90.0  # ms of inversion time


def render(
    patients: pd.DataFrame, image_size: int, site_shift: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Image the patients: float32 in [0, 1] and uint8 masks, both (n, 1, size, size).

    Mask: 1 cerebrospinal fluid, 2 grey matter, 3 white matter, 0 everything else.
    """
    factor = max(1, round(SAMPLES / image_size))
    size = factor * image_size
    warp = morphing.displacement(patients, rng)
    place = morphing.to_template(patients, warps.refine(warp, size) + morphing.grid_mm(size))
    shares, inside = _compartments(patients, place, rng)
    tissue = _pool(shares[:, :3], factor)
    signals = _signals(len(patients), site_shift, rng)
    signal = np.einsum("nt,nthw->nhw", signals, shares, dtype=np.float32)
    detail = template().sample_where("detail", place, inside > 0)
    signal *= 1 + TEXTURE * detail * shares[:, :2].sum(axis=1)
    image = _scan(_pool(signal, factor), site_shift, rng)
    mask = np.argmax(tissue[:, [2, 1, 0]], axis=1) + 1
    mask[_pool(inside, factor) < 0.5] = 0
    return image[:, None], mask[:, None].astype(np.uint8)


def _compartments(
    patients: pd.DataFrame,
    place: tuple[np.ndarray, np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of white, grey, CSF, fat and marrow, (n, 5, size, size), and of the skull's inside."""
    n = len(patients)
    depth = template().sample("depth", *place) * morphing.scale(patients)[:, None, None]
    depth = depth.astype(np.float32)
    rim, skull, scalp = (
        np.maximum(mean + sd * rng.standard_normal((n, 1, 1), dtype=np.float32), mean / 2)
        for mean, sd in (RIM, SKULL, SCALP)
    )
    inside = _within(depth, rim)
    bone = _within(depth, rim + skull)
    head = _within(depth, rim + skull + scalp)
    tissue, white = morphing.tissue_shares(patients, place, inside > 0)
    marrow = np.exp(-(((depth - rim - skull / 2) / (0.2 * skull)) ** 2))
    tissue *= inside
    shares = [tissue * white, tissue * (1 - white), inside - tissue, head - bone, marrow]
    return np.stack(shares, axis=1), inside


def _within(depth: np.ndarray, border: np.ndarray) -> np.ndarray:
    return np.clip((border - depth) / (2 * HEAD_EDGE) + 0.5, 0, 1)


def _pool(fine: np.ndarray, factor: int) -> np.ndarray:
    """Average factor x factor samples into each pixel: partial volume."""
    *lead, height, width = fine.shape
    shape = (*lead, height // factor, factor, width // factor, factor)
    return fine.reshape(shape).mean(axis=(-3, -1))


def _signals(n: int, site_shift: float, rng: np.random.Generator) -> np.ndarray:
    """Signal of each compartment, (n, 5), white matter near WHITE_LEVEL."""
    nuisance = np.clip(rng.normal(1, RELAXATION_SD, (n, len(T1))), 0.9, 1.1)
    time = INVERSION_TIME + TIME_SHIFT * site_shift
    signals = mprage_signal(DENSITY, T1 * nuisance, time, REPETITION_TIME)
    nominal = mprage_signal(DENSITY[0], T1[0], time, REPETITION_TIME)
    gain = rng.normal(1, GAIN_SD, (n, 1))
    return (signals / nominal * gain * WHITE_LEVEL).astype(np.float32)


def _scan(signal: np.ndarray, site_shift: float, rng: np.random.Generator) -> np.ndarray:
    """Coil field, resolution and Rician noise of the scanner, clipped to [0, 1]."""
    n, size, _ = signal.shape
    strength = rng.uniform(*BIAS, n) + BIAS_SHIFT * site_shift
    image = signal * bias_field(n, size, strength, rng)
    blur = (BLUR + BLUR_SHIFT * site_shift) * size / 64
    image = ndimage.gaussian_filter(image, (0, blur, blur))
    sigma = (rng.uniform(*NOISE, (n, 1, 1)) + NOISE_SHIFT * site_shift) * WHITE_LEVEL
    return np.clip(rician_noise(image, sigma, rng), 0, 1).astype(np.float32)
