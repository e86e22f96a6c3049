"""The filter, with a reader that reads what the test has written into the image."""

import dataclasses

import numpy as np
import pytest

from benchmark.api.data import Source
from benchmark.cohorts.toy import toy_task
from benchmark.running import predictions
from methods.controlnet_synthesis import sample_filter as module
from methods.controlnet_synthesis.method import ControlNetSynthesis, draw_patients
from methods.controlnet_synthesis.sample_filter import REJECTED, SampleFilter, fit_sample_filter

TASK = toy_task(2, 2)
CARD = TASK.card
NAME = CARD.attributes[0].name
SPLITS = TASK.load(Source(image_size=16, train=20, val=20, test=8), TASK.knobs.variant(), 0)


class Reader:
    """Finds a mask where an image is above 1/2; the corner says how sure it is of every word."""

    def masks(self, images):
        return (images > 0.5).astype(np.uint8)

    def probabilities(self, images):
        sure = images[:, 0, 0, 0]
        return {name: np.stack([sure, sure], 1) for name in ("label", NAME)}


MASK = np.zeros((1, 1, 4, 4), np.uint8)
MASK[..., 2:, 2:] = 1
ROW = CARD.cells().head(1)


def image(sure, shift=0):
    drawn = 0.9 * np.roll(MASK, shift, axis=3).astype(np.float32)
    drawn[:, 0, 0, 0] = sure
    return drawn


def strict():
    return SampleFilter(CARD, Reader(), 0.9, {"label": 0.3, NAME: 0.3})


@pytest.mark.parametrize(
    ("drawn", "kept"),
    [(image(0.4), True), (image(0.2), False), (image(0.4, shift=1), False)],
    ids=["as asked", "another person", "another shape"],
)
def test_an_image_is_kept_if_mask_and_words_are_read_back(drawn, kept):
    assert strict().keeps(drawn, MASK, ROW) == [kept]


def thresholds(monkeypatch, make_spec, rows, sure):
    """Fix thresholds on patients of these cells, of which the reader is so sure."""
    monkeypatch.setattr(module, "trained_reader", lambda train, ctx, purpose, backbone: Reader())
    images = np.repeat(image(0.0), len(rows), axis=0)
    images[:, 0, 0, 0] = sure
    val = dataclasses.replace(
        SPLITS.val, images=images, masks=np.repeat(MASK, len(rows), axis=0),
        table=CARD.cells().iloc[rows].reset_index(drop=True),
    )  # fmt: skip
    ctx = predictions.make_context(TASK, ControlNetSynthesis(), make_spec(), lambda line: None)
    return fit_sample_filter(SPLITS.train, val, ctx)


def test_one_val_patient_in_twenty_falls_below_any_threshold(monkeypatch, make_spec):
    """Four criteria (mask, label, two attributes) share 5 %: of 100 patients one falls below."""
    found = thresholds(monkeypatch, make_spec, np.zeros(100, int), (np.arange(100) + 0.5) / 200)
    names = ["label", *(a.name for a in CARD.attributes)]
    share = 100 * REJECTED / (1 + len(names))
    expected = (np.ceil(share) - 0.5) / 200
    assert found.least_probability == pytest.approx(dict.fromkeys(names, expected))
    assert found.least_dice == pytest.approx(1)


def test_a_rare_cell_counts_more_but_one_patient_decides_nothing(monkeypatch, make_spec):
    rows = np.array([0] * 190 + [1] * 10)  # the rare cell is read badly
    found = thresholds(monkeypatch, make_spec, rows, np.where(rows == 1, 0.1, 0.4))
    assert found.least_probability["label"] == pytest.approx(0.1)
    rows = np.array([0] * 399 + [1])
    found = thresholds(monkeypatch, make_spec, rows, np.where(rows == 1, 0.1, 0.4))
    assert found.least_probability["label"] == pytest.approx(0.4)


def test_val_without_masks_is_refused(make_spec):
    val = dataclasses.replace(SPLITS.val, masks=np.zeros_like(SPLITS.val.masks))
    ctx = predictions.make_context(TASK, ControlNetSynthesis(), make_spec(), lambda line: None)
    with pytest.raises(ValueError, match="no validation patient has a mask"):
        fit_sample_filter(SPLITS.train, val, ctx)


def test_a_rejected_patient_is_drawn_again_and_in_the_end_left_out(make_spec):
    """The filter keeps the first patient at once, the second at the second try, the third never."""
    asked = []

    def draw(requests, masks, seed):
        asked.append(len(requests))
        sure = [[0.4, 0.2, 0.2], [0.4, 0.2], [0.2]][len(asked) - 1]
        drawn = (masks > 0).astype(np.float32)
        drawn[:, 0, 0, 0] = sure
        return drawn

    rows = CARD.cells().iloc[[0, 0, 0]].reset_index(drop=True)
    ctx = predictions.make_context(TASK, ControlNetSynthesis(), make_spec(), lambda line: None)
    # Masks are deformed on their way: any overlap will do here.
    lenient = SampleFilter(CARD, Reader(), 0.0, {"label": 0.3, NAME: 0.3})
    kept = draw_patients(draw, rows, rows, SPLITS.train, ctx, lenient)
    assert asked == [3, 2, 1] and len(kept) == 2
    assert ctx.curves[-1]["agreeing_at_once"] == pytest.approx(1 / 3)
    assert ctx.curves[-1]["kept"] == pytest.approx(2 / 3)


def test_for_the_label_alone_attributes_are_not_checked():
    assert set(strict().of_label_alone().least_probability) == {"label"}
