"""The networks of an official judge: made, written to one file, read from it, and asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from benchmark.api.card import TaskCard
from benchmark.generation.image_reader import AttributeClassifier, Reader, new_segmenter
from benchmark.generation.official.looks import LOOKS

LOOK = "look"  # the head of the extractor that names an image's look
TOGETHER = 256  # images that go through together


@dataclass(frozen=True)
class Networks:
    """All networks that read images, before anybody asks them."""

    readers: Mapping[str, AttributeClassifier]  # by architecture
    extractor: AttributeClassifier
    segmenter: UNet2DModel
    mean: Tensor  # (1, channels, 1, 1), that images are normalised with
    std: Tensor

    def parts(self) -> Iterator[tuple[str, nn.Module]]:
        """Return every network with its name in the file."""
        yield from ((f"readers/{name}", network) for name, network in self.readers.items())
        yield "extractor", self.extractor
        yield "segmenter", self.segmenter


def new_networks(
    card: TaskCard, readers: tuple[str, ...], extractor: str, size: int, device: torch.device
) -> Networks:
    """Make all networks with random weights, ready for use, for images of size x size pixels."""
    channels = len(card.channels)
    sizes = {"label": len(card.classes)} | {a.name: len(a.values) for a in card.attributes}
    made = Networks(
        {name: AttributeClassifier(name, channels, sizes) for name in readers},
        AttributeClassifier(extractor, channels, sizes | {LOOK: len(LOOKS)}),
        new_segmenter(card, channels, size),
        torch.zeros(1, channels, 1, 1, device=device),
        torch.ones(1, channels, 1, 1, device=device),
    )
    for name, network in made.parts():
        network.to(device).eval()
        if name != "segmenter":
            network.to(memory_format=torch.channels_last)
    return made


def write_networks(networks: Networks, path: Path) -> None:
    """Write all weights into one file, as float16."""
    tensors = {"mean": networks.mean, "std": networks.std}
    for name, network in networks.parts():
        tensors |= {f"{name}/{key}": value for key, value in network.state_dict().items()}
    small = {
        key: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for key, value in tensors.items()
    }
    save_file(small, path)


def read_networks(
    path: Path, card: TaskCard, readers: tuple[str, ...], extractor: str, size: int,
    device: torch.device,
) -> Networks:  # fmt: skip
    """Read what write_networks wrote."""
    found = load_file(path, device=str(device))
    made = new_networks(card, readers, extractor, size, device)
    made.mean.copy_(found["mean"])
    made.std.copy_(found["std"])
    for name, network in made.parts():
        start = f"{name}/"
        own = {key.removeprefix(start): v for key, v in found.items() if key.startswith(start)}
        network.load_state_dict(own)
        network.requires_grad_(False)
    return made


@dataclass(frozen=True)
class SizedReader:
    """A classifier that gets images of any size averaged to the one that it has learned from."""

    reader: Reader
    size: int

    def probabilities(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Return "label" and every attribute: probabilities (n, values), in the card's order."""
        return self.reader.probabilities(at_size(images, self.size))


@dataclass(frozen=True)
class OfficialReader:
    """Reads label, attributes, masks and features, as the reader of a cohort's own judge does."""

    card: TaskCard
    members: Mapping[str, SizedReader]  # calibrated classifiers of different architectures
    extractor: Reader
    size: int  # pixels that all networks read

    def probabilities(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Return the mean of what the members say, of "label" and every attribute, (n, values)."""
        small = at_size(images, self.size)
        said = [member.probabilities(small) for member in self.members.values()]
        return {column: np.mean([one[column] for one in said], axis=0) for column in said[0]}

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the features that distances are computed from, (n, width)."""
        return self.extractor.features(at_size(images, self.size))

    def masks(self, images: np.ndarray) -> np.ndarray:
        """Return the masks read back, (n, channels, size, size) uint8, as large as the images."""
        found = self.extractor.masks(at_size(images, self.size))
        side = images.shape[-1]
        if side == self.size:
            return found
        grown = functional.interpolate(torch.from_numpy(found), (side, side), mode="nearest-exact")
        return grown.numpy()


def as_reader(
    networks: Networks, card: TaskCard, size: int, device: torch.device, *, bfloat16: bool = False
) -> OfficialReader:
    """Let the networks read for a judge."""

    def reader(classifier: AttributeClassifier) -> Reader:
        return Reader(
            card, classifier, networks.segmenter, networks.mean, networks.std, device, bfloat16
        )

    members = {name: SizedReader(reader(one), size) for name, one in networks.readers.items()}
    return OfficialReader(card, members, reader(networks.extractor), size)


def at_size(images: np.ndarray, size: int) -> np.ndarray:
    """Average images (n, channels, side, side) to size x size pixels; as they are if they fit."""
    if images.shape[-1] == size:
        return images
    parts = [
        functional.interpolate(
            torch.from_numpy(np.array(images[i : i + TOGETHER], np.float32)),
            (size, size), mode="area",
        ).numpy()
        for i in range(0, len(images), TOGETHER)
    ]  # fmt: skip
    return np.concatenate(parts)
