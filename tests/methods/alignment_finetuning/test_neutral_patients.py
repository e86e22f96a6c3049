"""Which patients the classifier learns from beside real ones."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmark import Split
from benchmark.generation.mix_targets import read_target
from methods.alignment_finetuning.neutral_patients import draw_neutral, join_real_and_drawn


class Painter:
    """Draws grey patients and remembers which it was asked for."""

    def smooth(self, rows, masks, seed):
        self.rows = rows
        return np.full(masks.shape, 0.5, np.float32)


def guide_of(ctx, column, label=None):
    target = read_target("uniform", ctx.card, (column,))
    reader = SimpleNamespace(probabilities=lambda images: {"label": label})
    return SimpleNamespace(target=target, temperatures={column: 1.0}, reader=reader)


def test_a_sentence_names_the_label_and_no_attribute(splits, ctx):
    painter = Painter()
    drawn = draw_neutral(painter, guide_of(ctx, "site"), splits.train, ctx, 5, 0.8)
    assert painter.rows["label"].tolist() == ["low", "high", "low", "high", "low"]
    assert painter.rows["site"].isna().all()
    assert len(drawn) == 5 and not drawn.masks.any()


def test_an_aligned_label_is_read_and_whom_nobody_is_sure_of_is_left_out(splits, ctx):
    label = np.array([[0.9, 0.1], [0.6, 0.4], [0.1, 0.9], [0.21, 0.79]])
    painter = Painter()
    drawn = draw_neutral(painter, guide_of(ctx, "label", label), splits.train, ctx, 4, 0.8)
    assert painter.rows.isna().all(axis=None)
    assert drawn.table["label"].tolist() == ["low", "high"]
    (curve,) = [c for c in ctx.curves if c["stage"] == "neutral patients"]
    assert (curve["drawn"], curve["kept"], curve["label low"]) == (4, 2, 1)


def test_nobody_is_learned_from_where_one_label_is_never_drawn(splits, ctx):
    label = np.tile([0.9, 0.1], (4, 1))
    assert not len(
        draw_neutral(Painter(), guide_of(ctx, "label", label), splits.train, ctx, 4, 0.8)
    )


def test_generated_patients_get_their_share_of_the_draws_and_labels_theirs_alike(splits, ctx):
    rows = splits.train.table.head(3).assign(label=["low", "low", "high"])
    added = Split(splits.train.images[:3], splits.train.masks[:3], rows)
    both, weights = join_real_and_drawn(splits.train, added, ctx.card, 0.4)
    assert len(both) == len(splits.train) + 3
    assert weights[-3:] == pytest.approx([0.1, 0.1, 0.2]) and weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("column", ["site", "label"])
def test_nobody_is_drawn_where_nobody_is_asked_for(splits, ctx, column):
    assert len(draw_neutral(Painter(), guide_of(ctx, column), splits.train, ctx, 0, 0.8)) == 0
