"""Pretrained: a Stable Diffusion checkpoint stays as it is, and a ControlNet learns to steer it.

The recipe of Skorupko et al. (arXiv 2403.19508) and of Zhang et al. (ICCV 2023): the ControlNet
starts as a copy of the checkpoint's encoder behind zero convolutions. Any checkpoint of the Stable
Diffusion 1 or 2 family will do (benchmark/checkpoints.py says what is asked of it).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DDIMScheduler,
    DDPMScheduler,
    UNet2DConditionModel,
)
from torch import Tensor
from torch.nn import functional

from benchmark.context import RunContext
from benchmark.contracts import Split
from benchmark.presets import CheckpointSettings
from methods.diffusion.denoiser import NOISE_STEPS, ControlledDenoiser, mask_planes
from methods.diffusion.parts import Parts
from methods.diffusion.sentences import load_sentences

DRAWN_TOGETHER = 4  # images of 512 pixels, with guidance, beside the networks in 12 GB
COLOURS = 3  # channels of the images that the autoencoder reads
EMBEDDING = (16, 32, 96, 256)  # widths of the layers that bring masks to the latents' size


@dataclass(frozen=True)
class ScaledAutoencoder:
    """A pretrained autoencoder, for images of another size and number of channels."""

    network: AutoencoderKL
    size: int  # pixels that the autoencoder reads and writes
    channels: int  # of the task's images
    image_size: int

    def encode(self, images: np.ndarray) -> Tensor:
        """Map images (n, channels, size, size) to latents, on the CPU."""
        return torch.cat([self._encode(part) for part in _batches(images)])

    @torch.inference_mode()
    def _encode(self, images: np.ndarray) -> Tensor:
        pixels = in_colours(torch.from_numpy(np.array(images, np.float32)))
        pixels = functional.interpolate(pixels, self.size, mode="bilinear", antialias=True)
        pixels = (2 * pixels - 1).to(self.network.device, self.network.dtype)
        latents = self.network.encode(pixels).latent_dist.mode()
        return (latents * self.network.config.scaling_factor).float().cpu()

    def decode(self, latents: Tensor) -> Tensor:
        """Map latents back to images in [0, 1], on the CPU."""
        return torch.cat([self._decode(part) for part in latents.split(DRAWN_TOGETHER)])

    @torch.inference_mode()
    def _decode(self, latents: Tensor) -> Tensor:
        scaled = latents.to(self.network.device, self.network.dtype)
        pixels = self.network.decode(scaled / self.network.config.scaling_factor).sample.float()
        pixels = functional.interpolate(
            pixels.cpu(), self.image_size, mode="bilinear", antialias=True
        )
        return from_colours((pixels + 1) / 2, self.channels).clamp(0, 1)

    def condition(self, masks: np.ndarray, labels: int) -> Tensor:
        """Turn masks into one plane per channel and label, of the autoencoder's size."""
        planes = mask_planes(torch.from_numpy(np.array(masks)), labels)
        return functional.interpolate(planes, self.size, mode="nearest")


def in_colours(images: Tensor) -> Tensor:
    """Spread channels over three colours: one on all; of two, the mean is the third."""
    if images.shape[1] == 1:
        return images.expand(-1, COLOURS, -1, -1)
    if images.shape[1] == 2:
        return torch.cat([images, images.mean(1, keepdim=True)], 1)
    if images.shape[1] == COLOURS:
        return images
    raise ValueError(f"images have {images.shape[1]} channels; a checkpoint draws at most three.")


def from_colours(images: Tensor, channels: int) -> Tensor:
    """Undo in_colours."""
    return images.mean(1, keepdim=True) if channels == 1 else images[:, :channels]


def new_parts(train: Split, settings: CheckpointSettings, ctx: RunContext) -> Parts:
    """Load the checkpoint and copy its encoder into a new ControlNet."""
    base, autoencoder = _load(settings)
    halvings = len(autoencoder.config.block_out_channels) - 1
    torch.manual_seed(int(ctx.rng("controlnet: weights").integers(2**62)))
    control = ControlNetModel.from_unet(
        base, conditioning_channels=train.masks.shape[1] * len(ctx.card.mask_labels),
        conditioning_embedding_out_channels=EMBEDDING[: halvings + 1],
    )  # fmt: skip
    return _joined(base, autoencoder, control, train, settings, ctx)


def load_parts(folder: Path, train: Split, settings: CheckpointSettings, ctx: RunContext) -> Parts:
    """Load the checkpoint and the ControlNet that was trained for it."""
    control = ControlNetModel.from_pretrained(folder / "controlnet", use_safetensors=True)
    base, autoencoder = _load(settings)
    return _joined(base, autoencoder, control, train, settings, ctx)


def _load(settings: CheckpointSettings) -> tuple[UNet2DConditionModel, AutoencoderKL]:
    where = settings.checkpoint
    return (
        UNet2DConditionModel.from_pretrained(where, subfolder="unet", use_safetensors=True),
        AutoencoderKL.from_pretrained(where, subfolder="vae", use_safetensors=True),
    )


def _joined(
    base: UNet2DConditionModel, autoencoder: AutoencoderKL, control: ControlNetModel,
    train: Split, settings: CheckpointSettings, ctx: RunContext,
) -> Parts:  # fmt: skip
    """Put the parts on the device; on a GPU what stays fixed takes half of its memory."""
    halved = ctx.device.type == "cuda" and ctx.precision == "bfloat16"
    for network in (base, autoencoder):
        network.to(ctx.device).eval().requires_grad_(False)
        if halved:
            network.to(torch.bfloat16)
    for network in (base, control):
        network.enable_gradient_checkpointing()
    channels, image_size = train.images.shape[1:3]
    schedule = DDPMScheduler.from_pretrained(
        settings.checkpoint, subfolder="scheduler", clip_sample=False
    )

    def solver() -> DDIMScheduler:
        made = DDIMScheduler.from_config(schedule.config)
        made.set_timesteps(settings.sampling_steps)
        return made

    halvings = len(autoencoder.config.block_out_channels) - 1
    latent_size = settings.size // 2**halvings
    return Parts(
        codec=ScaledAutoencoder(autoencoder, settings.size, channels, image_size),
        sentences=load_sentences(Path(settings.checkpoint), ctx.device),
        network=ControlledDenoiser(base, control.to(ctx.device)),
        schedule=schedule,
        solver=solver,
        times=torch.arange(NOISE_STEPS),
        shape=(base.config.in_channels, latent_size, latent_size),
        batch=DRAWN_TOGETHER,
    )


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return [images[i : i + DRAWN_TOGETHER] for i in range(0, len(images), DRAWN_TOGETHER)]
