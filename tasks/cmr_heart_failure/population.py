"""Who is in the cohort: sex, age, height, BMI first, then heart failure, then its phenotype.

The order matters. Heart failure is more frequent in the old and the heavy only because their
covariates were there before the label. Numbers: "verified" were read in the paper named,
"derived" follow from such, "design estimate" are our own plausible settings.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import beta, norm

from benchmark.api.variant import Variant

CLASSES = ("no heart failure", "heart failure")
SEXES = ("female", "male")
AGE_BANDS = {"under 65": (44.0, 65.0), "65 or older": (65.0, 82.0)}  # years, upper end excluded
BMI_BANDS = {"normal weight": (0.0, 25.0), "overweight": (25.0, 30.0), "obese": (30.0, np.inf)}

# UK Biobank CMR cohort, Petersen 2017 PLoS ONE 12:e0185114 (verified); men, women by mean and SD.
WOMEN = 0.541
AGE = {"female": (61.0, 7.5), "male": (62.0, 7.5)}  # years
HEIGHT = {"female": (163.0, 6.0), "male": (176.0, 7.0)}  # cm
BMI = {"female": (26.2, 4.6), "male": (27.1, 3.9)}  # kg/m2, log-normal
AGE_RANGE = (44.0, 82.0)  # UK Biobank imaging documentation (from memory)
HEIGHT_PER_YEAR = -0.05  # cm, birth cohort (design estimate)

# Log odds of heart failure, fitted to UK Biobank prevalence by sex, age and BMI (derived).
LOG_ODDS_MALE, LOG_ODDS_PER_YEAR, LOG_ODDS_PER_BMI = 1.32, 0.08, 0.11
SEVERITY_AS_IN_LIFE = 0.5  # of the model above

# Added to the log odds, times the severity: the training hospital's own selection. Its cases come
# from a clinic to which the obese are sent and which misses the lean; its controls are volunteers,
# who are leaner than most (Fry 2017 Am J Epidemiol 186:1026, the direction, from memory). The sizes
# are design estimates, chosen on development seeds so that there is room (docs/results/room.md).
SELECTION = {"normal weight": -2.0, "overweight": 0.0, "obese": 2.0}
BY_CHANCE = 0.05  # share of people who come in another way: their risk is the same for all
PREVALENCE = 0.25  # training prevalence in the public code of Skorupko et al. (arXiv 2403.19508)

PHENOTYPES = (
    "HFrEF dilated",
    "HFrEF ischaemic",
    "HFmrEF",
    "HFpEF congestive",  # the obese form: fluid, a strained right heart, much epicardial fat
    "HFpEF concentric",  # a small, stiff, thick-walled left ventricle and little else
)
HEALTHY = "healthy"
# HFrEF / HFmrEF / HFpEF: women 30/15/55, men 50/18/32 % (derived from PREVEND and general
# practice). The ischaemic share of HFrEF, 35 % in women and 55 % in men, is a design estimate.
PHENOTYPE_SHARES = {
    "female": (0.195, 0.105, 0.15, 0.55),
    "male": (0.225, 0.275, 0.18, 0.32),
}


# Share of HFpEF that is concentric, by BMI band: more in women and in the lean. The direction
# follows the obese phenotype of Obokata 2017 (from memory); the shares are design estimates.
CONCENTRIC_SHARES = {"female": (0.80, 0.60, 0.35), "male": (0.50, 0.35, 0.20)}


def biased_people(n: int, variant: Variant, rng: np.random.Generator) -> pd.DataFrame:
    """Draw n people as the training hospital sees them, with an exact number of cases.

    A pool of the imaging cohort, with the asked share of women, is labelled by the logistic model
    with slopes times severity / 0.5 and the hospital's selection times severity, with an intercept
    that gives the asked prevalence; the first cases and controls are kept. So P(label | covariates)
    is the model's, and the count is exact.
    """
    prevalence = variant["prevalence"]
    pool = draw_people(4 * n + 2000, rng, variant["women"])  # about four times the cases needed
    risk = recruited_risk(pool, variant["severity"], prevalence)
    sick = rng.random(len(pool)) < risk
    cases = round(prevalence * n)
    chosen = np.concatenate([np.flatnonzero(sick)[:cases], np.flatnonzero(~sick)[: n - cases]])
    rows = rng.permutation(chosen)
    people = pool.iloc[rows].reset_index(drop=True)
    people["label"] = np.where(sick[rows], CLASSES[1], CLASSES[0])
    return _with_phenotype(people, rng)


def requested_people(requests: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw one person per row, who has the row's label, sex, age band and BMI band.

    Within the bands, age, BMI and height follow the imaging cohort and not the label.
    """
    people = _draw_within(
        requests["sex"].to_numpy(str),
        np.array([AGE_BANDS[band] for band in requests["age_band"]]).reshape(-1, 2),
        np.array([BMI_BANDS[band] for band in requests["bmi_band"]]).reshape(-1, 2),
        rng,
    )
    people["label"] = requests["label"].to_numpy()
    return _with_phenotype(people, rng)


def draw_people(n: int, rng: np.random.Generator, women: float = WOMEN) -> pd.DataFrame:
    """Draw n people of the imaging cohort: sex, age, BMI, height and the bands."""
    sex = np.where(rng.random(n) < women, "female", "male")
    return _draw_within(sex, np.tile(AGE_RANGE, (n, 1)), np.tile((0.0, np.inf), (n, 1)), rng)


def recruited_risk(people: pd.DataFrame, severity: float, prevalence: float) -> np.ndarray:
    """Return each person's probability of heart failure in the training hospital, shape (n,).

    At severity 0 it is the prevalence for all, at 1 that of twice the slopes of life and of the
    hospital's selection. The mean is the prevalence.
    """
    selection = severity * people["bmi_band"].map(SELECTION).to_numpy(float)
    slope = log_odds_in_life(people) * severity / SEVERITY_AS_IN_LIFE + selection
    intercept = brentq(lambda shift: expit(shift + slope).mean() - prevalence, -60, 60)
    return np.asarray(BY_CHANCE * prevalence + (1 - BY_CHANCE) * expit(intercept + slope))


def log_odds_in_life(people: pd.DataFrame) -> np.ndarray:
    """Return what sex, age and BMI add to the log odds of heart failure, (n,)."""
    return np.asarray(
        LOG_ODDS_MALE * (people["sex"] == "male").to_numpy(float)
        + LOG_ODDS_PER_YEAR * (people["age"].to_numpy() - 63)
        + LOG_ODDS_PER_BMI * (people["bmi"].to_numpy() - 26)
    )


def band(values: np.ndarray, bands: dict[str, tuple[float, float]]) -> np.ndarray:
    """Name the band that holds each value."""
    upper_ends = [upper for _, upper in bands.values()][:-1]
    return np.array(list(bands))[np.digitize(values, upper_ends)]


def _draw_within(
    sex: np.ndarray, age_limits: np.ndarray, bmi_limits: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw age and BMI by inverse distribution functions cut to each row's limits."""
    age, bmi, height = np.empty(len(sex)), np.empty(len(sex)), np.empty(len(sex))
    for one in SEXES:
        rows = sex == one
        age[rows] = _age_within(one, age_limits[rows], rng)
        bmi[rows] = _bmi_within(one, bmi_limits[rows], rng)
        height[rows] = _height(one, age[rows], rng)
    bands = {"age_band": band(age, AGE_BANDS), "bmi_band": band(bmi, BMI_BANDS)}
    return pd.DataFrame({"sex": sex, **bands, "age": age, "bmi": bmi, "height": height})


def _age_within(sex: str, limits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Beta distribution over the cohort's range: unlike a cut normal, it keeps mean and SD."""
    (mean, sd), (low, high) = AGE[sex], AGE_RANGE
    centre, spread = (mean - low) / (high - low), sd / (high - low)
    weight = centre * (1 - centre) / spread**2 - 1
    law = beta(centre * weight, (1 - centre) * weight, loc=low, scale=high - low)
    return _between(law.ppf(_uniform_between(law.cdf(limits), rng)), limits)


def _bmi_within(sex: str, limits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    mean, sd = BMI[sex]
    sigma = np.sqrt(np.log1p((sd / mean) ** 2))
    mu = np.log(mean) - sigma**2 / 2
    with np.errstate(divide="ignore"):  # the logarithm of the lower limit 0 is meant to be -inf
        shares = norm.cdf((np.log(limits) - mu) / sigma)
    return _between(np.exp(mu + sigma * norm.ppf(_uniform_between(shares, rng))), limits)


def _height(sex: str, age: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    (mean, sd), (mean_age, sd_age) = HEIGHT[sex], AGE[sex]
    residual = np.sqrt(sd**2 - (HEIGHT_PER_YEAR * sd_age) ** 2)
    return mean + HEIGHT_PER_YEAR * (age - mean_age) + residual * rng.standard_normal(len(age))


def _uniform_between(shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return shares[:, 0] + (shares[:, 1] - shares[:, 0]) * rng.random(len(shares))


def _between(values: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Undo rounding that would put a value on the wrong side of its band's end."""
    return np.clip(values, limits[:, 0], np.nextafter(limits[:, 1], 0))


def _with_phenotype(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add the column phenotype: healthy, or a kind of heart failure with its sex ratio."""
    edges = np.cumsum([PHENOTYPE_SHARES[sex] for sex in people["sex"]], axis=1)
    kind = (rng.random((len(people), 1)) > edges[:, :-1]).sum(axis=1)
    order = {name: place for place, name in enumerate(BMI_BANDS)}
    pairs = zip(people["sex"], people["bmi_band"], strict=True)
    concentric = np.array([CONCENTRIC_SHARES[sex][order[band]] for sex, band in pairs])
    preserved = PHENOTYPES.index("HFpEF congestive")
    kind += (kind == preserved) & (rng.random(len(people)) < concentric)
    sick = people["label"].to_numpy() == CLASSES[1]
    return people.assign(phenotype=np.where(sick, np.array(PHENOTYPES)[kind], HEALTHY))
