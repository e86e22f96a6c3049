import pytest

from benchmark.api.data import Source
from benchmark.cohorts.export import export_cohort
from tests.benchmark.cohorts.exported_cohort import CARD, SIZE, TASK


@pytest.fixture
def exported(tmp_path):
    splits = TASK.load(Source(image_size=SIZE, train=12, val=6, test=4), TASK.knobs.variant(), 0)
    export_cohort(splits, CARD, tmp_path / "cohort")
    return splits, tmp_path / "cohort"
