"""The task: sex in an axial T1-weighted brain slice, whatever the size and age of the brain."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from benchmark.api.card import Attribute, TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.api.data import Source, Split, Splits
from benchmark.api.declarations import task
from benchmark.api.scores import ScoreKey
from benchmark.api.variant import Knobs, Variant
from tasks.brain_mr_sex.population import MEN_IN_TRAINING
from tasks.digital.knobs import LABEL_NOISE, SEVERITY, SITE_SHIFT, share

if TYPE_CHECKING:
    from tasks.brain_mr_sex.model import BrainModel


@task
class BrainMrSex:
    """Sex from one brain slice. The source papers call this gender classification."""

    card: ClassVar[TaskCard] = TaskCard(
        name="brain_mr_sex",
        version=1,
        title="Sex from brain MR",
        question="Is this the brain of a woman or of a man?",
        classes=("female", "male"),
        attributes=(
            Attribute("age_band", ("under 45", "45 to 64", "65 or older"), "Age", "age", (45, 65)),
            Attribute(
                "volume_band",
                ("small brain", "middle brain", "large brain"),
                "Brain volume",
                "brain_volume_ml",
                (1155, 1275),
            ),
        ),
        intersections=(("age_band", "volume_band"),),
        channels=("T1-weighted",),
        mask_labels=("cerebrospinal fluid", "grey matter", "white matter"),
        field_of_view_mm=220,
        main_metric="worst_group_accuracy",
        citation="Sanchis-Segura et al. 2020, Scientific Reports 10:12953; Ebel et al. 2023.",
        notes=(
            "The label is sex as recorded at the visit; the source papers call the task gender "
            "classification. Brain volume is intracranial volume times brain fraction; the bands "
            "part at 1155 and 1275 mL. Orientation is radiological: the patient's right is on "
            "the left."
        ),
        population=(("label", (0.5, 0.5)),),  # as population.natural_people draws them
    )
    digital: ClassVar[CohortFacts] = CohortFacts(
        kind="digital",
        name="digital brains",
        licence=(
            "Apache-2.0. The images are made from the ICBM 152 template of 2009, "
            "(c) Louis Collins, McConnell Brain Imaging Centre, McGill University, which may be "
            "used, copied, modified and distributed if its notice stays."
        ),
        citation=(
            "Equipoise digital cohort. Template: Fonov et al. 2011, NeuroImage 54:313. Volumes: "
            "Marcus et al. 2007 (OASIS-1); Ruigrok et al. 2014."
        ),
        caveats=(
            "Warped copies of one template brain, not patients. Volumes follow published tables, "
            "but the local differences between the sexes are exaggerated, so that a single slice "
            "can be read as well as whole brains are. Use it to compare methods, never to learn "
            "about brains."
        ),
    )

    knobs: ClassVar[Knobs] = Knobs(
        (SEVERITY, share("prevalence", "men", MEN_IN_TRAINING), LABEL_NOISE, SITE_SHIFT),
        hints={
            "women": "Sex is the label here, so prevalence sets it, the share of men: for 20 % "
            "women, prevalence=0.8."
        },
    )

    judge: ClassVar[Path] = Path(__file__).parent / "judge"

    def load(self, source: Source, variant: Variant, seed: int) -> Splits:
        """Return the splits of the user's own cohort if the source names one, else digital ones."""
        if source.folder is not None:
            from benchmark.cohorts.table import load_table_cohort

            return load_table_cohort(source, self.card, seed)
        from tasks.digital.cohort import load_splits

        return load_splits(_model(), self.card, source, variant, seed)

    def truth(self, source: Source, variant: Variant, seed: int) -> dict[str, pd.DataFrame]:
        """Say who is in the digital cohort's val, test and recruited: tables without images."""
        from tasks.digital.truth import true_tables

        return true_tables(_model(), self.card, source, variant, seed)

    def new_patients(self, requests: pd.DataFrame, source: Source, seed: int) -> Split:
        """Make one new patient per row of requests, from the training scanner."""
        from tasks.digital.cohort import draw_patients

        return draw_patients(_model(), self.card, requests, source, seed)

    def ceiling(self, source: Source, variant: Variant) -> dict[ScoreKey, float]:
        """Return what a large balanced training reaches in every cell of test; {} if not known."""
        from tasks.digital.ceiling import read_ceiling

        return read_ceiling(_model(), self.card, Path(__file__).parent, source, variant)

    def prompt(self, row: Mapping[str, object]) -> str:
        """Describe one patient in a sentence; leave out what the row does not hold."""
        person = {"female": "woman", "male": "man"}.get(str(row.get("label")), "person")
        words = [f"Axial T1-weighted brain MR image of a {person}"]
        if row.get("age_band") is not None:
            words.append(f"age {row['age_band']}")
        if row.get("volume_band") is not None:
            words.append(str(row["volume_band"]))
        return ", ".join(words)


@cache
def _model() -> BrainModel:
    """Import what draws brains when it is needed, once."""
    from tasks.brain_mr_sex.model import BrainModel

    return BrainModel()
