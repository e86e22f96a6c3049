"""Heart failure or not, from two short-axis cine frames of the heart (end-diastole, end-systole).

The digital cohort is made here: population.py (who), anatomy.py (their hearts), heart.py and
thorax.py (shapes), scanner.py (MR physics), rendering.py (the images).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pandas as pd

from benchmark.api.card import Attribute, TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.api.data import Source, Split, Splits
from benchmark.api.declarations import task
from benchmark.api.scores import ScoreKey
from benchmark.api.variant import Knobs, Variant
from tasks.cmr_heart_failure.population import (
    AGE_BANDS,
    BMI_BANDS,
    CLASSES,
    PREVALENCE,
    SEXES,
    WOMEN,
)
from tasks.cmr_heart_failure.rendering import HeartModel
from tasks.digital.ceiling import read_ceiling
from tasks.digital.cohort import draw_patients, load_splits
from tasks.digital.knobs import LABEL_NOISE, SEVERITY, SITE_SHIFT, share
from tasks.digital.truth import true_tables

MODEL = HeartModel()


@task
class CmrHeartFailure:
    """Finds heart failure in cardiac MR; it may miss the lean with it, alarm the obese without."""

    card: ClassVar[TaskCard] = TaskCard(
        name="cmr_heart_failure",
        version=2,
        title="Heart failure in cardiac MR",
        question="Does this person have heart failure?",
        classes=CLASSES,
        attributes=(
            Attribute("sex", SEXES, "Sex"),
            Attribute("age_band", tuple(AGE_BANDS), "Age", "age", (65,)),
            Attribute("bmi_band", tuple(BMI_BANDS), "Body mass index", "bmi", (25, 30)),
        ),
        intersections=(("sex", "bmi_band"),),
        channels=("end-diastole", "end-systole"),
        mask_labels=("left-ventricular cavity", "myocardium", "right ventricle"),
        field_of_view_mm=190,
        main_metric="worst_group_accuracy",
        citation="Skorupko et al., arXiv 2403.19508: the question and its attributes.",
        notes=(
            "Version 2: in train and val the lean rarely have heart failure and the obese rarely "
            "lack it, because a digital training hospital selects its patients. In version 1 it "
            "did not, and plain training was only a few points behind a balanced cohort. No heart "
            "looks different, and test is the same."
        ),
        population=(("sex", (WOMEN, 1 - WOMEN)),),  # the imaging cohort, Petersen 2017 PLoS ONE
    )
    digital: ClassVar[CohortFacts] = CohortFacts(
        kind="digital",
        name="digital hearts",
        licence="Apache-2.0 (generated images; no patient data)",
        citation=(
            "Equipoise digital cohort. Anatomy calibrated on Petersen et al. 2017 "
            "(doi 10.1186/s12968-017-0327-9)."
        ),
        caveats=(
            "Drawn hearts, not patients. Healthy volumes follow UK Biobank tables; how heart "
            "failure looks in one slice is partly a design estimate (see docs/cohorts). Good for "
            "comparing debiasing methods under a bias that is known exactly; worthless as "
            "evidence about any real person, scanner or hospital."
        ),
    )

    knobs: ClassVar[Knobs] = Knobs(
        (
            SEVERITY,
            share("prevalence", "people with heart failure", PREVALENCE),
            LABEL_NOISE,
            SITE_SHIFT,
            share("women", "women", WOMEN),
        )
    )

    judge: ClassVar[Path] = Path(__file__).parent / "judge"

    def load(self, source: Source, variant: Variant, seed: int) -> Splits:
        """Return the splits of a folder of patients, or of the digital cohort if there is none."""
        if source.folder is None:
            return load_splits(MODEL, self.card, source, variant, seed)
        from benchmark.cohorts.table import load_table_cohort

        return load_table_cohort(source, self.card, seed)

    def prompt(self, row: Mapping[str, object]) -> str:
        """Describe one patient: "Female, age in 60s, obese BMI, heart failure".

        What the row does not hold is left out: "Person, obese BMI".
        """
        words = [str(row.get("sex") or "person").capitalize(), _age_words(row)]
        if row.get("bmi_band"):
            words.append(f"{str(row['bmi_band']).removesuffix(' weight')} BMI")
        words.append(str(row.get("label") or ""))
        return ", ".join(word for word in words if word)

    def truth(self, source: Source, variant: Variant, seed: int) -> dict[str, pd.DataFrame]:
        """Say who is in the digital cohort's val, test and recruited: tables without images."""
        return true_tables(MODEL, self.card, source, variant, seed)

    def new_patients(self, requests: pd.DataFrame, source: Source, seed: int) -> Split:
        """Make one new patient per row of requests (label and every attribute, in words)."""
        return draw_patients(MODEL, self.card, requests, source, seed)

    def ceiling(self, source: Source, variant: Variant) -> dict[ScoreKey, float]:
        """Return what a large balanced training reaches in every cell of test; {} if not known."""
        return read_ceiling(MODEL, self.card, Path(__file__).parent, source, variant)


def _age_words(row: Mapping[str, object]) -> str:
    age = row.get("age")
    if isinstance(age, (int, float)) and age == age:  # NaN: the age itself is not known
        return f"age in {int(age // 10 * 10)}s"
    return f"age {row['age_band']}" if row.get("age_band") else ""
