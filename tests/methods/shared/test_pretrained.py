import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmark.generation.mix_targets import read_target
from benchmark.presets.settings import CheckpointSettings
from methods.alignment_finetuning.guide import trained_guide
from methods.alignment_finetuning.method import AlignmentFinetuning
from methods.alignment_finetuning.redrawing import redrawn
from methods.shared.base import rebalanced_base, trained_base
from methods.shared.controlnet import trained_generator
from methods.shared.pretrained import ScaledAutoencoder, from_colours, in_colours, new_parts
from methods.shared.text_encoder import load_text_encoder


@pytest.fixture
def started(ctx, tiny_checkpoint):
    """A context whose generator starts from the tiny checkpoint."""
    settings = CheckpointSettings(
        steps=3, batch_size=1, accumulation=2, learning_rate=1e-2, sampling_steps=2, guidance=4.0,
        checkpoint=str(tiny_checkpoint), size=48, base_steps=3, tuning_steps=2, tuning_batch=4,
        reader="test_convnext", adapter_rank=4, adapter_rate=1e-2, judged=8,
    )  # fmt: skip
    return dataclasses.replace(ctx, generator=settings)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_checkpoint_is_steered_and_draws_at_the_size_of_the_task(started, splits, precision):
    ctx = dataclasses.replace(started, precision=precision)
    generator = trained_generator(splits.train, ctx)
    rows, masks = splits.val.table.head(3), splits.val.masks[:3]
    images = generator.generate(rows, masks, 0)
    assert images.shape == (3, 1, 32, 32) and np.isfinite(images).all()
    np.testing.assert_array_equal(generator.generate(rows, masks, 0), images)
    assert generator.parts.shape == (4, 24, 24)


def test_the_checkpoint_stays_as_it_is_and_only_the_controlnet_is_kept(
    started, splits, tiny_checkpoint
):
    from diffusers import UNet2DConditionModel

    generator = trained_generator(splits.train, dataclasses.replace(started, precision="float32"))
    base = UNet2DConditionModel.from_pretrained(tiny_checkpoint, subfolder="unet")
    pairs = zip(generator.parts.denoiser.parameters(), base.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    folder = next(started.cache.root.glob("generator-*[0-9a-f]"))
    kept = {path.name for path in folder.iterdir()}
    assert kept == {"controlnet", "noise.safetensors", "training.json", "key.json"}


def test_a_new_controlnet_leaves_the_checkpoint_as_it_was_and_a_trained_one_hears_the_mask(
    started, splits
):
    text_encoder = load_text_encoder(Path(started.generator.checkpoint), started.device)
    new = new_parts(splits.train, started.generator, text_encoder, started)
    network, x = new.network(), torch.randn(1, 4, 24, 24)
    text = new.text_encoder.embed(["a small picture"])
    condition = new.codec.condition(splits.train.masks[:1], 1)
    with torch.no_grad():
        steered = network(x, torch.tensor([500]), text, condition)
        alone = network.denoiser(x, torch.tensor([500]), text).sample
    torch.testing.assert_close(steered, alone)
    trained = trained_generator(splits.train, started)
    row, mask = splits.val.table.head(1), splits.val.masks[:1]
    other = np.flip(mask, 2).copy()
    assert not np.array_equal(trained.smooth(row, other, 0), trained.smooth(row, mask, 0))


def test_a_base_learns_by_an_adapter_and_can_be_trained_on(started, splits, tiny_checkpoint):
    from diffusers import UNet2DConditionModel

    nobody = np.zeros((3, 1, 32, 32), np.uint8)
    rows = splits.val.table.head(3).assign(site=None)
    target = read_target("uniform", started.card, ("site",))
    learned = [
        trained_base(splits.train, started),
        rebalanced_base(splits.train, target, started),
    ]
    drawn = [generator.smooth(rows, nobody, 0) for generator in learned]
    assert all(np.isfinite(images).all() for images in drawn)
    assert not np.array_equal(*drawn)
    for folder in started.cache.root.glob("*base*[0-9a-f]"):
        assert {"adapter", "noise.safetensors"} <= {path.name for path in folder.iterdir()}
    whole = UNet2DConditionModel.from_pretrained(tiny_checkpoint, subfolder="unet")
    assert len(list(learned[0].parts.denoiser.parameters())) == len(list(whole.parameters()))


def test_a_checkpoint_is_aligned_by_an_adapter(started, splits):
    ctx = dataclasses.replace(started, precision="float32")
    target = read_target("uniform", ctx.card, ("site",))
    base = trained_base(splits.train, ctx)
    again = redrawn(splits.train, target.columns, base, splits.train, ctx)
    assert np.isfinite(again.images).all() and not np.array_equal(again.images, splits.train.images)
    guide = trained_guide([splits.train, again], [splits.val], target, ctx)
    method = AlignmentFinetuning(chain=2, last_steps=1)
    tuned = method.tuned(base, guide, splits.train, ctx)
    pairs = zip(tuned.parts.denoiser.parameters(), base.parts.denoiser.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs)
    folder = next(ctx.cache.root.glob("aligned-*[0-9a-f]"))
    assert [path.name for path in (folder / "adapter").iterdir()] == ["adapter.safetensors"]


def test_an_image_comes_back_from_an_autoencoder_that_changes_nothing():
    class Nothing(torch.nn.Module):
        """Hands pixels through as latents."""

        device, dtype = torch.device("cpu"), torch.float32
        config = SimpleNamespace(scaling_factor=0.18215)

        def encode(self, pixels):
            return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: pixels))

        def decode(self, latents):
            return SimpleNamespace(sample=latents)

    codec = ScaledAutoencoder(Nothing(), size=16, channels=2, image_size=16)
    images = np.random.default_rng(0).random((5, 2, 16, 16), dtype=np.float32)
    latents = codec.encode(images)
    torch.testing.assert_close(latents[:, 0], 0.18215 * (2 * torch.from_numpy(images[:, 0]) - 1))
    np.testing.assert_allclose(codec.decode(latents).numpy(), images, atol=1e-5)


@pytest.mark.parametrize("half", [False, True])
def test_sentences_are_in_single_precision_whatever_was_saved(tiny_checkpoint, tmp_path, half):
    from transformers import CLIPTextModel

    shutil.copytree(tiny_checkpoint, tmp_path / "half")
    encoder = CLIPTextModel.from_pretrained(tiny_checkpoint / "text_encoder")
    (encoder.half() if half else encoder).save_pretrained(tmp_path / "half" / "text_encoder")
    loaded = load_text_encoder(tmp_path / "half", torch.device("cpu"))
    assert loaded.embed(["a small picture"]).dtype == torch.float32


def test_another_checkpoint_is_another_generator(started, splits, tiny_checkpoint, tmp_path):
    trained_generator(splits.train, started)
    other = tmp_path / "other"
    shutil.copytree(tiny_checkpoint, other)
    moved = dataclasses.replace(started.generator, checkpoint=str(other))
    trained_generator(splits.train, dataclasses.replace(started, generator=moved))
    assert len(list(started.cache.root.glob("generator-*[0-9a-f]"))) == 1  # moved is not changed
    changed = tmp_path / "changed"
    shutil.copytree(tiny_checkpoint, changed)
    words = (changed / "tokenizer" / "tokenizer_config.json").read_text()
    (changed / "tokenizer" / "tokenizer_config.json").write_text(words + " ")
    other = dataclasses.replace(started.generator, checkpoint=str(changed))
    trained_generator(splits.train, dataclasses.replace(started, generator=other))
    assert len(list(started.cache.root.glob("generator-*[0-9a-f]"))) == 2


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_channels_travel_as_colours_and_come_back(channels):
    images = torch.rand(2, channels, 4, 4)
    colours = in_colours(images)
    assert colours.shape == (2, 3, 4, 4)
    torch.testing.assert_close(from_colours(colours, channels), images)


def test_more_channels_than_colours_are_refused():
    with pytest.raises(ValueError, match="4 channels"):
        in_colours(torch.rand(1, 4, 2, 2))
