"""Which device to compute on, and in which precision."""

from __future__ import annotations

import re
from typing import Literal

import torch

Precision = Literal["float32", "bfloat16"]


def choose_device(wanted: str = "auto") -> torch.device:
    """Return the device to compute on: CUDA if there is one, unless another is asked for.

    Raises ValueError for a device that is not known or not there.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", wanted):
        raise ValueError(
            f"Device {wanted!r} is unknown; allowed: auto, cpu, cuda, cuda:0, cuda:1, ..."
        )
    device, there = torch.device(wanted), torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= there:
        found = f"{there} GPUs, numbered from 0" if there else "no GPU"
        raise ValueError(
            f"Device {wanted!r} was asked for, but torch {torch.__version__} sees {found}. "
            "Use --device auto or cpu."
        )
    return device


def choose_precision(device: torch.device) -> Precision:
    """Return bfloat16 where the device multiplies it in hardware, else float32."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.get_device_capability(device)[0] >= 8 else "float32"
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return "bfloat16" if supported() else "float32"
