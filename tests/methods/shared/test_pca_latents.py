import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.shared.pca_latents import PcaLatents, fit_pca


def images(n=20, channels=2, size=16, seed=0):
    return np.random.default_rng(seed).random((n, channels, size, size), dtype=np.float32)


@settings(deadline=None, max_examples=20)
@given(st.sampled_from([2, 4]), st.integers(1, 2), st.integers(0, 99))
def test_with_all_components_nothing_is_lost(fold, channels, seed):
    x = images(channels=channels, seed=seed)
    folding = fit_pca(x, fold, components=fold**2 * channels)
    np.testing.assert_allclose(folding.decode(folding.encode(x)).numpy(), x, atol=1e-5)


def test_latents_have_a_mean_square_of_one():
    x = images(200)
    latents = fit_pca(x, 4, 12).encode(x)
    assert latents.shape == (200, 12, 4, 4)
    assert float(latents.square().mean()) == pytest.approx(1, rel=0.01)


def test_more_components_are_closer_to_the_image():
    x = images()
    errors = []
    for k in (2, 8, 24):
        folding = fit_pca(x, 4, k)
        errors.append(
            float((folding.decode(folding.encode(x)) - torch.from_numpy(x)).square().mean())
        )
    assert errors == sorted(errors, reverse=True)


def test_saved_and_loaded_it_is_the_same(tmp_path):
    folding = fit_pca(images(), 4, 12)
    folding.save(tmp_path / "folding.safetensors")
    again = PcaLatents.load(tmp_path / "folding.safetensors")
    assert again.fold == 4
    assert torch.equal(again.encode(images()), folding.encode(images()))
