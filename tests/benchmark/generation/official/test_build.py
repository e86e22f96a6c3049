"""What a judge is made from, and what its card says of it."""

import numpy as np
import pytest
import torch

from benchmark.generation.official.build import seeds_of
from benchmark.generation.official.looks import LOOKS, disguise, measure_components, with_look
from benchmark.generation.official.training import best_temperature
from benchmark.records.judge_card import files_of, read_card

IMAGES = np.random.default_rng(0).random((64, 2, 16, 16), dtype=np.float32)


@pytest.fixture(scope="module")
def components():
    return measure_components(IMAGES, torch.device("cpu"))


def test_the_card_tells_what_the_networks_read_in_patients_they_have_not_learned_from(toy_judge):
    card = read_card(toy_judge)
    together = card.quality["all"]
    assert set(card.quality) == {"all", *card.readers}
    assert together.accuracy["label"] > 0.8 and together.accuracy["site"] > 0.9
    assert set(together.by_look) == set(LOOKS)
    assert set(together.by_cell) == {"low, north", "low, south", "high, north", "high, south"}
    assert set(together.by_group) == {"label=low", "label=high", "site=north", "site=south"}
    assert card.dice["blob"] > 0.5 and card.prompt_found > 0.3
    assert card.files == files_of(toy_judge) and "32.safetensors" in card.files


def test_no_part_shares_a_patient_with_another():
    seeds = [
        seed for part in ("train", "calibration", "held_out") for seed in seeds_of(part, 40_000)
    ]
    assert len(set(seeds)) == len(seeds) == 30


@pytest.mark.parametrize("look", LOOKS[1:])
def test_every_look_changes_images_and_keeps_them_images(look, components):
    seen = with_look(torch.from_numpy(IMAGES), look, components, torch.Generator().manual_seed(1))
    assert seen.shape == IMAGES.shape and float(seen.min()) >= 0 and float(seen.max()) <= 1
    assert float((seen - torch.from_numpy(IMAGES)).abs().mean()) > 0.005


def test_half_of_a_batch_stays_as_it_is(components):
    images = torch.from_numpy(np.tile(IMAGES, (8, 1, 1, 1)))
    seen, looks = disguise(images, components, torch.Generator().manual_seed(0))
    same = (seen == images).flatten(1).all(1)
    assert torch.equal(same, looks == 0)
    assert 0.4 < float(same.float().mean()) < 0.6


def test_all_components_give_the_image_back(components):
    images = torch.from_numpy(IMAGES)
    torch.testing.assert_close(components.keep(images, 32), images, atol=1e-4, rtol=0)


def test_the_temperature_of_a_network_that_is_too_sure_is_above_one():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1, 4000)
    truth = (rng.random(4000) < 1 / (1 + np.exp(-logits))).astype(int)
    sure = 1 / (1 + np.exp(-3 * logits))
    found = best_temperature(np.column_stack([1 - sure, sure]), truth)
    assert found == pytest.approx(3, rel=0.1)
