import numpy as np
import pytest

from benchmark.metrics.seed_noise import pooled_noise, seed_noise


def test_seed_noise_by_hand():
    """Two rows, two seeds: 0.6, 0.8 and 0.7, 0.7. What row and seed leave over is +-0.05."""
    noise = seed_noise(np.array([[0.6, 0.8], [0.7, 0.7]]))
    assert noise.difference == pytest.approx(2 * 4 * 0.05**2 / 1)
    assert noise.difference_freedom == 1
    # The mean of the rows' own variances, 0.02 and 0.
    assert noise.row == pytest.approx(0.01)


def test_seed_noise_of_rows_that_move_together_moves_no_difference():
    noise = seed_noise(np.array([[0.6, 0.8], [0.5, 0.7], [0.1, 0.3]]))
    assert noise.difference == pytest.approx(0)
    assert noise.row == pytest.approx(0.02)


def test_seed_noise_needs_two_rows_and_two_seeds():
    assert seed_noise(np.array([[0.6, 0.8]])) is None
    assert seed_noise(np.array([[0.6], [0.8]])) is None


def test_one_erratic_row_changes_no_other_rows_noise():
    calm = np.array([[0.70, 0.72], [0.60, 0.61], [0.80, 0.83], [0.75, 0.76], [0.66, 0.70]])
    erratic = np.vstack([calm, [0.2, 0.95]])
    assert seed_noise(erratic) == seed_noise(calm)


def test_only_rows_with_all_runs_are_pooled():
    rows = [("a", {0: 0.6, 1: 0.8}), ("b", {0: 0.7, 1: 0.7}), ("c", {0: 0.1})]
    assert pooled_noise(rows) == seed_noise(np.array([[0.6, 0.8], [0.7, 0.7]]))


def test_of_one_methods_settings_the_one_whose_seeds_differ_most_is_pooled():
    rows = [("a", {0: 0.70, 1: 0.71}), ("a", {0: 0.6, 1: 0.8}), ("b", {0: 0.7, 1: 0.7})]
    assert pooled_noise(rows) == seed_noise(np.array([[0.6, 0.8], [0.7, 0.7]]))


def test_one_method_has_no_pooled_noise():
    assert pooled_noise([("a", {0: 0.6, 1: 0.8}), ("a", {0: 0.7, 1: 0.9})]) is None
