"""Finds presets by name or by path, and reads them."""

from __future__ import annotations

import difflib
import tomllib
from importlib import resources
from pathlib import Path

from benchmark.presets.settings import Preset


def preset_names() -> list[str]:
    """List the presets that ship with Equipoise."""
    files = resources.files("benchmark.presets").iterdir()
    return sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml"))


def load_preset(name: str) -> Preset:
    """Load a shipped preset by name, or a TOML file of your own by path."""
    try:
        values = tomllib.loads(preset_text(name))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"The preset file {name} is no valid TOML: {error}.") from error
    return Preset.from_dict({"name": Path(name).stem, **values})


def preset_text(name: str) -> str:
    """Return the TOML file of a preset, shipped or your own, as it is."""
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise ValueError(f"There is no preset file {name}.")
        return Path(name).read_text()
    if name not in preset_names():
        near = difflib.get_close_matches(name, preset_names(), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"Unknown preset {name!r}.{hint} Known: {', '.join(preset_names())}.")
    return resources.files("benchmark.presets").joinpath(f"{name}.toml").read_text()
