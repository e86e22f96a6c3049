"""The cohort's PatientModel: population, anatomy and rendering under one name."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmark.api.variant import Variant
from tasks.brain_mr_sex import anatomy, population, rendering


class BrainModel:
    """Adults of 20 to 85 years with one axial T1-weighted slice each."""

    version: int = 1

    def biased_people(self, n: int, variant: Variant, rng: np.random.Generator) -> pd.DataFrame:
        """Draw n people as the training hospital sees them."""
        return population.biased_people(n, variant, rng)

    def requested_people(self, requests: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Draw one person per row of label, age_band and volume_band."""
        return population.requested_people(requests, rng)

    def anatomy(self, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Add volumes in mL, cortex in mm, shape modes in SD and the slice's position."""
        return anatomy.add_anatomy(people, rng)

    def render(
        self,
        patients: pd.DataFrame,
        image_size: int,
        site_shift: float,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Image the patients: (n, 1, size, size) float32 in [0, 1] and uint8 masks."""
        return rendering.render(patients, image_size, site_shift, rng)
