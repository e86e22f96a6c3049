"""Worked by hand: 1.96 standard errors, the largest of which is sqrt(0.25 / n)."""

import pytest

from benchmark.metrics.cell_size import half_width, patients_needed, smallest_difference


def test_half_width_of_100_patients_is_9_8_points():
    assert half_width(100) == pytest.approx(1.96 * 0.5 / 10)


def test_five_points_need_385_patients():
    assert patients_needed() == 385  # 0.25 * (1.96 / 0.05) ** 2 = 384.16
    assert half_width(385) <= 0.05 < half_width(384)


def test_400_patients_show_seven_points():
    assert smallest_difference(400) == pytest.approx(2.8 * 0.5 / 20)
