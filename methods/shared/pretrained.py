"""Pretrained: a Stable Diffusion checkpoint stays as it is, and small networks learn beside it.

With masks, the recipe of Skorupko et al. (arXiv 2403.19508) and of Zhang et al. (ICCV 2023): a
ControlNet starts as a copy of the checkpoint's encoder behind zero convolutions. Without, a base
that draws from prompts alone: a low-rank adapter learns the task's images. Any checkpoint of the
Stable Diffusion 1 or 2 family will do (benchmark/generation/checkpoints.py checks it).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
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
from diffusers.training_utils import cast_training_params
from diffusers.utils import logging
from peft import LoraConfig
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import resize

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.presets.settings import CheckpointSettings
from methods.shared.denoiser import NOISE_STEPS, mask_planes
from methods.shared.parts import Parts
from methods.shared.text_encoder import TextEncoder

DRAWN_TOGETHER = 4  # images of 512 pixels, with guidance, beside the networks in 12 GB
COLOURS = 3  # channels of the images that the autoencoder reads
ADAPTER_FILE = "adapter.safetensors"
TASK = "task"  # name of the adapter with which a checkpoint learns the task's images
ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]
# A denoiser that adds its pooled prompt to the time reads most of it there (denoiser.py).
POOLED_PROMPT = ["add_embedding.proj", "time_emb_proj"]
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
        pixels = resize(pixels, [self.size, self.size], antialias=True)
        pixels = (2 * pixels - 1).to(self.network.device, self.network.dtype)
        latents = self.network.encode(pixels).latent_dist.mode()
        return (latents * self.network.config.scaling_factor).float().cpu()

    def decode(self, latents: Tensor) -> Tensor:
        """Map latents back to images in [0, 1], on the CPU."""
        return torch.cat([self._decode(part) for part in latents.split(DRAWN_TOGETHER)])

    @torch.inference_mode()
    def _decode(self, latents: Tensor) -> Tensor:
        return self.pixels(latents.to(self.network.device)).cpu()

    def pixels(self, latents: Tensor) -> Tensor:
        """Map latents back to images in [0, 1], where they are."""
        scaled = latents.to(self.network.dtype) / self.network.config.scaling_factor
        pixels = self.network.decode(scaled).sample.float()
        pixels = resize(pixels, [self.image_size, self.image_size], antialias=True)
        return from_colours((pixels + 1) / 2, self.channels).clamp(0, 1)

    def condition(self, masks: np.ndarray, labels: int) -> Tensor:
        """Turn masks into one plane per channel and label, of the autoencoder's size."""
        planes = mask_planes(torch.from_numpy(np.array(masks)), labels)
        return resize(planes, [self.size, self.size], InterpolationMode.NEAREST)


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


def load_codec(train: Split, settings: CheckpointSettings, ctx: RunContext) -> ScaledAutoencoder:
    """Load the checkpoint's autoencoder for images of this split."""
    network = AutoencoderKL.from_pretrained(
        settings.checkpoint, subfolder="vae", use_safetensors=True
    )
    _freeze(network, ctx)
    return ScaledAutoencoder(network, settings.size, *train.images.shape[1:3])


def new_base(
    train: Split, settings: CheckpointSettings, text_encoder: TextEncoder, ctx: RunContext
) -> Parts:
    """Load the checkpoint and put a new low-rank adapter into it, the only part to be trained."""
    parts = _parts(train, settings, text_encoder, None, ctx)
    torch.manual_seed(int(ctx.rng("adapter: weights").integers(2**62)))
    add_adapter(parts.denoiser, TASK, settings.adapter_rank)
    return parts


def load_base(
    folders: Sequence[Path], train: Split, settings: CheckpointSettings, text_encoder: TextEncoder,
    ctx: RunContext,
) -> Parts:  # fmt: skip
    """Load the checkpoint with the adapters that were trained for this split, merged into it."""
    parts = _parts(train, settings, text_encoder, None, ctx)
    for folder in folders:
        merge_adapter(parts.denoiser, folder / "adapter", TASK)
    return parts


def add_adapter(denoiser: UNet2DConditionModel, name: str, rank: int) -> None:
    """Put low-rank matrices (LoRA, Hu et al., ICLR 2022) wherever prompts enter.

    Beside every projection of the denoiser's attention, and, where it adds a pooled prompt to the
    time, beside those of both. They start as no change, stay in single precision, and are all that
    is left to train.
    """
    denoiser.requires_grad_(False)
    pooled = POOLED_PROMPT if denoiser.config.addition_embed_type == "text" else []
    config = LoraConfig(
        r=rank, lora_alpha=rank, init_lora_weights="gaussian", target_modules=ATTENTION + pooled
    )
    denoiser.add_adapter(config, adapter_name=name)
    cast_training_params(denoiser, dtype=torch.float32)


def save_adapter(denoiser: UNet2DConditionModel, folder: Path, name: str) -> None:
    """Write an adapter as safetensors."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # diffusers warns of a cast that changes nothing
    try:
        denoiser.save_lora_adapter(folder, name, weight_name=ADAPTER_FILE)
    finally:
        logging.set_verbosity(verbosity)


def merge_adapter(denoiser: UNet2DConditionModel, folder: Path, name: str) -> None:
    """Load an adapter and add it to the weights it stands beside, in single precision."""
    dtype = denoiser.dtype
    _cast(denoiser, torch.float32)
    _read_adapter(denoiser, folder, name)
    denoiser.fuse_lora(adapter_names=[name])
    denoiser.unload_lora()
    _cast(denoiser, dtype)


def load_adapter(denoiser: UNet2DConditionModel, folder: Path, name: str) -> None:
    """Load an adapter; it stays separate from half-precision weights, which lose small changes."""
    if denoiser.dtype == torch.float32:
        merge_adapter(denoiser, folder, name)
        return
    _read_adapter(denoiser, folder, name)
    for part, parameter in denoiser.named_parameters():
        if "lora_" in part:
            parameter.data = parameter.data.float()


def _cast(denoiser: UNet2DConditionModel, dtype: torch.dtype) -> None:
    for parameter in denoiser.parameters():
        parameter.data = parameter.data.to(dtype)


def _read_adapter(denoiser: UNet2DConditionModel, folder: Path, name: str) -> None:
    denoiser.load_lora_adapter(
        folder, prefix=None, adapter_name=name, weight_name=ADAPTER_FILE, use_safetensors=True
    )


def new_parts(
    train: Split, settings: CheckpointSettings, text_encoder: TextEncoder, ctx: RunContext
) -> Parts:
    """Load the checkpoint and copy its encoder into a new ControlNet."""
    parts = _parts(train, settings, text_encoder, None, ctx)
    halvings = settings.size // parts.shape[1]
    torch.manual_seed(int(ctx.rng("controlnet: weights").integers(2**62)))
    control = ControlNetModel.from_unet(
        parts.denoiser, conditioning_channels=train.masks.shape[1] * len(ctx.card.mask_labels),
        conditioning_embedding_out_channels=EMBEDDING[: halvings.bit_length()],
    )  # fmt: skip
    return dataclasses.replace(parts, control=_trainable(control.float(), ctx))


def load_parts(
    folder: Path,
    train: Split,
    settings: CheckpointSettings,
    text_encoder: TextEncoder,
    ctx: RunContext,
) -> Parts:
    """Load the checkpoint and the ControlNet that was trained for it."""
    control = ControlNetModel.from_pretrained(folder / "controlnet", use_safetensors=True)
    return _parts(train, settings, text_encoder, _trainable(control, ctx), ctx)


def _trainable(control: ControlNetModel, ctx: RunContext) -> ControlNetModel:
    control.enable_gradient_checkpointing()
    return control.to(ctx.device)


def _freeze(network: UNet2DConditionModel | AutoencoderKL, ctx: RunContext) -> None:
    """Freeze a network on the device; on a GPU in bfloat16, which halves its memory."""
    network.to(ctx.device).eval().requires_grad_(False)
    if ctx.device.type == "cuda" and ctx.precision == "bfloat16":
        network.to(torch.bfloat16)


def _parts(
    train: Split, settings: CheckpointSettings, text_encoder: TextEncoder,
    control: ControlNetModel | None, ctx: RunContext,
) -> Parts:  # fmt: skip
    """Put the checkpoint's parts together."""
    denoiser = UNet2DConditionModel.from_pretrained(
        settings.checkpoint, subfolder="unet", use_safetensors=True
    )
    _freeze(denoiser, ctx)
    denoiser.enable_gradient_checkpointing()
    codec = load_codec(train, settings, ctx)
    schedule = DDPMScheduler.from_pretrained(
        settings.checkpoint, subfolder="scheduler", clip_sample=False
    )

    def solver(steps: int | None = None) -> DDIMScheduler:
        made = DDIMScheduler.from_config(schedule.config)
        made.set_timesteps(steps or settings.sampling_steps)
        return made

    latent_size = settings.size // 2 ** (len(codec.network.config.block_out_channels) - 1)
    return Parts(
        codec=codec,
        text_encoder=text_encoder,
        denoiser=denoiser,
        control=control,
        schedule=schedule,
        solver=solver,
        times=torch.arange(NOISE_STEPS),
        shape=(denoiser.config.in_channels, latent_size, latent_size),
        batch=DRAWN_TOGETHER,
    )


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return [images[i : i + DRAWN_TOGETHER] for i in range(0, len(images), DRAWN_TOGETHER)]
