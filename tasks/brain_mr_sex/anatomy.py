"""What is inside each head: ventricles, tissue volumes, cortex, local shape, and the slice.

Every quantity is normal (or log-normal) given sex, age and head size, so the best possible
reader of the anatomy can be written down: see log_likelihood_ratios.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.brain_mr_sex import population
from tasks.brain_mr_sex.population import AGE_BANDS, SEXES, VOLUME_BANDS
from tasks.brain_mr_sex.warps import MODES

# Ventricle volume in mL at 48 (women) and 50 years (men): 133 adults (verified). Growth 20 % per
# decade up to 73, then 4 % a year (verified, 3 to 6 %). Log-normal with CV 0.5 (rounded from
# 10.4/22.6 and 13.8/30.1, verified).
VENTRICLES = {"female": (22.6, 48.0), "male": (30.1, 50.0)}
VENTRICLE_GROWTH = (np.log(1.2) / 10, np.log(1.04))  # per year, before and after the turn
VENTRICLE_TURN = 73.0
VENTRICLE_CV = 0.5
VENTRICLE_BY_HEAD = 1.0  # ventricles grow in proportion to the head (design estimate)
VENTRICLE_BY_ATROPHY = -4.0  # d ln ventricles / d ln brain fraction (design estimate)

# Mean cortical thickness in mm: 2.45 +- 0.10 at 62 years, -0.03 per decade, women +0.2 SD
# (from memory: FreeSurfer cohorts, Ritchie 2018).
CORTEX_MEAN, CORTEX_SD, CORTEX_AGE, CORTEX_SLOPE = 2.45, 0.10, 62.0, -0.003
CORTEX_WOMEN = 0.02

# Grey share of brain tissue: 0.53 at 62 years (from memory); women +0.008, from the 9.4 % (grey)
# and 12.9 % (white) by which men exceed them (derived, Ruigrok 2014); SD and slope are design
# estimates.
GREY_SHARE, GREY_SD, GREY_SLOPE, GREY_WOMEN = 0.53, 0.02, -0.0006, 0.008

# Switch for the dimorphism of local shape: difference of the sexes' means of every mode, in SD.
# Published regional differences at equal head size are below 0.3 in each of hundreds of regions;
# one slice has room for few, so each of ours is larger, so that all together give the published
# accuracy (design estimate, calibrated with ideal_accuracy).
MODE_DIFFERENCE = 1.18

LEVEL_MEAN, LEVEL_SD = 12.0, 1.8  # mm above the anterior commissure (design estimate)
TILT_SD = 1.5  # degrees about both in-plane axes (design estimate)
TURN_SD, SHIFT_SD = 1.5, 1.0  # head position in the image: degrees, mm (design estimate)

MODE_COLUMNS = [f"mode {name}" for name in MODES]


def add_anatomy(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add ventricles, tissue volumes (mL), cortex (mm), shape modes (SD) and slice position."""
    patients = people.copy()
    n = len(patients)
    normal = rng.standard_normal((3, n))
    means = _means(patients, _male(patients))
    sds = _sds()
    patients["ventricle_volume"] = np.exp(means["ventricles"] + sds["ventricles"] * normal[0])
    patients["cortical_thickness"] = means["cortex"] + sds["cortex"] * normal[1]
    patients["grey_share"] = means["grey"] + sds["grey"] * normal[2]
    patients["grey_volume"] = patients["brain_volume"] * patients["grey_share"]
    patients["white_volume"] = patients["brain_volume"] - patients["grey_volume"]
    patients["csf_volume"] = patients["icv"] - patients["brain_volume"]
    modes = means["modes"][:, None] + rng.standard_normal((n, len(MODE_COLUMNS)))
    patients[MODE_COLUMNS] = modes
    patients["level"] = LEVEL_MEAN + LEVEL_SD * rng.standard_normal(n)
    patients[["tilt_side", "tilt_front"]] = TILT_SD * rng.standard_normal((n, 2))
    patients["turn"] = TURN_SD * rng.standard_normal(n)
    patients[["shift_right", "shift_front"]] = SHIFT_SD * rng.standard_normal((n, 2))
    return patients


def _male(people: pd.DataFrame) -> np.ndarray:
    return (people["label"] == "male").to_numpy()


def _sds() -> dict[str, float]:
    """Residual SDs; the ventricles' is what head size and atrophy leave of their CV."""
    head = np.mean([population.log_icv(sex)[1] for sex in SEXES])
    explained = (VENTRICLE_BY_HEAD * head) ** 2
    explained += (VENTRICLE_BY_ATROPHY * population.FRACTION_CV) ** 2
    ventricles = float(np.sqrt(np.log1p(VENTRICLE_CV**2) - explained))
    return {"ventricles": ventricles, "cortex": CORTEX_SD, "grey": GREY_SD, "modes": 1.0}


def _means(people: pd.DataFrame, male: np.ndarray) -> dict[str, np.ndarray]:
    """Means of the anatomy given age, head and brain, were each person of the given sex."""
    age = people["age"].to_numpy()
    return {
        "ventricles": np.where(male, *(_ventricle_mean(people, s) for s in ("male", "female"))),
        "cortex": CORTEX_MEAN + CORTEX_SLOPE * (age - CORTEX_AGE) + (0.5 - male) * CORTEX_WOMEN,
        "grey": GREY_SHARE + GREY_SLOPE * (age - CORTEX_AGE) + (0.5 - male) * GREY_WOMEN,
        "modes": (male - 0.5) * MODE_DIFFERENCE,
    }


def _ventricle_mean(people: pd.DataFrame, sex: str) -> np.ndarray:
    """Mean of ln ventricle volume (mL) given age, head size and brain fraction."""
    age = people["age"].to_numpy()
    volume, at = VENTRICLES[sex]
    early, late = VENTRICLE_GROWTH
    growth = early * (np.minimum(age, VENTRICLE_TURN) - at)
    growth += late * np.maximum(age - VENTRICLE_TURN, 0)
    head = np.log(people["icv"].to_numpy()) - population.log_icv(sex)[0]
    atrophy = np.log(people["brain_fraction"].to_numpy())
    atrophy -= population.mean_log_fraction(sex, age)
    mean = np.log(volume) - np.log1p(VENTRICLE_CV**2) / 2 + growth
    return mean + VENTRICLE_BY_HEAD * head + VENTRICLE_BY_ATROPHY * atrophy


def log_likelihood_ratios(patients: pd.DataFrame) -> pd.DataFrame:
    """Evidence for male over female that each part of the anatomy holds, in nats.

    size: ICV and brain fraction at the person's age. cell: the correction for a population that
    holds every cell of sex x age band x volume band equally often; add it there and leave it out
    in nature. The sum of a row is the exact log likelihood ratio of that population.
    """
    evidence = {"size": _size(patients, "male") - _size(patients, "female")}
    as_men = _means(patients, np.ones(len(patients), bool))
    as_women = _means(patients, np.zeros(len(patients), bool))
    seen = {
        "ventricles": np.log(patients["ventricle_volume"].to_numpy()),
        "cortex": patients["cortical_thickness"].to_numpy(),
        "grey": patients["grey_share"].to_numpy(),
    }
    sds = _sds()
    for name, value in seen.items():
        distance = (value - as_women[name]) ** 2 - (value - as_men[name]) ** 2
        evidence[name] = distance / (2 * sds[name] ** 2)
    evidence["modes"] = MODE_DIFFERENCE * patients[MODE_COLUMNS].sum(axis=1).to_numpy()
    age = population.codes(patients["age_band"], AGE_BANDS)
    volume = population.codes(patients["volume_band"], VOLUME_BANDS)
    women, men = population.natural_cells()
    evidence["cell"] = np.log(women / men)[age, volume]
    return pd.DataFrame(evidence, index=patients.index)


def _size(patients: pd.DataFrame, sex: str) -> np.ndarray:
    """Log density of ln ICV and ln brain fraction, up to what is the same for both sexes."""
    mean, sd = population.log_icv(sex)
    head = (np.log(patients["icv"].to_numpy()) - mean) / sd
    shrinkage = np.log(patients["brain_fraction"].to_numpy())
    shrinkage -= population.mean_log_fraction(sex, patients["age"].to_numpy())
    return -0.5 * head**2 - np.log(sd) - 0.5 * (shrinkage / population.FRACTION_CV) ** 2


def ideal_accuracy(patients: pd.DataFrame) -> float:
    """Accuracy of the best possible reader of the true anatomy of a cell-balanced cohort.

    An upper bound for anything that sees only the images.
    """
    decision = log_likelihood_ratios(patients).sum(axis=1).to_numpy() > 0
    return float((decision == _male(patients)).mean())
