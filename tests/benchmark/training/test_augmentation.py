import numpy as np
import torch
from torch.nn import functional

from benchmark.training import augmentation
from benchmark.training.augmentation import augment


def test_augmentation_keeps_a_flat_image_and_moves_a_dot_a_little():
    images = torch.zeros(8, 1, 33, 33)
    images[:, :, 16, 16] = 1
    moved = augment(images, torch.Generator().manual_seed(0))
    flat = augment(torch.ones(2, 1, 9, 9), torch.Generator().manual_seed(0))
    assert torch.allclose(flat, torch.ones_like(flat))
    centre = torch.stack([moved.sum((1, 2)), moved.sum((1, 3))], -1)[:, :, :].argmax(1).float()
    assert (centre - 16).abs().max() <= np.ceil(augmentation.SHIFT * 33)
    assert len({tuple(c.tolist()) for c in centre}) > 1


def test_augmentation_turns_and_shifts_as_affine_grid_does():
    images = torch.rand(2, 1, 8, 12, generator=torch.Generator().manual_seed(1))
    moved = augment(images, torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(0)
    angle = (torch.rand(2, generator=rng) * 2 - 1) * np.radians(augmentation.ROTATION_DEGREES)
    shift = (torch.rand(2, 2, generator=rng) * 2 - 1) * 2 * augmentation.SHIFT
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(2, 2, 2)
    grid = functional.affine_grid(torch.cat([turn, shift[:, :, None]], 2), images.shape, False)
    same = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    assert torch.allclose(moved, same, atol=1e-5)
