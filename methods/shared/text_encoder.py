"""Prompts to vectors: the text tower of a CLIP, which stays fixed, as in latent diffusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from benchmark.generation.text_image_model import load_clip, tokens_of


@dataclass(frozen=True)
class TextEncoder:
    """A fixed text encoder and its tokenizer."""

    tokenizer: CLIPTokenizer
    encoder: CLIPTextModel

    @property
    def width(self) -> int:
        """How many numbers stand for a token."""
        return int(self.encoder.config.hidden_size)

    def tokens(self, prompts: Sequence[str]) -> Tensor:
        """Turn prompts into numbers, (n, length)."""
        return tokens_of(prompts, self.tokenizer, self.encoder.config)

    @torch.no_grad()
    def encode(self, tokens: Tensor) -> Tensor:
        """Map tokens (n, length) to vectors (n, length, width), on the encoder's device."""
        device = next(self.encoder.parameters()).device
        return self.encoder(tokens.to(device)).last_hidden_state

    def embed(self, prompts: Sequence[str]) -> Tensor:
        """Map prompts to (n, length, width); each distinct one goes through once."""
        distinct = list(dict.fromkeys(prompts))
        place = {prompt: i for i, prompt in enumerate(distinct)}
        return self.encode(self.tokens(distinct))[[place[prompt] for prompt in prompts]]


def text_encoder_of_clip(folder: Path, device: torch.device) -> TextEncoder:
    """Take the text tower of a small CLIP (benchmark/generation/text_image_model.py)."""
    clip = load_clip(folder, device)
    text = CLIPTextModel(clip.network.config.text_config)
    inside = getattr(text, "text_model", text)  # transformers 4 has one more layer of names
    inside.load_state_dict(clip.network.text_model.state_dict())
    return TextEncoder(clip.tokenizer, text.to(device).eval().requires_grad_(False))


def load_text_encoder(folder: Path, device: torch.device) -> TextEncoder:
    """Load tokenizer and text encoder from a checkpoint in the layout of diffusers."""
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", use_safetensors=True)
    # Some checkpoints keep it in half precision, which a CPU does not add up.
    return TextEncoder(tokenizer, encoder.to(device, torch.float32).eval().requires_grad_(False))
