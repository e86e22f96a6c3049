import dataclasses

import pytest
import torch

from benchmark.cohorts.toy import ToyTask
from benchmark.conformance.toy_preset import TOY_PRESET
from benchmark.support.devices import choose_device, choose_precision
from benchmark.training.classifier import train_classifier

TASK = ToyTask()


@pytest.mark.parametrize("steps", [1, 2, 4, 5])
def test_a_few_steps_are_training_too(steps, toy):
    splits, ctx = toy
    few = dataclasses.replace(ctx.classifier, steps=steps)
    train_classifier(splits.train, splits.val, dataclasses.replace(ctx, classifier=few))


def test_it_learns_the_toy_task(toy):
    splits, ctx = toy
    classifier = train_classifier(splits.train, splits.val, ctx)
    right = classifier.predict_proba(splits.val.images).argmax(1) == TASK.card.encode_labels(
        splits.val.table
    )
    assert right.mean() > 0.8


def test_steps_are_counted(toy):
    splits, ctx = toy
    train_classifier(splits.train, splits.val, ctx, steps_factor=0.4)
    assert ctx.steps == round(0.4 * TOY_PRESET.classifier.steps)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_it_learns_on_a_gpu(toy):
    splits, ctx = toy
    gpu = choose_device("cuda")
    on_gpu = dataclasses.replace(ctx, device=gpu, precision=choose_precision(gpu))
    classifier = train_classifier(splits.train, splits.val, on_gpu)
    labels = TASK.card.encode_labels(splits.val.table)
    assert (classifier.predict_proba(splits.val.images).argmax(1) == labels).mean() > 0.8
