"""Tiles stand in rows, in order, with a gap around each."""

import numpy as np
import pytest
from PIL import Image

from benchmark.cohorts.picture_grid import picture_grid, strip

COLOURS = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]


@pytest.fixture
def grid():
    tiles = [Image.new("RGB", (4, 3), colour) for colour in COLOURS]
    return np.asarray(picture_grid(tiles, 2, 1, 18))


def test_a_grid_is_as_large_as_its_tiles_and_gaps(grid):
    assert grid.shape == (2 * (3 + 1) + 1, 2 * (4 + 1) + 1, 3)


@pytest.mark.parametrize(("row", "column", "colour"), [(1, 1, 0), (1, 6, 1), (5, 1, 2)])
def test_tiles_stand_in_order(grid, row, column, colour):
    assert (grid[row : row + 3, column : column + 4] == COLOURS[colour]).all()


@pytest.mark.parametrize(("row", "column"), [(0, 0), (2, 5), (4, 2)])
def test_gaps_have_one_shade(grid, row, column):
    assert grid[row, column].tolist() == [18, 18, 18]


def test_channels_stand_side_by_side():
    image = np.array([[[0.0, 0.1]], [[0.2, 0.3]]])
    assert strip(image).tolist() == [[0.0, 0.1, 0.2, 0.3]]
