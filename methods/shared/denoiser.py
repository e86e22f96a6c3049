"""The networks that draw: a U-Net that reads prompts, and a ControlNet that reads masks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeVar

import torch
from diffusers import ControlNetModel, DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from torch.nn import functional

from benchmark.presets.settings import NORM_GROUPS

NOISE_STEPS = 1000
HEADS = 4
Network = TypeVar("Network", UNet2DConditionModel, ControlNetModel)


def new_denoiser(
    channels: int, size: int, widths: Sequence[int], text_width: int
) -> UNet2DConditionModel:
    """Make a small U-Net that reads the prompt in two places.

    By cross-attention where its pictures are smallest, in the middle, because attention at full
    resolution is what costs most on a CPU; and pooled, added to the time, in every block. Without
    the second a short training hardly learns the prompt (docs/results/choices.md).
    """
    levels = len(widths)
    return UNet2DConditionModel(
        sample_size=size, in_channels=channels, out_channels=channels, layers_per_block=1,
        block_out_channels=tuple(widths), cross_attention_dim=text_width, attention_head_dim=HEADS,
        norm_num_groups=NORM_GROUPS, mid_block_type="UNetMidBlock2DCrossAttn",
        down_block_types=("DownBlock2D",) * levels, up_block_types=("UpBlock2D",) * levels,
        addition_embed_type="text", addition_embed_type_num_heads=HEADS,
    )  # fmt: skip


def new_controlnet(denoiser: UNet2DConditionModel, mask_channels: int) -> ControlNetModel:
    """Make a ControlNet with the denoiser's weights, for masks folded to the latents' size."""
    control = ControlNetModel.from_unet(
        denoiser, conditioning_channels=mask_channels,
        conditioning_embedding_out_channels=(denoiser.config.block_out_channels[0],),
    )  # fmt: skip
    # from_unet forgets the number of heads that pool the prompt, but copies their weights.
    control.add_embedding = copy.deepcopy(denoiser.add_embedding)
    control.register_to_config(addition_embed_type_num_heads=HEADS)
    # Its zero convolutions protect a finished denoiser; this one learns on, and zeros in a row
    # only keep the masks out for the first hundreds of steps.
    embedding = control.controlnet_cond_embedding.conv_out
    for layer in [*control.controlnet_down_blocks, control.controlnet_mid_block, embedding]:
        layer.reset_parameters()
    return control


def noise_schedule() -> DDPMScheduler:
    """The forward process: a scaled linear schedule that ends in pure noise, v-prediction.

    v-prediction after Salimans and Ho, ICLR 2022 (arXiv 2202.00512), section 4; zero terminal
    signal-to-noise after Lin et al., WACV 2024 (arXiv 2305.08891), section 3.1.
    """
    return DDPMScheduler(
        num_train_timesteps=NOISE_STEPS, beta_schedule="scaled_linear", beta_start=0.00085,
        beta_end=0.012, prediction_type="v_prediction", rescale_betas_zero_snr=True,
        timestep_spacing="trailing", clip_sample=False,
    )  # fmt: skip


def mask_planes(masks: Tensor, labels: int) -> Tensor:
    """Turn masks (n, channels, size, size) into one plane per channel and mask label, 0 or 1."""
    planes = functional.one_hot(masks.long(), labels + 1)[..., 1:]
    return planes.permute(0, 1, 4, 2, 3).flatten(1, 2).float()


def to_device(network: Network, device: torch.device) -> Network:
    """Bring a small network to the device, laid out as the device computes it fastest.

    On a CPU group normalisation and fused attention of tiny images take half of a step unless
    channels come first and attention is plain (docs/results/speed.md).
    """
    if device.type == "cpu":
        network.set_attn_processor(AttnProcessor())
        return network
    return network.to(device).to(memory_format=torch.channels_last)


class ControlledDenoiser(nn.Module):
    """U-Net and ControlNet as one: noisy latents, time, prompt and mask to its prediction."""

    def __init__(self, denoiser: UNet2DConditionModel, control: ControlNetModel) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.control = control

    def forward(self, latents: Tensor, times: Tensor, text: Tensor, condition: Tensor) -> Tensor:
        """Predict; all of one batch (n, ...), times (n,)."""
        down, middle = self.control(latents, times, text, condition, return_dict=False)
        return self.denoiser(
            latents, times, text,
            down_block_additional_residuals=down, mid_block_additional_residual=middle,
        ).sample  # fmt: skip
