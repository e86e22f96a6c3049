"""Sentences to vectors: a small CLIP, trained on the split's own pairs of image and sentence.

The vocabulary is made from the task's words, the towers are transformers' CLIPModel, and the text
tower stays fixed afterwards, as CLIP does in latent diffusion. Many patients share a sentence, so
the contrast is between sentences and not between patients: an image has to find its own sentence
among those of its batch (cross-entropy over distinct sentences; image to text only).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
)
from transformers.utils.logging import disable_progress_bar

from benchmark.context import RunContext
from benchmark.contracts import Split
from benchmark.training import balanced_weights
from methods.diffusion.optimise import Budget, optimise

disable_progress_bar()  # bars about files of a few kilobytes
START, END = "<|startoftext|>", "<|endoftext|>"
WIDTH = 64  # of both towers
PATCHES = 8  # along one side of an image
BATCH, RATE = 64, 1e-3


@dataclass(frozen=True)
class Sentences:
    """A fixed text encoder and its tokenizer."""

    tokenizer: CLIPTokenizer
    encoder: CLIPTextModel

    @property
    def width(self) -> int:
        """How many numbers stand for a token."""
        return int(self.encoder.config.hidden_size)

    @torch.inference_mode()
    def embed(self, sentences: Sequence[str]) -> Tensor:
        """Map sentences to (n, tokens, width), on the encoder's device; each distinct one once."""
        distinct = list(dict.fromkeys(sentences))
        tokens = self.tokenizer(
            distinct, padding="max_length", truncation=True, return_tensors="pt",
            max_length=self.encoder.config.max_position_embeddings,
        )  # fmt: skip
        device = next(self.encoder.parameters()).device
        embedded = self.encoder(tokens["input_ids"].to(device)).last_hidden_state
        place = {sentence: i for i, sentence in enumerate(distinct)}
        return embedded[[place[sentence] for sentence in sentences]].clone()


def write_sentences(
    table: pd.DataFrame, prompt: Callable[[Mapping[str, object]], str]
) -> list[str]:
    """Say every row of a table (label and attributes, in words) in the task's own sentence."""
    return [prompt({str(k): v for k, v in row.items()}) for row in table.to_dict("records")]


def word_tokenizer(sentences: Sequence[str], folder: Path) -> CLIPTokenizer:
    """Write a CLIP tokenizer into folder and load it; its vocabulary is the words of sentences.

    CLIP joins letters to words by rules in order of rank; one rule per letter of every word,
    longest words first, leads to whole words or to few pieces.
    """
    words = sorted(
        set(" ".join(sentences).lower().replace(",", " , ").split()), key=lambda w: (-len(w), w)
    )
    merges: dict[str, None] = {}
    pieces = {symbol for word in words for letter in word for symbol in (letter, f"{letter}</w>")}
    for word in words:
        letters = [*word[:-1], f"{word[-1]}</w>"]
        grown = letters[0]
        for letter in letters[1:]:
            merges[f"{grown} {letter}"] = None
            grown += letter
            pieces.add(grown)
    vocabulary = {piece: i for i, piece in enumerate([*sorted(pieces), START, END])}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    return CLIPTokenizer.from_pretrained(folder)


def train_sentences(train: Split, steps: int, folder: Path, ctx: RunContext) -> Sentences:
    """Train a small CLIP on the split's images and sentences; keep its text tower in folder."""
    own = write_sentences(train.table, ctx.prompt)
    distinct = list(dict.fromkeys([*write_sentences(ctx.card.cells(), ctx.prompt), *own]))
    tokenizer = word_tokenizer(distinct, folder / "tokenizer")
    tokens = tokenizer(distinct, padding=True, return_tensors="pt")["input_ids"]
    torch.manual_seed(int(ctx.rng("sentences: weights").integers(2**62)))
    clip = new_clip(tokenizer, tokens.shape[1], *train.images.shape[1:3])
    network = Contrast(clip, tokens).to(ctx.device)
    place = {sentence: i for i, sentence in enumerate(distinct)}
    said = torch.tensor([place[sentence] for sentence in own])
    weights = torch.from_numpy(balanced_weights(ctx.card.encode_cells(train.table)[0]))

    def draw(rng: torch.Generator) -> dict[str, Tensor]:
        rows = torch.multinomial(weights, BATCH, replacement=True, generator=rng)
        images = np.array(train.images[rows.numpy()], np.float32)
        return {"images": torch.from_numpy(images), "said": said[rows]}

    def loss(chance: Mapping[str, Tensor]) -> Tensor:
        return network(chance["images"], chance["said"])

    optimise("sentences", network, draw, loss, Budget(steps, RATE), folder, ctx)
    text = CLIPTextModel(clip.config.text_config)
    inside = getattr(text, "text_model", text)  # transformers 4 has one more layer of names
    inside.load_state_dict(clip.text_model.state_dict())
    text.save_pretrained(folder / "text_encoder")
    return load_sentences(folder, ctx.device)


def load_sentences(folder: Path, device: torch.device) -> Sentences:
    """Load tokenizer and text encoder from a folder in the layout of diffusers."""
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", use_safetensors=True)
    # Some checkpoints keep it in half precision, which a CPU does not add up.
    return Sentences(tokenizer, encoder.to(device, torch.float32).eval().requires_grad_(False))


def new_clip(tokenizer: CLIPTokenizer, length: int, channels: int, size: int) -> CLIPModel:
    """Make a small CLIP with random weights: two layers in each tower."""
    shared = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 2}
    text = CLIPTextConfig(
        **shared, vocab_size=len(tokenizer), max_position_embeddings=length, num_attention_heads=4,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    vision = CLIPVisionConfig(
        **shared, num_channels=channels, image_size=size, patch_size=max(1, size // PATCHES),
        num_attention_heads=4,
    )  # fmt: skip
    both = {"text_config": text.to_dict(), "vision_config": vision.to_dict()}
    return CLIPModel(CLIPConfig(**both, projection_dim=WIDTH))


class Contrast(nn.Module):
    """The loss of a small CLIP: every image has to find its own among all sentences."""

    def __init__(self, clip: CLIPModel, tokens: Tensor) -> None:
        super().__init__()
        self.clip = clip
        self.register_buffer("tokens", tokens)  # (sentences, length)

    def forward(self, images: Tensor, sentences: Tensor) -> Tensor:
        """Return the cross-entropy per image, (b,); sentences are row numbers of tokens."""
        out = self.clip(input_ids=self.tokens, pixel_values=images * 2 - 1)
        return functional.cross_entropy(out.logits_per_image.float(), sentences, reduction="none")
