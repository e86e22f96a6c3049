from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.brain_mr_sex import population
from tasks.brain_mr_sex.anatomy import (
    MODE_COLUMNS,
    MODE_DIFFERENCE,
    add_anatomy,
    ideal_accuracy,
    log_likelihood_ratios,
)
from tasks.brain_mr_sex.task import BrainMrSex
from tasks.digital.cohort import balanced_requests

REFERENCE = pd.read_csv(Path(__file__).parent / "brain_reference.csv")
KNOBS = BrainMrSex.knobs


@pytest.fixture(scope="module")
def natural() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return add_anatomy(population.natural_people(40_000, rng), rng)


@pytest.fixture(scope="module")
def balanced() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    requests = balanced_requests(BrainMrSex.card, 18_000)
    return add_anatomy(population.requested_people(requests, rng), rng)


def chosen(patients: pd.DataFrame, row: pd.Series) -> pd.Series:
    of_age = patients["age"].between(row.youngest, row.oldest)
    return patients.loc[of_age & (patients["label"] == row.sex), row.quantity]


@pytest.mark.parametrize("row", [row for _, row in REFERENCE.iterrows()], ids=str)
def test_mean_agrees_with_the_published_mean(row: pd.Series, natural: pd.DataFrame) -> None:
    standard_errors = 2 * row["sd"] / np.sqrt(row["n"]) if row["n"] > 0 else 0
    error = abs(chosen(natural, row).mean() - row["mean"])
    assert error <= max(0.03 * row["mean"], standard_errors)


ABOUT_SPREAD = REFERENCE[REFERENCE["quantity"].isin(["icv", "ventricle_volume", "grey_share"])]


@pytest.mark.parametrize("row", [row for _, row in ABOUT_SPREAD.iterrows()], ids=str)
def test_spread_agrees_with_the_published_spread(row: pd.Series, natural: pd.DataFrame) -> None:
    # The standard error of an SD is sd / sqrt(2 n); age adds a little within a band.
    allowed = 2 / np.sqrt(2 * row["n"]) if row["n"] > 0 else 0.05
    assert chosen(natural, row).std() == pytest.approx(row["sd"], rel=max(0.03, allowed))


def test_head_size_separates_the_sexes_as_published(natural: pd.DataFrame) -> None:
    means = natural.groupby("label")["icv"].agg(["mean", "std"])
    pooled = np.sqrt((means["std"] ** 2).mean())
    assert (means.loc["male", "mean"] - means.loc["female", "mean"]) / pooled == pytest.approx(
        1.37, abs=0.05
    )


def test_volume_bands_are_the_terciles_of_the_natural_population() -> None:
    assert population.natural_cells().sum(axis=(0, 1)) / 2 == pytest.approx(1 / 3, abs=0.01)


def test_ventricles_grow_and_the_cortex_thins_with_age(natural: pd.DataFrame) -> None:
    bands = natural.groupby("age_band")[["ventricle_volume", "cortical_thickness"]].mean()
    bands = bands.loc[list(population.AGE_BANDS)]
    assert bands["ventricle_volume"].is_monotonic_increasing
    assert bands["cortical_thickness"].is_monotonic_decreasing


def test_volumes_add_up_to_the_intracranial_volume(natural: pd.DataFrame) -> None:
    parts = natural[["grey_volume", "white_volume", "csf_volume"]].sum(axis=1)
    assert np.allclose(parts, natural["icv"])


def test_requested_people_are_what_was_asked_for(balanced: pd.DataFrame) -> None:
    age = population.band(balanced["age"], population.AGE_CUTS, population.AGE_BANDS)
    volume = population.band(
        balanced["brain_volume"], population.VOLUME_CUTS, population.VOLUME_BANDS
    )
    assert (age == balanced["age_band"]).all()
    assert (volume == balanced["volume_band"]).all()


def test_requested_people_of_one_cell_are_the_natural_ones(
    natural: pd.DataFrame, balanced: pd.DataFrame
) -> None:
    cell = {"label": "female", "age_band": "45 to 64", "volume_band": "large brain"}
    means = [
        people.loc[(people[list(cell)] == pd.Series(cell)).all(axis=1), ["age", "icv"]].mean()
        for people in (natural, balanced)
    ]
    assert np.allclose(*means, rtol=0.01)


def test_unknown_band_is_named() -> None:
    requests = pd.DataFrame(
        {"label": ["male"], "age_band": ["young"], "volume_band": ["large brain"]}
    )
    with pytest.raises(ValueError, match=r"'young'.*Allowed: under 45"):
        population.requested_people(requests, np.random.default_rng(0))


def test_ideal_reader_is_as_good_as_published(balanced: pd.DataFrame) -> None:
    assert 0.87 <= ideal_accuracy(balanced) <= 0.93


def test_modes_hold_as_much_evidence_as_their_distance_says(balanced: pd.DataFrame) -> None:
    # Two unit normals D apart: the log ratio over men is normal, mean D^2 / 2, SD D.
    men = balanced[balanced["label"] == "male"]
    modes = log_likelihood_ratios(men)["modes"]
    spread = np.sqrt(len(MODE_COLUMNS)) * MODE_DIFFERENCE
    assert modes.mean() == pytest.approx(spread**2 / 2, rel=0.05)
    assert modes.std() == pytest.approx(spread, rel=0.05)


def best_threshold(values: pd.Series, male: pd.Series) -> float:
    return max(((values > cut) == male).mean() for cut in values.quantile(np.arange(0.05, 1, 0.05)))


def test_head_size_tells_sex_in_nature_but_hardly_in_the_test_split(
    natural: pd.DataFrame, balanced: pd.DataFrame
) -> None:
    assert best_threshold(natural["icv"], natural["label"] == "male") == pytest.approx(
        0.75, abs=0.02
    )
    assert best_threshold(balanced["icv"], balanced["label"] == "male") < 0.60


def test_training_without_severity_is_independent_of_sex() -> None:
    women, men = population.training_cells(0.0, 0.5)
    assert np.allclose(women, men)


def test_half_severity_ties_volume_to_sex_as_nature_does() -> None:
    # The ratio of large to small brains between the sexes, within one age band.
    def odds(cells: np.ndarray) -> float:
        return cells[1, 1, 2] * cells[0, 1, 0] / (cells[1, 1, 0] * cells[0, 1, 2])

    assert odds(population.training_cells(0.5, 0.5)) == pytest.approx(
        odds(population.natural_cells())
    )
    assert odds(population.training_cells(1.0, 0.5)) == pytest.approx(
        odds(population.natural_cells()) ** 2
    )


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 1.5), st.floats(0.01, 0.99))
def test_training_keeps_the_asked_share_of_men(severity: float, men: float) -> None:
    cells = population.training_cells(severity, men)
    assert cells.sum() == pytest.approx(1)
    assert cells[1].sum() == pytest.approx(men)


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 1.3))
def test_rare_people_become_rarer_with_severity(severity: float) -> None:
    now, later = (population.training_cells(s, 0.5) for s in (severity, severity + 0.2))
    assert later[0, :, 2].sum() < now[0, :, 2].sum()  # women with large brains
    assert later[1, :, 0].sum() < now[1, :, 0].sum()  # men with small brains
    assert later[0, 0].sum() < now[0, 0].sum()  # young women
    assert later[1, 2].sum() < now[1, 2].sum()  # old men


@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 400), men=st.floats(0.01, 0.99), seed=st.integers(0, 99))
def test_the_share_of_men_in_training_is_exact(n: int, men: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = population.biased_people(n, KNOBS.variant(prevalence=men), rng)
    assert (people["label"] == "male").sum() == round(n * men)


def test_default_training_is_seven_tenths_men_in_no_order() -> None:
    male = (
        population.biased_people(1000, KNOBS.variant(), np.random.default_rng(0))["label"] == "male"
    )
    assert male.sum() == 700
    assert male[:500].sum() == pytest.approx(350, abs=40)


def test_bands_within_each_sex_are_drawn_with_the_shares_of_training() -> None:
    people = population.biased_people(20_000, KNOBS.variant(), np.random.default_rng(0))
    shares = population.training_cells(1.0, population.MEN_IN_TRAINING)
    index = [
        population.codes(people[column], names)
        for column, names in (
            ("label", population.SEXES),
            ("age_band", population.AGE_BANDS),
            ("volume_band", population.VOLUME_BANDS),
        )
    ]
    seen = np.zeros(shares.shape)
    np.add.at(seen, tuple(index), 1 / len(people))
    assert np.allclose(seen, shares, atol=4 * np.sqrt(shares.max() / len(people)))
