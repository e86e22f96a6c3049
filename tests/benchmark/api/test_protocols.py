"""Optional members are found on torch modules and behind __getattr__, as on plain objects."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from torch import nn

from benchmark.api import protocols
from benchmark.api.data import Source
from benchmark.api.scores import ScoreKey
from benchmark.api.variant import Variant


class Drawing(nn.Module):
    def generate(self, requests, masks, seed):
        return masks


class Predicting(nn.Module):
    def __init__(self, **members):
        super().__init__()
        for name, member in members.items():
            setattr(self, name, member)

    def predict_proba(self, images):
        return images


class PassesOn:
    def __init__(self, to):
        self.to = to

    def __getattr__(self, name):
        return getattr(self.to, name)


def test_a_submodule_is_a_predictors_generator():
    predictor = Predicting(generator=Drawing())
    assert protocols.is_predictor(predictor)
    assert protocols.is_generator(protocols.generator_of(predictor))


@pytest.mark.parametrize("predictor", [Predicting(), SimpleNamespace(generator=None), None])
def test_a_predictor_without_a_generator_has_none(predictor):
    assert not protocols.is_generator(protocols.generator_of(predictor))


def test_what_is_passed_on_counts():
    inner = SimpleNamespace(
        generate=print, predict_proba=print, generator=1, val=2, target=3, before=None,
        reads_masks=False,
    )  # fmt: skip
    outer = PassesOn(inner)
    assert protocols.is_predictor(outer) and protocols.is_neutral_generator(outer)
    assert (protocols.generator_of(outer), protocols.recruited_by(outer)) == (1, 2)
    assert not protocols.reads_masks(outer)


@pytest.mark.parametrize("missing", ["generate", "target", "before"])
def test_a_generator_is_neutral_only_with_all_that_belongs_to_it(missing):
    members = {"generate": print, "target": 1, "before": None}
    del members[missing]
    assert not protocols.is_neutral_generator(SimpleNamespace(**members))


def test_the_generator_before_tuning_may_be_a_module():
    generator = Drawing()
    generator.target, generator.before = "uniform", Drawing()
    assert protocols.is_neutral_generator(generator)


def test_masks_are_read_where_nothing_is_declared():
    assert protocols.reads_masks(Drawing())


def test_a_task_without_ceilings_has_none():
    assert protocols.ceiling_of(SimpleNamespace(), Source(), Variant()) == {}


def test_a_ceiling_is_asked_for_the_images_at_hand_and_never_for_a_folder_of_patients():
    key = ScoreKey("cell_accuracy", ("sex",), ("female",), "ill")

    def ceiling(source, variant):
        return {key: 0.9} if source.image_size == 64 else {}

    task = SimpleNamespace(ceiling=ceiling)
    found = [
        protocols.ceiling_of(task, source, Variant())
        for source in (Source(), Source(image_size=128), Source(folder=Path("patients")))
    ]
    assert found == [{key: 0.9}, {}, {}]
