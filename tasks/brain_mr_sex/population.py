"""Who is in the cohort: sex, age, intracranial volume and brain fraction.

ln ICV and ln brain fraction are normal given sex and age, so ln brain volume is too. Every
conditional that the splits ask for is then exact: no rejection, no pool of candidates.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from benchmark.api.variant import Variant

SEXES = ("female", "male")
AGE_BANDS = ("under 45", "45 to 64", "65 or older")
VOLUME_BANDS = ("small brain", "middle brain", "large brain")

# IXI, 565 adults of 20 to 86 years: age 48.6 +- 16.5 (verified). Truncated to the range below,
# both sexes alike in nature; the skew by age is the training hospital's, see AGE_SKEW.
AGE_MEAN, AGE_SD, AGE_RANGE = 48.6, 16.5, (20.0, 85.0)
AGE_CUTS = (45.0, 65.0)

# Intracranial volume in mL, mean and SD. OASIS-1 eTIV, 256 women and 160 men (verified).
ICV = {"female": (1411.0, 129.0), "male": (1592.0, 135.0)}
# Switch for the dimorphism of head size: 1 is as published (d = 1.37), 0 gives both sexes the
# pooled mean. At 0 the volume bands below no longer hold a third each.
SIZE_DIMORPHISM = 1.0

# Brain fraction (nWBV) by age: OASIS-1 band means of people without dementia (verified), placed
# at the middle of each band and joined by lines.
FRACTION_AGES = (28.5, 50.0, 65.0, 75.0, 85.0)
FRACTION = {
    "female": (0.849, 0.821, 0.792, 0.759, 0.732),
    "male": (0.841, 0.806, 0.801, 0.742, 0.696),
}
FRACTION_CV = 0.03  # residual SD 0.02 to 0.03 of about 0.8 (verified)

# Terciles of brain volume in mL in the natural population, half women, from this file's own
# distribution (derived), rounded to 5 mL and fixed, so that a band means the same everywhere.
VOLUME_CUTS = (1155.0, 1275.0)

MEN_IN_TRAINING = 0.70  # share of men, unless the knob prevalence is turned (design estimate)
# Added to the log share of each cell sex x age band, times the severity (design estimate): the
# training hospital sees young men and older women.
AGE_SKEW = {"female": (-0.7, 0.0, 0.7), "male": (0.7, 0.0, -0.7)}

_AGE_GRID = np.arange(AGE_RANGE[0] + 0.05, AGE_RANGE[1], 0.1)  # centres of bins of 0.1 years


def log_icv(sex: str) -> tuple[float, float]:
    """Return mean and SD of ln ICV (ICV in mL) for a sex, under SIZE_DIMORPHISM."""
    pooled = sum(mean for mean, _ in ICV.values()) / len(ICV)
    published, sd = ICV[sex]
    mean = pooled + SIZE_DIMORPHISM * (published - pooled)
    variance = np.log1p((sd / mean) ** 2)
    return float(np.log(mean) - variance / 2), float(np.sqrt(variance))


def mean_log_fraction(sex: str, age: ArrayLike) -> np.ndarray:
    """Return the mean of ln brain fraction at each age (years)."""
    return (
        np.log(np.interp(np.asarray(age, float), FRACTION_AGES, FRACTION[sex])) - FRACTION_CV**2 / 2
    )


def log_volume(sex: str, age: ArrayLike) -> tuple[np.ndarray, float]:
    """Return mean (per age) and SD of ln brain volume (mL): the sum of the two above."""
    mean, sd = log_icv(sex)
    return mean + mean_log_fraction(sex, age), float(np.hypot(sd, FRACTION_CV))


def band(values: ArrayLike, cuts: tuple[float, float], names: tuple[str, ...]) -> np.ndarray:
    """Name the band of each value; a cut point belongs to the band above it."""
    return np.array(names, dtype=object)[np.digitize(np.asarray(values, float), cuts)]


def codes(column: pd.Series, names: tuple[str, ...]) -> np.ndarray:
    """Return the position of each word among names; a word that is not there is a ValueError."""
    positions = pd.Index(names).get_indexer(pd.Index(column))
    if (positions < 0).any():
        unknown = sorted({str(word) for word in column[positions < 0]})
        raise ValueError(
            f"{column.name} holds {', '.join(map(repr, unknown))}. Allowed: {', '.join(names)}."
        )
    return positions


@cache
def _age_and_volume(sex: str) -> np.ndarray:
    """Joint density over the age grid and the volume bands in nature, shape (ages, 3), sum 1."""
    weight = np.exp(-0.5 * ((_AGE_GRID - AGE_MEAN) / AGE_SD) ** 2)
    edges = np.log([1e-9, *VOLUME_CUTS, 1e9])
    mean, sd = log_volume(sex, _AGE_GRID)
    below = ndtr((edges[None, :] - mean[:, None]) / sd)
    return weight[:, None] / weight.sum() * np.diff(below, axis=1)


def natural_cells() -> np.ndarray:
    """Share of each cell within its sex in nature, shape (sex, age band, volume band)."""
    ages = np.digitize(_AGE_GRID, AGE_CUTS)
    return np.array(
        [[_age_and_volume(sex)[ages == row].sum(axis=0) for row in range(3)] for sex in SEXES]
    )


def training_cells(severity: float, men: float) -> np.ndarray:
    """Share of each cell in training, shape (sex, age band, volume band), sum 1.

    log share = log independent + 2 severity (log natural - log independent)
                + severity AGE_SKEW, normalised within each sex, times the share of that sex.
    Independent is what both sexes share: the mean of the two natural tables. Severity 0 makes
    sex independent of both attributes, 0.5 ties it to volume as life does, 1 twice as much.
    """
    natural = natural_cells()
    independent = natural.mean(axis=0, keepdims=True)
    skew = np.array([AGE_SKEW[sex] for sex in SEXES])[:, :, None]
    share = np.exp(
        np.log(independent) * (1 - 2 * severity) + np.log(natural) * 2 * severity + severity * skew
    )
    share /= share.sum(axis=(1, 2), keepdims=True)
    return share * np.array([1 - men, men])[:, None, None]


def biased_people(n: int, variant: Variant, rng: np.random.Generator) -> pd.DataFrame:
    """Draw n people as the training hospital sees them; prevalence is the exact share of men."""
    share = variant["prevalence"]
    men = round(share * n)
    sex = rng.permutation(np.repeat([0, 1], [n - men, men]))
    return _people_of_sexes(sex, training_cells(variant["severity"], share), rng)


def natural_people(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw n people as in life, half women in expectation: what the reference table describes."""
    return _people_of_sexes(rng.integers(len(SEXES), size=n), natural_cells(), rng)


def _people_of_sexes(sex: np.ndarray, cells: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Draw each person's age and volume band from the cells of their sex, given as its position."""
    edges = np.cumsum(cells.reshape(len(SEXES), -1), axis=1)
    edges /= edges[:, -1:]
    chosen = (rng.random((len(sex), 1)) >= edges[sex, :-1]).sum(axis=1)
    age, volume = np.unravel_index(chosen, cells.shape[1:])
    requests = {
        "label": np.array(SEXES, dtype=object)[sex],
        "age_band": np.array(AGE_BANDS, dtype=object)[age],
        "volume_band": np.array(VOLUME_BANDS, dtype=object)[volume],
    }
    return requested_people(pd.DataFrame(requests), rng)


def requested_people(requests: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw one person per row as life draws them within that sex, age band and volume band.

    Adds age (years), icv and brain_volume (mL) and brain_fraction.
    """
    people = requests.reset_index(drop=True).copy()
    chance = rng.uniform(size=(2, len(people)))
    residual = rng.standard_normal(len(people))
    age, log_brain, log_head = (np.empty(len(people)) for _ in range(3))
    for sex in SEXES:
        rows = (people["label"] == sex).to_numpy()
        volume = codes(people.loc[rows, "volume_band"], VOLUME_BANDS)
        bands = codes(people.loc[rows, "age_band"], AGE_BANDS)
        age[rows] = _ages(sex, bands, volume, chance[0, rows])
        mean, sd = log_volume(sex, age[rows])
        log_brain[rows] = _truncated(mean, sd, volume, chance[1, rows])
        centre, spread = log_icv(sex)
        slope = (spread / sd) ** 2  # regression of ln ICV on ln brain volume at fixed age
        log_head[rows] = centre + slope * (log_brain[rows] - mean)
        log_head[rows] += residual[rows] * spread * FRACTION_CV / sd
    people["age"] = age
    people["icv"] = np.exp(log_head)
    people["brain_volume"] = np.exp(log_brain)
    people["brain_fraction"] = np.exp(log_brain - log_head)
    return people


def _ages(sex: str, age_band: np.ndarray, volume: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Invert the distribution of age within each person's cell at the given chances."""
    joint = _age_and_volume(sex)
    bands = np.digitize(_AGE_GRID, AGE_CUTS)
    age = np.empty(len(chance))
    for first, second in set(zip(age_band.tolist(), volume.tolist(), strict=True)):
        rows = (age_band == first) & (volume == second)
        grid = _AGE_GRID[bands == first]
        share = np.cumsum(joint[bands == first, second])
        edges = np.concatenate([[grid[0] - 0.05], grid + 0.05])
        age[rows] = np.interp(chance[rows] * share[-1], np.concatenate([[0], share]), edges)
    return age


def _truncated(mean: np.ndarray, sd: float, volume: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Invert the normal of ln brain volume within each person's volume band."""
    edges = np.log([1e-9, *VOLUME_CUTS, 1e9])
    low, high = (edges[volume] - mean) / sd, (edges[volume + 1] - mean) / sd
    # In the upper tail ndtr rounds to 1, so work in the mirrored, lower tail there.
    mirror = np.where(low > 0, -1.0, 1.0)
    first, last = ndtr(mirror * low), ndtr(mirror * high)
    return mean + sd * mirror * ndtri(first + chance * (last - first))
