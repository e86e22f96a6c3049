"""Pretrained generators: found, checked and hashed before any work is done with them.

A checkpoint is a folder in the format of diffusers. Only what JSON and the headers of safetensors
say is looked at here: nothing is unpickled, and no network is built.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

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
WORDS = (".json", ".txt")  # configurations and vocabularies
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
    from diffusers import DiffusionPipeline  # takes seconds

    try:
        return Path(DiffusionPipeline.download(name, use_safetensors=True))
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"Checkpoint {name!r}: no such folder, and the hub gave none ({reason}). {FORMAT}"
        ) from error


@cache
def checkpoint_digest(folder: Path) -> str:
    """Hash everything in a checkpoint that is used; a checkpoint of 5 GB takes some ten seconds."""
    seen = hashlib.sha256()
    for part in sorted(CONFIGS):
        words = [p.name for p in (folder / part).iterdir() if p.suffix in (".json", ".txt")]
        weights = [WEIGHTS[part]] if part in WEIGHTS else []
        for name in sorted(words) + weights:
            seen.update(f"{part}/{name}".encode())
            with (folder / part / name).open("rb") as file:
                seen.update(hashlib.file_digest(file, "sha256").digest())
    return seen.hexdigest()[:16]


@cache
def check_checkpoint(folder: Path, size: int) -> None:
    """Refuse what cannot draw images of size pixels; all problems at once, in a ValueError."""
    problems = _missing(folder) or _unfit(folder, size)
    if problems:
        raise ValueError(f"Checkpoint {folder}: {'; '.join(problems)}. {FORMAT}")


def _missing(folder: Path) -> list[str]:
    """List parts that are absent or cannot be read."""
    problems = []
    for part, name in CONFIGS.items():
        if not (folder / part / name).is_file():
            problems.append(f"there is no {part}/{name}")
    for part, name in WEIGHTS.items():
        path = folder / part / name
        if not path.is_file():
            others = [p.name for p in sorted((folder / part).glob("*.*")) if p.suffix != ".json"]
            found = f" (only {', '.join(others)}; pickles are not loaded)" if others else ""
            problems.append(f"there is no {part}/{name}{found}")
            continue
        try:
            with safe_open(path, "pt"):
                pass
        except SafetensorError as error:
            problems.append(f"{part}/{name} is damaged ({error})")
    return problems


def _unfit(folder: Path, size: int) -> list[str]:
    """List what does not go together."""
    config = {
        part: json.loads((folder / part / name).read_text()) for part, name in CONFIGS.items()
    }
    unet, autoencoder = config["unet"], config["vae"]
    checks = [
        ("unet is a", unet.get("_class_name"), "UNet2DConditionModel"),
        ("vae is a", autoencoder.get("_class_name"), "AutoencoderKL"),
        ("vae reads channels:", autoencoder.get("in_channels"), 3),
        ("unet reads channels:", unet.get("in_channels"), autoencoder.get("latent_channels")),
        ("unet writes channels:", unet.get("out_channels"), unet.get("in_channels")),
        (
            "unet reads sentences of width",
            unet.get("cross_attention_dim"),
            config["text_encoder"].get("hidden_size"),
        ),
        ("unet wants besides the sentence:", unet.get("addition_embed_type"), None),
    ]
    problems = [f"{what} {found}, not {right}" for what, found, right in checks if found != right]
    prediction = config["scheduler"].get("prediction_type", "epsilon")
    if prediction not in ("epsilon", "v_prediction"):
        problems.append(f"it predicts {prediction}, not epsilon or v_prediction")
    levels = len(autoencoder.get("block_out_channels", [1])) + len(unet["block_out_channels"]) - 2
    if size % 2**levels:
        problems.append(f"[generator] size is {size}; it must be a multiple of {2**levels}")
    return problems
