import numpy as np
import pytest

from benchmark.cohorts.toy import ToyTask
from benchmark.training import selection
from benchmark.training.classifier import train_classifier
from benchmark.training.sampling_weights import balanced_weights

TASK = ToyTask()


@pytest.mark.parametrize(
    ("steps", "times", "looks"), [(360, 8, [48, 92, 136, 180, 228, 272, 316, 360]), (6, 2, [4, 6])]
)
def test_val_is_looked_at_after_the_average_was_taken(steps, times, looks):
    assert selection.looks_at_val(steps, times) == looks


def test_the_best_state_on_val_is_kept_not_the_last(toy):
    splits, ctx = toy
    classifier = train_classifier(splits.train, splits.val, ctx)
    labels = TASK.card.encode_labels(splits.val.table)
    cells, _ = TASK.card.encode_cells(splits.val.table)
    probability = classifier.predict_proba(splits.val.images)[np.arange(len(labels)), labels]
    loss = -(balanced_weights(cells) * np.log(probability)).sum()
    assert loss == pytest.approx(min(point["val_loss"] for point in ctx.curves), rel=1e-4)


def test_a_loss_that_is_no_number_stops_the_run_with_advice(toy):
    splits, ctx = toy
    with pytest.raises(FloatingPointError, match="training diverged"):
        train_classifier(
            splits.train, splits.val, ctx, batch_loss=lambda losses, rows: losses.mean() * np.nan
        )
