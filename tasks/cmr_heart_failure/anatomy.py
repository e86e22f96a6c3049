"""Volumes and slice dimensions of each heart: a healthy heart first, then what disease does to it.

Volumes in mL, mass in g, lengths in mm. Papillary muscle counts as blood pool, as in the
reference. Certainty of each number: verified, derived, from memory or design estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.cmr_heart_failure.population import PHENOTYPES

MUSCLE_DENSITY = 1.05  # g/mL
REFERENCE_AGE, REFERENCE_BMI = 60.0, 25.0  # of the healthy reference cohort (BMI below 30)
SLICE_SPREAD, THROUGH_PLANE_SPREAD = 0.05, 0.07  # log area (design estimates)
LONG_AXIS_SHORTENING = 0.165  # of a healthy heart, 16 to 17 % (derived)


@dataclass(frozen=True)
class HealthyHeart:
    """Means and spreads of one sex, UK Biobank 45 to 74 years (Petersen 2017 JCMR 19:18)."""

    edv: float  # mL (verified)
    edv_per_year: float  # mL per year of age (derived, +-30 %)
    edv_spread: float  # SD of ln EDV beyond age, height and BMI (derived from the total CV)
    ef: float  # % (verified), SD 5
    mass: float  # g (from memory; agrees with the verified mass index)
    mass_per_year: float  # g per year (MESA)
    mass_spread: float  # SD of ln mass beyond age and BMI (derived)
    rv_edv: float  # mL (from memory, inside verified limits)
    rv_follows_lv: float  # slope of ln RV EDV on ln LV EDV, for a correlation of 0.85 (derived)
    rv_spread: float  # SD of ln RV EDV beyond LV EDV (derived)
    rv_ef: float  # % (from memory), SD 6
    long_axis: float  # mm at end-diastole (derived)
    height: float  # cm


HEALTHY_HEARTS = {
    "female": HealthyHeart(124, -0.6, 0.158, 61, 70, -0.15, 0.178, 130, 0.93, 0.097, 58, 86, 163),
    "male": HealthyHeart(166, -0.7, 0.174, 58, 103, -0.72, 0.190, 182, 0.87, 0.104, 54, 95, 176),
}


@dataclass(frozen=True)
class Disease:
    """How one phenotype changes a healthy heart. Pairs are mean and SD."""

    ef: tuple[float, float]  # %
    ef_limits: tuple[float, float]
    dilation: tuple[float, float]  # of EDV, a factor
    mass_gain: tuple[float, float]  # of LV mass, a factor
    rv_ef: tuple[float, float]  # %
    rv_dilation: float  # of RV EDV, a factor
    rv_thickening: float  # of the RV wall, a factor
    flat_septum: tuple[float, float]  # relative shortening of the septal diameter
    effusion: float  # share with pericardial or pleural fluid, drawn apart
    epicardial_fat: float  # mm more than others of the same BMI


# EF limits: universal definition (verified). EF, EDVi of HFrEF (125 +- 35 mL/m2) and HFpEF
# (79 +- 18), mass/volume 0.47 and 0.68: Kanagala 2018/2020. Dilation and mass gain are derived
# from these against healthy EDVi 79 and mass/volume 0.58; the walls of HFpEF are thicker than
# its mass/volume says, half way to the 2 to 3 mm above the norm of the reference (design
# estimates). RV, septum, fluid and fat: design estimates.
DISEASES = {
    "HFrEF dilated": Disease(
        (29, 8), (10, 40), (1.55, 0.30), (1.30, 0.25), (40, 9), 1.15, 1.1, (0.03, 0.03), 0.25, 0.5
    ),
    "HFrEF ischaemic": Disease(
        (31, 7), (12, 40), (1.45, 0.28), (1.25, 0.22), (45, 8), 1.08, 1.1, (0.02, 0.03), 0.20, 0.5
    ),
    "HFmrEF": Disease(
        (45, 2.5),
        (41, 49),
        (1.18, 0.16),
        (1.22, 0.18),
        (48, 7),
        1.05,
        1.05,
        (0.02, 0.03),
        0.15,
        0.5,
    ),
    "HFpEF congestive": Disease(
        (56, 5), (50, 75), (1.02, 0.12), (1.25, 0.17), (50, 8), 1.12, 1.3, (0.07, 0.035), 0.4, 2.0
    ),
    "HFpEF concentric": Disease(
        (57, 5), (50, 75), (0.80, 0.09), (1.21, 0.15), (56, 7), 0.95, 1.1, (0.02, 0.03), 0.06, 0.5
    ),
}
HEALTHY_EF_LIMITS = (46.0, 78.0)  # keeps a healthy heart out of the definition of HFrEF


def add_anatomy(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add volumes, mass, slice dimensions, fat and signs of congestion to each person."""
    patients = people.join(_healthy_volumes(people, rng))
    for phenotype in PHENOTYPES:  # every phenotype draws its own numbers, sick or not
        patients = _with_disease(patients, phenotype, rng)
    patients["esv"] = patients["edv"] * (1 - patients["ef"] / 100)
    patients["rv_esv"] = patients["rv_edv"] * (1 - patients["rv_ef"] / 100)
    patients["bsa"] = np.sqrt(people["height"] * people["bmi"] * people["height"] ** 2 / 3.6e7)
    patients = patients.join(_slice_dimensions(patients, rng))
    patients = patients.join(_infarct(patients, rng))
    return patients.join(_fat(patients, rng))


def _healthy_volumes(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Sample volumes and mass of healthy hearts given sex, age, height and BMI.

    BMI effects are log units per kg/m2: 4.8 % of EDV and 8.3 % of mass per 4.3 kg/m2, in 4651
    people (Petersen 2017 PLoS ONE, verified). The 1.5th power of height and the correlation
    0.6 of mass with EDV are design estimates.
    """
    n = len(people)
    of = {
        name: np.array([getattr(HEALTHY_HEARTS[sex], name) for sex in people["sex"]])
        for name in HealthyHeart.__dataclass_fields__
    }
    years = people["age"].to_numpy() - REFERENCE_AGE
    heavy = people["bmi"].to_numpy() - REFERENCE_BMI
    tall = np.log(people["height"].to_numpy() / of["height"])
    one, other, third = rng.standard_normal((3, n))
    edv_log = of["edv_per_year"] / of["edv"] * years + 1.5 * tall + 0.0109 * heavy
    edv_log += of["edv_spread"] * one
    mass_log = of["mass_per_year"] / of["mass"] * years + 0.0185 * heavy
    mass_log += of["mass_spread"] * (0.6 * one + 0.8 * other)
    rv_log = of["rv_follows_lv"] * edv_log + of["rv_spread"] * third
    volumes = {
        "edv": of["edv"] * np.exp(edv_log - _half_variance(of["edv_spread"], 0.064)),
        "ef": np.clip(rng.normal(of["ef"], 5), *HEALTHY_EF_LIMITS),
        "mass": of["mass"] * np.exp(mass_log - _half_variance(of["mass_spread"], 0.07)),
        "rv_edv": of["rv_edv"] * np.exp(rv_log - _half_variance(of["rv_spread"], 0.17)),
        "rv_ef": np.clip(rng.normal(of["rv_ef"], 6), 35, 80),
        "flat_septum": rng.normal(0, 0.025, n),
        "pericardial_fluid": np.zeros(n),
        "pleural_fluid": np.where(rng.random(n) < 0.02, rng.uniform(3, 8, n), 0),
        "long_axis": of["long_axis"] * np.exp(0.3 * edv_log),
        "rv_wall": np.clip(rng.normal(3, 0.5, n), 2, 5),  # mm (design estimate)
        "extra_fat": np.zeros(n),
    }
    return pd.DataFrame(volumes, index=people.index)


def _half_variance(spread: np.ndarray, covariate_spread: float) -> np.ndarray:
    """Half the variance of a logarithm: without it exp() would shift the mean."""
    return (spread**2 + covariate_spread**2) / 2


def _with_disease(patients: pd.DataFrame, phenotype: str, rng: np.random.Generator) -> pd.DataFrame:
    """Turn the hearts of one phenotype sick; the size they would have had stays in them."""
    disease, n = DISEASES[phenotype], len(patients)
    before = patients
    after = pd.DataFrame(index=patients.index)
    dilation = _factor(*disease.dilation, n, rng)
    after["edv"] = before["edv"] * dilation
    after["long_axis"] = before["long_axis"] * dilation**0.25  # a dilated heart grows rounder
    after["ef"] = np.clip(rng.normal(*disease.ef, n), *disease.ef_limits)
    after["mass"] = before["mass"] * _factor(*disease.mass_gain, n, rng)
    after["rv_edv"] = before["rv_edv"] * _factor(disease.rv_dilation, 0.12, n, rng)
    after["rv_ef"] = np.clip(rng.normal(*disease.rv_ef, n), 18, 70)
    after["flat_septum"] = before["flat_septum"] + np.abs(rng.normal(*disease.flat_septum, n))
    after["pericardial_fluid"] = _fluid(disease.effusion, (2, 6), n, rng)
    after["pleural_fluid"] = _fluid(disease.effusion, (5, 18), n, rng)
    after["rv_wall"] = before["rv_wall"] * disease.rv_thickening
    after["extra_fat"] = np.full(n, disease.epicardial_fat)
    sick = (before["phenotype"] == phenotype).to_numpy()
    for name in after.columns:
        after[name] = after[name].where(sick, before[name])
    return before.drop(columns=after.columns).join(after)


def _factor(mean: float, sd: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw log-normal factors of that mean and SD."""
    sigma = np.sqrt(np.log1p((sd / mean) ** 2))
    return np.asarray(mean * np.exp(sigma * rng.standard_normal(n) - sigma**2 / 2))


def _fluid(
    share: float, limits: tuple[float, float], n: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw the thickness of a layer of fluid in mm; most people have none."""
    present = rng.random(n) < share
    return np.where(present, rng.uniform(*limits, n), 0.0)


def _slice_dimensions(patients: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Cut the heart near mid-ventricle: the bullet V = (5/6) A L gives the cavity's area A.

    The slice is planned a little off the middle, and in systole the heart moves through it, so
    one slice tells the ejection fraction only roughly (5 % and 7 % of area, design estimates).
    """
    planned = rng.normal(0, SLICE_SPREAD, len(patients))
    moved = planned + rng.normal(0, THROUGH_PLANE_SPREAD, len(patients))
    length_ed = patients["long_axis"]
    length_es = length_ed * (1 - LONG_AXIS_SHORTENING * patients["ef"] / 59)
    area_ed = 1200 * patients["edv"] / length_ed * np.exp(planned)  # mm2, from mL and mm
    area_es = 1200 * patients["esv"] / length_es * np.exp(moved)
    radius_ed = np.sqrt(area_ed / np.pi)
    radius_es = np.sqrt(area_es / np.pi)
    wall_ed = wall_thickness(
        patients["mass"].to_numpy(), radius_ed.to_numpy(), length_ed.to_numpy()
    )
    outer_es = np.sqrt(
        radius_es**2 + length_ed / length_es * ((radius_ed + wall_ed) ** 2 - radius_ed**2)
    )
    return pd.DataFrame(
        {
            "long_axis_es": length_es,
            "slice_factor_ed": np.exp(planned),
            "slice_factor_es": np.exp(moved),
            "cavity_area_ed": area_ed,
            "cavity_area_es": area_es,
            "radius_ed": radius_ed,
            "radius_es": radius_es,
            "wall_ed": wall_ed,
            "wall_es": outer_es - radius_es,
            # The crescent's area over its volume: gives 36 and 32 mm width (design estimate).
            "rv_area_ed": 1200 * patients["rv_edv"] / length_ed,
            "rv_area_es": 1200 * patients["rv_esv"] / length_es,
        }
    )


def wall_thickness(mass: np.ndarray, radius: np.ndarray, long_axis: np.ndarray) -> np.ndarray:
    """Solve mass = 1.05 (5/6) [pi (r+w)^2 (L+w) - pi r^2 L] for the mean wall w in mm (Newton)."""
    target = mass * 1000 / MUSCLE_DENSITY * 6 / 5 / np.pi
    wall = np.full_like(radius, 7.0)
    for _ in range(8):  # converges quadratically: the left side is convex and increasing
        outer = radius + wall
        excess = outer**2 * (long_axis + wall) - radius**2 * long_axis - target
        wall = wall - excess / (2 * outer * (long_axis + wall) + outer**2)
    return wall


def _infarct(patients: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Place a thin, still sector of 60 to 120 degrees in ischaemic hearts."""
    n = len(patients)
    ischaemic = (patients["phenotype"] == "HFrEF ischaemic").to_numpy()
    width = np.where(ischaemic, rng.uniform(60, 120, n), 0.0)
    thinning = np.where(ischaemic, rng.uniform(0.35, 0.55, n), 0.0)
    return pd.DataFrame(
        {
            "infarct_angle": rng.uniform(0, 360, n),
            "infarct_width": width,
            "infarct_thinning": thinning,
        },
        index=patients.index,
    )


def _fat(patients: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Thickness in mm of epicardial fat over the RV and of subcutaneous fat (design estimates).

    Epicardial: 3, 5 and 8 mm in the three BMI bands, from volumes of 64 mL (lean) and 123 mL
    (obese); 10 % more in men. Subcutaneous: 12 + 1.3 (BMI-22) in men, 16 + 1.6 (BMI-22) in women.
    """
    n = len(patients)
    men = (patients["sex"] == "male").to_numpy()
    heavy = patients["bmi"].to_numpy() - 22
    epicardial = 3 + 0.42 * heavy + 0.07 * (patients["age"].to_numpy() - 62)
    epicardial = (epicardial + patients["extra_fat"] + rng.normal(0, 1.5, n)) * (1 + 0.1 * men)
    skin = np.where(
        men, 12 + 1.3 * heavy + rng.normal(0, 4, n), 16 + 1.6 * heavy + rng.normal(0, 5, n)
    )
    fat = {"epicardial_fat": np.clip(epicardial, 1, 18), "subcutaneous_fat": np.clip(skin, 4, 60)}
    return pd.DataFrame(fat, index=patients.index)
