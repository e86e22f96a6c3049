"""Pretrained generators: found, checked and hashed before any work is done with them.

A checkpoint is a folder in the format of diffusers. Only JSON and the headers of safetensors are
read here: nothing is unpickled, and no network is built.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

CONFIGS = {
    "tokenizer": "tokenizer_config.json",
    "text_encoder": "config.json",
    "vae": "config.json",
    "unet": "config.json",
    "scheduler": "scheduler_config.json",
}
WEIGHTS = {
    "text_encoder": "model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
    "unet": "diffusion_pytorch_model.safetensors",
}
WORDS = (".json", ".txt")  # ends of configurations and vocabularies
NOISE_STEPS = 1000  # of the forward process of every Stable Diffusion
FORMAT = (
    "A checkpoint is a folder as diffusers writes it, with tokenizer, text_encoder, vae, unet and "
    "scheduler; `StableDiffusionPipeline.from_single_file(FILE).save_pretrained(FOLDER)` turns a "
    "single file into one."
)


def find_checkpoint(name: str) -> Path:
    """Return the folder of a checkpoint: name itself, or what the hub has under that id.

    Raises ValueError if name is no folder and the hub does not have it, or cannot be reached.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder.resolve()
    if folder.exists() or folder.is_absolute():
        what = "is a file and no folder" if folder.exists() else "does not exist"
        raise ValueError(f"Checkpoint {name!r} {what}. {FORMAT}")
    from diffusers import DiffusionPipeline  # takes seconds

    try:
        return Path(DiffusionPipeline.download(name, use_safetensors=True))
    except (OSError, ValueError) as error:
        raise ValueError(
            f"Checkpoint {name!r}: there is no such folder, and the hub gave no model of that id "
            f"({type(error).__name__}). Without a connection, download it elsewhere and give the "
            f"folder. {FORMAT}"
        ) from error


@cache
def checkpoint_digest(folder: Path) -> str:
    """Hash everything in a checkpoint that is used; a checkpoint of 5 GB takes some ten seconds."""
    seen = hashlib.sha256()
    for part in sorted(CONFIGS):
        words = [p.name for p in (folder / part).iterdir() if p.suffix in WORDS]
        weights = [WEIGHTS[part]] if part in WEIGHTS else []
        for name in sorted(words) + weights:
            seen.update(f"{part}/{name}".encode())
            with (folder / part / name).open("rb") as file:
                seen.update(hashlib.file_digest(file, "sha256").digest())
    return seen.hexdigest()[:16]


@cache
def check_checkpoint(folder: Path, size: int) -> None:
    """Refuse what cannot draw images of size pixels; ValueError lists all problems at once."""
    problems = _missing(folder) or _unfit(folder, size)
    if problems:
        raise ValueError(f"Checkpoint {folder}: {'; '.join(problems)}. {FORMAT}")


def _missing(folder: Path) -> list[str]:
    """List parts that are absent or cannot be read."""
    problems = []
    for part, name in CONFIGS.items():
        try:
            if not isinstance(json.loads((folder / part / name).read_text()), dict):
                problems.append(f"{part}/{name} holds no table")
        except OSError:
            problems.append(f"there is no {part}/{name}")
        except ValueError as error:
            problems.append(f"{part}/{name} is no JSON ({error})")
    for part, name in WEIGHTS.items():
        path = folder / part / name
        others = [p.name for p in sorted((folder / part).glob("*.*")) if p.suffix != ".json"]
        if list((folder / part).glob("*.index.json")):
            problems.append(f"{part} is in several files; save it in one")
        elif not path.is_file():
            found = f" (only {', '.join(others)}; pickles and variants are not loaded)"
            problems.append(f"there is no {part}/{name}{found if others else ''}")
        else:
            problems += _damage(path, f"{part}/{name}")
    return problems


def _damage(path: Path, name: str) -> list[str]:
    try:
        with safe_open(path, "pt"):
            return []
    except SafetensorError as error:
        return [f"{name} is damaged ({error})"]


def _unfit(folder: Path, size: int) -> list[str]:
    """List what does not go together."""
    config = {p: json.loads((folder / p / name).read_text()) for p, name in CONFIGS.items()}
    unet, autoencoder, scheduler = config["unet"], config["vae"], config["scheduler"]
    latents = autoencoder.get("latent_channels")
    checks = [
        ("unet is a", unet.get("_class_name"), "UNet2DConditionModel"),
        ("vae is a", autoencoder.get("_class_name"), "AutoencoderKL"),
        ("vae reads channels:", autoencoder.get("in_channels"), 3),
        ("unet reads channels:", unet.get("in_channels"), latents),
        ("unet writes channels:", unet.get("out_channels"), latents),
        (
            "unet reads prompts of width",
            unet.get("cross_attention_dim"),
            config["text_encoder"].get("hidden_size"),
        ),
        ("unet wants besides the prompt:", unet.get("addition_embed_type"), None),
        ("unet wants a class:", unet.get("class_embed_type"), None),
        ("scheduler's steps:", scheduler.get("num_train_timesteps", NOISE_STEPS), NOISE_STEPS),
    ]
    problems = [f"{what} {found}, not {right}" for what, found, right in checks if found != right]
    prediction = scheduler.get("prediction_type", "epsilon")
    if prediction not in ("epsilon", "v_prediction"):
        problems.append(f"it predicts {prediction}, not epsilon or v_prediction")
    return problems + _wrong_size(autoencoder, unet, size)


def _wrong_size(autoencoder: dict[str, Any], unet: dict[str, Any], size: int) -> list[str]:
    """Every level but the first halves the image, and halves must be whole."""
    levels = [len(part.get("block_out_channels", [])) for part in (autoencoder, unet)]
    if not 1 <= levels[0] <= 4 or not levels[1]:
        return [f"vae and unet have {levels[0]} and {levels[1]} levels; allowed: 1 to 4, and some"]
    factor = 2 ** (sum(levels) - 2)
    return (
        [f"[generator] size is {size}; it must be a multiple of {factor}"] if size % factor else []
    )
