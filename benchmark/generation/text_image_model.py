"""A small CLIP, trained on a split's own pairs of image and prompt.

Radford et al., ICML 2021 (arXiv 2103.00020). The vocabulary is made from the task's words and the
towers are transformers' CLIPModel. Many patients share a prompt, so the contrast is between prompts
and not between patients: an image has to find its own prompt among all (cross-entropy over distinct
prompts; image to text only).

Generators read prompts with one and compare images with them; the generation track has another one,
with another seed, that no method sees.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTokenizer, CLIPVisionConfig
from transformers.utils.logging import disable_progress_bar

from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.cohorts.identity import split_digest
from benchmark.discovery.code_digest import code_digest
from benchmark.support.cache import digest
from benchmark.training import loop, sampling_weights
from benchmark.training.augmentation import to_tensor
from benchmark.training.sampling_weights import balanced_weights

disable_progress_bar()  # bars about files of a few kilobytes
START, END = "<|startoftext|>", "<|endoftext|>"
WIDTH = 64  # of both towers
ATTENTION = "eager"  # fused attention of so few patches is five times as slow in bfloat16 on a CPU
PATCHES = 8  # along one side of an image
BATCH, RATE = 64, 1e-3
STEPS_SHARE = 0.42  # of a classifier's steps
WORD_DROPOUT = 0.25  # how often a batch leaves out a word of all its prompts
# Standard deviation of new word vectors, CLIP's own being 0.02: after so short a training, prompts
# that differ in one word differ by little else than that word's vector.
WORDS_APART = 0.5
MOST_PROMPTS = 20_000
TOGETHER = 256  # images that go through together

Prompt = Callable[[Mapping[str, object]], str]


@dataclass(frozen=True)
class Clip:
    """A fixed CLIP with its tokenizer: vectors of an image and its prompt point the same way."""

    tokenizer: CLIPTokenizer
    network: CLIPModel

    def embed_images(self, images: Tensor) -> Tensor:
        """Map images (n, channels, size, size) in [0, 1] to unit vectors (n, width)."""
        features = self.network.vision_model(pixel_values=2 * images - 1).pooler_output
        return functional.normalize(self.network.visual_projection(features).float(), dim=1)

    @torch.no_grad()
    def embed_prompts(self, prompts: Sequence[str]) -> Tensor:
        """Map prompts to unit vectors (n, width), each distinct one once."""
        distinct = list(dict.fromkeys(prompts))
        tokens = tokens_of(distinct, self.tokenizer, self.network.config.text_config)
        out = self.network.text_model(input_ids=tokens.to(self.network.device)).pooler_output
        vectors = functional.normalize(self.network.text_projection(out).float(), dim=1)
        place = {prompt: i for i, prompt in enumerate(distinct)}
        return vectors[[place[prompt] for prompt in prompts]]

    @torch.inference_mode()
    def score(self, images: np.ndarray, prompts: Sequence[str]) -> np.ndarray:
        """Return the cosine of every image with its prompt, (n,); images may have any size."""
        vectors = [
            self.embed_images(
                self._at_size(to_tensor(images[i : i + TOGETHER], self.network.device))
            )
            for i in range(0, len(images), TOGETHER)
        ]
        return (torch.cat(vectors) * self.embed_prompts(prompts)).sum(1).cpu().numpy()

    def _at_size(self, images: Tensor) -> Tensor:
        """Average images to the size that the network has learned from."""
        size = self.network.config.vision_config.image_size
        if images.shape[-1] == size:
            return images
        return functional.interpolate(images, (size, size), mode="area")


def write_prompts(table: pd.DataFrame, prompt: Prompt) -> list[str]:
    """Write the task's own prompt for every row of a table (label and attributes, in words).

    It leaves out what is None or NaN.
    """
    return [
        prompt({str(k): v for k, v in row.items() if not pd.isna(v)})
        for row in table.to_dict("records")
    ]


def all_prompts(card: TaskCard, prompt: Prompt) -> list[str]:
    """Write every prompt of every cell, and of every part of what it names, each once.

    Raises ValueError for a card with too many prompts.
    """
    columns = {"label": card.classes, **{a.name: a.values for a in card.attributes}}
    ways = math.prod(1 + len(values) for values in columns.values())
    if ways > MOST_PROMPTS:
        raise ValueError(
            f"{card.name}: label and attributes make {ways} prompts, and the text encoder learns "
            f"at most {MOST_PROMPTS}. Declare fewer attributes or values."
        )
    rows = itertools.product(*((None, *values) for values in columns.values()))
    table = pd.DataFrame(list(rows), columns=list(columns), dtype=object)
    return list(dict.fromkeys(write_prompts(table, prompt)))


def tokens_of(prompts: Sequence[str], tokenizer: CLIPTokenizer, config: CLIPTextConfig) -> Tensor:
    """Turn prompts into numbers, (n, length), padded or cut to what the encoder reads."""
    return tokenizer(
        list(prompts), padding="max_length", truncation=True, return_tensors="pt",
        max_length=config.max_position_embeddings,
    )["input_ids"]  # fmt: skip


def trained_clip(train: Split, ctx: RunContext, purpose: str, seed: int | None = None) -> Path:
    """Return the folder of the CLIP of these patients, training it if nobody has yet.

    Runs with the same patients, purpose and seed share one.
    """
    key = {
        "code": code_digest(Path(__file__)),
        "data": split_digest(train),
        "prompts": digest(all_prompts(ctx.card, ctx.prompt)),
        "steps": ctx.classifier.steps,
        "seed": ctx.seed if seed is None else seed,
        "packages": {name: version(name) for name in ("torch", "transformers")},
    }

    def build(folder: Path, alone: RunContext) -> None:
        train_clip(train, folder, alone, purpose)

    return ctx.train_once(f"{purpose}-clip", key, build, seed=seed)


def load_clip(folder: Path, device: torch.device) -> Clip:
    """Load what train_clip wrote."""
    network = CLIPModel.from_pretrained(folder, use_safetensors=True, attn_implementation=ATTENTION)
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    return Clip(tokenizer, network.to(device).eval().requires_grad_(False))


def train_clip(train: Split, folder: Path, ctx: RunContext, purpose: str) -> None:
    """Train a small CLIP on the split's images and prompts and write it into folder.

    Every batch leaves some words out of all its prompts, so that prompts that name less mean
    something too.
    """
    table = train.table.drop(columns=["image_id", "patient_id"])
    whole = distinct_prompts(table, ctx.prompt)[0]
    possible = list(dict.fromkeys([*all_prompts(ctx.card, ctx.prompt), *whole]))
    tokenizer = word_tokenizer(possible, folder / "tokenizer")
    length = tokenizer(possible, padding=True, return_tensors="pt")["input_ids"].shape[1]
    torch.manual_seed(int(ctx.rng(f"{purpose} clip: weights").integers(2**62)))
    clip = new_clip(tokenizer, length, *train.images.shape[1:3]).to(ctx.device)
    weights = balanced_weights(ctx.card.encode_cells(train.table)[0])
    stage, steps = f"{purpose}: sentences", max(1, round(STEPS_SHARE * ctx.classifier.steps))
    rng = ctx.torch_rng(stage)
    batches = sampling_weights.draw_batches(len(train), BATCH, weights, rng)

    @functools.cache
    def contrasted(words: tuple[str, ...]) -> tuple[Tensor, Tensor]:
        distinct, own = distinct_prompts(table[list(words)], ctx.prompt)
        tokens = tokens_of(distinct, tokenizer, clip.config.text_config)
        return tokens.to(ctx.device), own.to(ctx.device)

    def batch_loss() -> Tensor:
        rows, kept = next(batches), torch.rand(len(table.columns), generator=rng) >= WORD_DROPOUT
        words = [str(name) for name, here in zip(table.columns, kept, strict=True) if here]
        tokens, own = contrasted(tuple(words or map(str, table.columns)))
        images = to_tensor(train.images[rows.numpy()], ctx.device)
        logits = clip(input_ids=tokens, pixel_values=2 * images - 1).logits_per_image
        return functional.cross_entropy(logits.float(), own[rows.to(ctx.device)])

    loop.train_network(clip, batch_loss, stage, ctx, steps=steps, rate=RATE, weight_decay=1e-4)
    clip.save_pretrained(folder)


def distinct_prompts(table: pd.DataFrame, prompt: Prompt) -> tuple[list[str], Tensor]:
    """Return the distinct prompts of a table's rows, and which of them is each row's, (rows,)."""
    prompts = write_prompts(table.drop_duplicates(), prompt)
    kinds = table.groupby(list(table.columns), dropna=False, sort=False).ngroup().to_numpy()
    distinct = list(dict.fromkeys(prompts))
    place = {text: i for i, text in enumerate(distinct)}
    return distinct, torch.from_numpy(np.array([place[text] for text in prompts])[kinds])


def word_tokenizer(prompts: Sequence[str], folder: Path) -> CLIPTokenizer:
    """Write a CLIP tokenizer into folder and load it; its vocabulary is the words of prompts.

    CLIP joins letters to words by rules in order of rank; one rule per letter of every word,
    longest words first, leads to whole words or to few pieces.
    """
    words = sorted(
        set(" ".join(prompts).lower().replace(",", " , ").split()), key=lambda w: (-len(w), w)
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
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return tokenizer


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
    clip = CLIPModel(CLIPConfig(**both, projection_dim=WIDTH))
    clip.set_attn_implementation(ATTENTION)
    with torch.no_grad():
        clip.text_model.embeddings.token_embedding.weight.normal_(std=WORDS_APART)
    return clip
