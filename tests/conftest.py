"""What many tests need: a toy task that registers like the others, and a preset of seconds."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch read it

from benchmark.cohorts.toy import ToyTask
from benchmark.conformance.toy_preset import TOY_PRESET
from benchmark.planning.run_spec import RunSpec

FIXTURES = Path(__file__).parent / "fixtures"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests first, so that no worker is left with one when the others have ended."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def toy_task() -> str:
    """The path of a task that is made in milliseconds."""
    return str(FIXTURES / "toy_task")


@pytest.fixture
def make_spec(toy_task: str, tmp_path: Path) -> Callable[..., RunSpec]:
    """Make the spec of a run on the toy task, with everything at the test's own place."""

    def make(method: str = "majority_class", seed: int = 0, **others: object) -> RunSpec:
        values = {
            "task": toy_task,
            "method": method,
            "variant": ToyTask().knobs.variant(),
            "seed": seed,
            "preset": TOY_PRESET,
            "device": "cpu",
            "cache": tmp_path / "cache",
        }
        return RunSpec(**{**values, **others})

    return make


@pytest.fixture
def write_method(tmp_path: Path) -> Callable[..., str]:
    """Write a method file around the body of its fit and return its path."""

    def write(name: str, fit: str, groups_used: str = "never", more: str = "") -> str:
        lines = "\n        ".join(fit.strip().splitlines())
        path = tmp_path / f"{name}.py"
        path.write_text(
            f'"""A method written by a test."""\n'
            "import os, signal, sys, time\n"
            "from dataclasses import dataclass\n"
            "import numpy as np\n"
            "from benchmark import method\n"
            f"{more}\n"
            "class Half:\n"
            "    def predict_proba(self, images):\n"
            "        return np.full((len(images), 2), 0.5)\n"
            f'@method(groups_used="{groups_used}")\n'
            "@dataclass(frozen=True)\n"
            "class Written:\n"
            '    """Written by a test."""\n'
            "    def fit(self, train, val, ctx):\n"
            f"        {lines}\n"
        )
        return str(path)

    return write


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Stable Diffusion checkpoint with random weights, written as diffusers writes them."""
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    from benchmark.generation.text_image_model import word_tokenizer

    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    tokenizer = word_tokenizer(["a small picture"], folder / "tokenizer")
    tokenizer.save_pretrained(folder / "tokenizer")
    text = CLIPTextConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        vocab_size=len(tokenizer), max_position_embeddings=12, pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    autoencoder = AutoencoderKL(
        block_out_channels=(8, 8), norm_num_groups=4, latent_channels=4, layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    denoiser = UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 16), layers_per_block=1, cross_attention_dim=16,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), norm_num_groups=4,
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), attention_head_dim=2,
    )  # fmt: skip
    CLIPTextModel(text).save_pretrained(folder / "text_encoder")
    autoencoder.save_pretrained(folder / "vae")
    denoiser.save_pretrained(folder / "unet")
    PNDMScheduler(skip_prk_steps=True, steps_offset=1).save_pretrained(folder / "scheduler")
    return folder
