"""Features from weights of one's own: Inception, RadImageNet, any network that timm knows.

Without one, the generation track's features are those of its judge, a small network trained on the
cohort itself. A large network trained on other images makes numbers comparable between papers.
"""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.transforms.v2.functional import normalize, resize

BATCH = 64
CLASSIFIERS = ("fc.", "head.", "classifier.", "AuxLogits.")  # layers that give no features
FORM = "Write ARCHITECTURE=FILE, as in resnet50=/models/radimagenet_resnet50.safetensors."


@dataclass(frozen=True)
class Extractor:
    """A network without its last layer, for images of any size and number of channels."""

    name: str  # architecture and weights, to stand beside the numbers
    network: nn.Module
    size: int  # pixels it reads
    mean: list[float]  # of each colour
    std: list[float]
    device: torch.device

    @torch.inference_mode()
    def features(self, images: np.ndarray) -> np.ndarray:
        """Map (n, channels, size, size) to (n, channels * width): every channel read as grey."""
        parts = [self._features(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
        return np.concatenate(parts)

    def _features(self, images: np.ndarray) -> np.ndarray:
        n, channels = images.shape[:2]
        grey = torch.from_numpy(np.array(images, np.float32)).to(self.device).flatten(0, 1)[:, None]
        colours = resize(grey, [self.size, self.size], antialias=True).expand(-1, 3, -1, -1)
        seen = self.network(normalize(colours, self.mean, self.std))
        return seen.float().reshape(n, channels * seen.shape[1]).cpu().numpy()


def read_extractor(text: str) -> tuple[str, Path]:
    """Read ARCHITECTURE=FILE; ValueError says what is wrong with it."""
    architecture, equals, file = text.partition("=")
    path = Path(file).expanduser()
    if not equals or not architecture or not file:
        raise ValueError(f"--extractor {text}: {FORM}")
    if not timm.is_model(architecture):
        near = ", ".join(timm.list_models(f"*{architecture[:6]}*")[:5])
        raise ValueError(f"--extractor {text}: timm has no {architecture!r}; near it: {near}.")
    if not path.is_file():
        raise ValueError(f"--extractor {text}: there is no file {path}.")
    return architecture, path


def extractor_name(text: str) -> str:
    """Name an extractor by its architecture and the content of its file, not by where it lies."""
    architecture, path = read_extractor(text)
    return f"{architecture}, weights {_file_digest(path)}"


@cache
def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:8]


def load_extractor(text: str, device: torch.device) -> Extractor:
    """Build the network and load its weights; ValueError if they are not of this architecture."""
    architecture, path = read_extractor(text)
    network = timm.create_model(architecture, num_classes=0)
    weights = _read_weights(path)
    lacking = sorted(set(network.state_dict()) - set(weights))
    strange = [name for name in weights if name not in network.state_dict()]
    strange = [name for name in strange if not name.startswith(CLASSIFIERS)]
    if lacking or strange:
        raise ValueError(
            f"{path} does not hold the weights of timm's {architecture}: {len(lacking)} are "
            f"lacking ({', '.join(lacking[:3])}), {len(strange)} are strange "
            f"({', '.join(strange[:3])})."
        )
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    config = timm.data.resolve_model_data_config(network)
    mean, std = list(config["mean"]), list(config["std"])
    network = network.to(device).eval().requires_grad_(False)
    return Extractor(extractor_name(text), network, config["input_size"][1], mean, std, device)


def _read_weights(path: Path) -> dict[str, Tensor]:
    """Read safetensors, or a state dict saved by torch; nothing else is unpickled."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError, RuntimeError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as weights: {error}") from error
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path} holds more than weights; that is not unpickled.") from error
    if not isinstance(found, dict) or not all(isinstance(t, Tensor) for t in found.values()):
        raise ValueError(f"{path} holds no state dict: names and tensors.")
    return found
