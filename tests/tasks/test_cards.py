"""What a card says of its bands is what the digital cohort does."""

from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from tasks.brain_mr_sex.population import AGE_CUTS, VOLUME_CUTS
from tasks.cmr_heart_failure.population import AGE_BANDS, BMI_BANDS


def edges(task, name):
    return load_task(find_tasks()[task]).card.attribute(name).edges


def test_the_bands_of_the_heart_cohort_are_those_of_its_card():
    assert edges("cmr_heart_failure", "age_band") == tuple(low for low, _ in AGE_BANDS.values())[1:]
    assert edges("cmr_heart_failure", "bmi_band") == tuple(low for low, _ in BMI_BANDS.values())[1:]


def test_the_bands_of_the_brain_cohort_are_those_of_its_card():
    assert edges("brain_mr_sex", "age_band") == AGE_CUTS
    assert edges("brain_mr_sex", "volume_band") == VOLUME_CUTS
