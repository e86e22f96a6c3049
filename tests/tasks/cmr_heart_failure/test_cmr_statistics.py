"""The people and healthy hearts follow the published tables, and the bias is what was asked."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tasks.cmr_heart_failure import population
from tasks.cmr_heart_failure.anatomy import add_anatomy, wall_thickness
from tasks.cmr_heart_failure.task import CmrHeartFailure

HERE = Path(__file__).parent
KNOBS = CmrHeartFailure.knobs
HEALTHY = pd.read_csv(HERE / "healthy_reference.csv")
DEMOGRAPHICS = pd.read_csv(HERE / "demographics_reference.csv")


@pytest.fixture(scope="module")
def cohort():
    rng = np.random.default_rng(1)
    people = population.draw_people(40_000, rng)
    people["label"], people["phenotype"] = population.CLASSES[0], population.HEALTHY
    return add_anatomy(people, rng)


def check(values, row):
    """Within 3 % or two standard errors of the published sample, for mean and SD."""
    mean_error = abs(values.mean() - row.mean_)
    sd_error = abs(values.std() - row.sd)
    assert mean_error <= max(0.03 * row.mean_, 2 * row.sd / np.sqrt(row.n)), values.mean()
    assert sd_error <= max(0.03 * row.sd, 2 * row.sd / np.sqrt(2 * row.n)), values.std()


def rows(table):
    renamed = table.rename(columns={"mean": "mean_"})
    return [pytest.param(r, id=f"{r.column}-{r.sex}") for r in renamed.itertuples()]


@pytest.mark.parametrize("row", rows(DEMOGRAPHICS))
def test_demographics_follow_the_published_table(cohort, row):
    check(cohort.loc[cohort["sex"] == row.sex, row.column], row)


@pytest.mark.parametrize("row", rows(HEALTHY))
def test_healthy_hearts_follow_the_published_table(cohort, row):
    like_reference = (cohort["bmi"] < 30) & (cohort["age"].between(45, 75))
    check(cohort.loc[like_reference & (cohort["sex"] == row.sex), row.column], row)


def test_the_reference_rows_are_named_with_source_and_certainty():
    for table in (HEALTHY, DEMOGRAPHICS):
        assert table["source"].str.len().min() > 10
        assert set(table["certainty"]) <= {"verified", "derived", "from memory", "design estimate"}


def test_volumes_add_up(cohort):
    assert np.allclose(cohort["esv"], cohort["edv"] * (1 - cohort["ef"] / 100))
    middle = cohort["cavity_area_ed"] / cohort["slice_factor_ed"]
    assert np.allclose(cohort["edv"], 5 / 6 * middle * cohort["long_axis"] / 1000)


def test_wall_thickness_solves_the_shell():
    # 6 mm on a 25 mm radius and 90 mm axis: 1.05 (5/6) pi (31^2 96 - 25^2 90) mm3 = 98.97 g
    mass = np.array([1.05e-3 * 5 / 6 * np.pi * (31**2 * 96 - 25**2 * 90)])
    assert wall_thickness(mass, np.array([25.0]), np.array([90.0])) == pytest.approx([6.0])


def test_ejection_fraction_is_nearly_free_of_bmi(cohort):
    women = cohort[cohort["sex"] == "female"]
    assert abs(np.corrcoef(women["ef"], women["bmi"])[0, 1]) < 0.05


@pytest.mark.parametrize("phenotype", population.PHENOTYPES)
def test_phenotypes_keep_to_their_ejection_fraction(cohort, phenotype):
    people = cohort[["sex", "age_band", "bmi_band", "age", "bmi", "height"]].head(500)
    sick = add_anatomy(people.assign(phenotype=phenotype), np.random.default_rng(0))
    limits = {"HFrEF": (0, 40), "HFmrE": (41, 49), "HFpEF": (50, 100)}[phenotype[:5]]
    assert sick["ef"].between(*limits).all()


def test_women_have_more_preserved_ejection_fraction():
    rng = np.random.default_rng(2)
    people = population.biased_people(8000, KNOBS.variant(severity=0), rng)
    sick = people[people["label"] == "heart failure"]
    share = sick["phenotype"].str.startswith("HFpEF").groupby(sick["sex"]).mean()
    assert share["female"] == pytest.approx(0.55, abs=0.05)
    assert share["male"] == pytest.approx(0.32, abs=0.05)


@pytest.mark.parametrize(
    ("turned", "expected"), [({}, 250), ({"prevalence": 0.01}, 10), ({"prevalence": 0.5}, 500)]
)
def test_number_of_cases_is_exact(turned, expected):
    variant = KNOBS.variant(**turned)
    people = population.biased_people(1000, variant, np.random.default_rng(3))
    assert (people["label"] == "heart failure").sum() == expected


def test_share_of_women_among_cases_falls_with_severity():
    shares = []
    for severity in (0, 0.5, 1, 1.5):
        people = population.biased_people(
            4000, KNOBS.variant(severity=severity), np.random.default_rng(4)
        )
        sick = people[people["label"] == "heart failure"]
        shares.append((sick["sex"] == "female").mean())
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(population.WOMEN, abs=0.05)


@pytest.mark.parametrize("women", [0.2, 0.9])
def test_the_share_of_women_is_as_asked_and_the_odds_ratio_is_nearly_that_of_life(women):
    people = population.biased_people(
        20_000, KNOBS.variant(severity=0.5, women=women), np.random.default_rng(7)
    )
    counts = pd.crosstab(people["label"], people["sex"])
    odds = counts["male"] / counts["female"]
    log_odds_ratio = np.log(odds["heart failure"] / odds["no heart failure"])
    assert (people["sex"] == "female").mean() == pytest.approx(women, abs=0.015)
    # Near the conditional one: men are a little older and heavier, which adds to it.
    assert log_odds_ratio == pytest.approx(population.LOG_ODDS_MALE, abs=0.2)


def test_severity_zero_has_no_association():
    people = population.biased_people(20_000, KNOBS.variant(severity=0), np.random.default_rng(5))
    sick = people["label"] == "heart failure"
    for column, tolerance in (("age", 0.4), ("bmi", 0.25)):
        assert abs(people[column][sick].mean() - people[column][~sick].mean()) < tolerance
    assert (
        abs((people["sex"][sick] == "male").mean() - (people["sex"][~sick] == "male").mean()) < 0.03
    )


def person(sex="female", age=63.0, bmi=26.0, bmi_band="overweight"):
    return {"sex": sex, "age": age, "bmi": bmi, "bmi_band": bmi_band}


@pytest.mark.parametrize(
    ("other", "log_odds"),
    [({"sex": "male"}, 1.32), ({"age": 73.0}, 0.8), ({"bmi": 29.0}, 0.33)],
    ids=str,
)
def test_the_log_odds_of_life(other, log_odds):
    usual, changed = population.log_odds_in_life(pd.DataFrame([person(), person(**other)]))
    assert changed - usual == pytest.approx(log_odds)


@pytest.mark.parametrize(("severity", "log_odds"), [(0, 0.0), (0.5, 1.32), (1, 2.64)])
def test_severity_multiplies_the_odds_of_life_for_those_who_are_selected(severity, log_odds):
    people = pd.DataFrame([person("female"), person("male")] * 50)
    risk = population.recruited_risk(people, severity, prevalence=0.25)
    selected = (risk - population.BY_CHANCE * 0.25) / (1 - population.BY_CHANCE)
    odds = np.log(selected / (1 - selected))
    assert odds[1] - odds[0] == pytest.approx(log_odds)
    assert risk.mean() == pytest.approx(0.25)


@pytest.mark.parametrize(("severity", "log_odds"), [(0, 0.0), (0.5, 2.0), (1, 4.0)])
def test_the_hospital_selects_the_obese_with_and_the_lean_without(severity, log_odds):
    # Of one BMI, so that only the selection differs.
    people = pd.DataFrame([person(bmi_band="normal weight"), person(bmi_band="obese")] * 50)
    risk = population.recruited_risk(people, severity, prevalence=0.25)
    selected = (risk - population.BY_CHANCE * 0.25) / (1 - population.BY_CHANCE)
    odds = np.log(selected / (1 - selected))
    assert odds[1] - odds[0] == pytest.approx(log_odds)


def test_the_rarest_headline_cells_of_train_are_rare_and_not_empty():
    people = population.biased_people(1500, KNOBS.variant(), np.random.default_rng(8))
    counts = people.groupby(["label", "bmi_band"]).size()
    assert 5 <= counts["heart failure", "normal weight"] <= 40
    assert 50 <= counts["no heart failure", "obese"] <= 160


def test_requested_people_are_as_requested():
    requests = pd.DataFrame(
        [
            ("heart failure", "female", "under 65", "normal weight"),
            ("no heart failure", "male", "65 or older", "obese"),
        ]
        * 200,
        columns=["label", "sex", "age_band", "bmi_band"],
    )
    people = population.requested_people(requests, np.random.default_rng(7))
    pd.testing.assert_frame_equal(people[list(requests)].astype(object), requests.astype(object))
    assert people["age"][::2].max() < 65 <= people["age"][1::2].min()
    assert people["bmi"][::2].max() < 25 and people["bmi"][1::2].min() >= 30
    assert ((people["phenotype"] == "healthy") == (people["label"] == "no heart failure")).all()


def test_version_2_has_the_people_and_hearts_of_version_1():
    """Version 2 changed who is recruited. These numbers were computed on version 1."""
    requests = pd.DataFrame(
        [
            ("heart failure", "female", "under 65", "normal weight"),
            ("no heart failure", "male", "65 or older", "obese"),
            ("heart failure", "male", "65 or older", "overweight"),
        ],
        columns=["label", "sex", "age_band", "bmi_band"],
    )
    rng = np.random.default_rng(11)
    hearts = add_anatomy(population.requested_people(requests, rng), rng)
    expected = {
        "age": (50.729, 65.234, 66.229),
        "bmi": (22.471, 36.517, 25.331),
        "edv": (120.145, 207.890, 185.463),
        "ef": (58.010, 53.930, 43.785),
        "wall_ed": (5.644, 7.163, 4.514),
        "epicardial_fat": (3.610, 10.687, 7.281),
    }
    for column, values in expected.items():
        assert hearts[column].to_numpy() == pytest.approx(values, abs=6e-4), column
    assert hearts["phenotype"].tolist() == ["HFpEF concentric", "healthy", "HFmrEF"]
