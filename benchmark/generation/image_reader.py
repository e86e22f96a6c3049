"""Reads images back: which label and groups they show, and where the regions of the mask lie.

It learns from training patients. The generation track judges generated images with one, and methods
may read images with their own. Readers for different purposes have different seeds, and a method's
reader has another backbone than the judge's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import timm
import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.cohorts.identity import split_digest
from benchmark.discovery.code_digest import code_digest
from benchmark.generation.patient_requests import has_mask
from benchmark.presets.settings import same_architecture
from benchmark.training.augmentation import augment, normalise, to_tensor
from benchmark.training.loop import train_network
from benchmark.training.sampling_weights import balanced_weights, draw_batches

FOLD = 2  # blocks of so many pixels a side become channels, because full resolution is slow
WIDTHS = (16, 32, 64)  # of the segmenter
NOISE = 0.03  # standard deviation of noise added to the training images of a coarse reader
WEIGHTS = "weights.safetensors"
VERSION = "readback-4"  # stands beside every number that rests on these networks


@dataclass(frozen=True)
class Effort:
    """How long one of the networks learns."""

    steps_share: float  # of a classifier's steps
    batch_size: int
    rate: float | None = None  # None: the classifier's


JUDGE = Effort(0.6, 64)  # for label and attributes; its backbone is the classifier's
METHODS = Effort(0.9, 64, 2e-3)  # another backbone, whose rate no preset knows
SEGMENTER = Effort(0.9, 16, 2e-3)  # learns most from many small batches (docs/results/speed.md)


@dataclass(frozen=True)
class Reader:
    """A classifier of label and attributes, and a segmenter of masks; numpy in, numpy out."""

    card: TaskCard
    classifier: AttributeClassifier
    segmenter: UNet2DModel
    mean: Tensor
    std: Tensor
    device: torch.device
    bfloat16: bool = False  # for masks, which cost the most
    coarse: int = 1  # label and attributes are read from blocks of so many pixels a side

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the input of the last layer, (n, width)."""
        return self._map(images, lambda x: self.classifier.features(self.classifier_input(x)))

    def logits(self, images: Tensor) -> dict[str, Tensor]:
        """Return logits of "label" and every attribute, with gradients to the images."""
        return self.classifier(self.classifier_input(images))

    def classifier_input(self, images: Tensor) -> Tensor:
        """Return images as the classifier gets them."""
        if self.coarse > 1:
            blocks = functional.avg_pool2d(images, self.coarse)
            images = functional.interpolate(blocks, images.shape[-2:], mode="bilinear")
        return normalise(images, self.mean, self.std)

    def probabilities(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Return "label" and every attribute: probabilities (n, values), in the card's order."""
        joined = self._map(
            images, lambda x: torch.cat([p.softmax(1) for p in self.logits(x).values()], 1)
        )
        edges = np.cumsum([head.out_features for head in self.classifier.heads.values()])[:-1]
        return dict(zip(self.classifier.heads, np.split(joined, edges, axis=1), strict=True))

    def masks(self, images: np.ndarray) -> np.ndarray:
        """Return the masks read back, (n, channels, size, size) uint8."""

        def read(x: Tensor) -> Tensor:
            with torch.autocast(x.device.type, torch.bfloat16, enabled=self.bfloat16):
                seen = normalise(x, self.mean, self.std)
                return segment(self.segmenter, seen, self.card).argmax(2)

        return self._map(images, read).astype(np.uint8)

    @torch.inference_mode()
    def _map(self, images: np.ndarray, function: Callable[[Tensor], Tensor]) -> np.ndarray:
        parts = [
            function(to_tensor(images[i : i + 256], self.device))
            for i in range(0, len(images), 256)
        ]
        return np.concatenate([part.float().cpu().numpy() for part in parts])


class AttributeClassifier(nn.Module):
    """A timm network with one head for the label and one for each attribute."""

    def __init__(self, backbone: str, channels: int, sizes: dict[str, int]) -> None:
        super().__init__()
        self.backbone = timm.create_model(backbone, in_chans=channels, num_classes=0)
        width = int(self.backbone.num_features)  # type: ignore[arg-type]
        self.heads = nn.ModuleDict({name: nn.Linear(width, n) for name, n in sizes.items()})

    def features(self, images: Tensor) -> Tensor:
        """Return the last layer's input."""
        return self.backbone(images)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return logits per head."""
        seen = self.features(images)
        return {name: head(seen) for name, head in self.heads.items()}


def trained_reader(
    train: Split, ctx: RunContext, purpose: str, backbone: str, *, with_masks: bool = True,
    coarse: int = 1, times: int = 1,
) -> Reader:  # fmt: skip
    """Return the reader of these training patients, training what nobody has trained yet.

    Runs with the same patients, purpose and backbone share one, and each of them counts its steps.
    with_masks=False leaves out the segmenter. coarse: label and attributes are read from blocks of
    so many pixels a side, so that detail that generated images lack says nothing. times: train the
    classifier this many times as long. Raises ValueError for a method that asks for the judge's
    backbone: no method may read images with the network that judges them.
    """
    if not ctx.judges and same_architecture(backbone, ctx.classifier.backbone):
        raise ValueError(
            f"{backbone} is the classifier's backbone, with which the engine judges; a method "
            "reads images with another one: ctx.generator.reader."
        )
    usual = JUDGE if ctx.judges else METHODS
    rate = usual.rate or ctx.classifier.learning_rate
    effort = dataclasses.replace(usual, steps_share=times * usual.steps_share, rate=rate)
    reader = dataclasses.replace(new_reader(train, ctx, purpose, backbone), coarse=coarse)
    key = {
        "version": VERSION,
        "code": code_digest(Path(__file__)),
        "data": split_digest(train),
        "steps": ctx.classifier.steps,
        "seed": ctx.seed,
        "packages": packages(),
    }

    def build_classifier(folder: Path, alone: RunContext) -> None:
        stage = f"{purpose}: label and attributes"
        _train(reader.classifier, train, alone, stage, effort, reader, _classifier_loss)
        _save(reader.classifier, folder)

    def build_segmenter(folder: Path, alone: RunContext) -> None:
        masked = train.take(np.flatnonzero(has_mask(train.masks)))
        if len(masked):
            stage = f"{purpose}: masks"
            _train(reader.segmenter, masked, alone, stage, SEGMENTER, reader, _segmenter_loss)
        _save(reader.segmenter, folder)

    named = {**key, "backbone": backbone, "coarse": coarse, "effort": dataclasses.asdict(effort)}
    folder = ctx.train_once(f"{purpose}-words", named, build_classifier)
    reader.classifier.load_state_dict(load_file(folder / WEIGHTS))
    if with_masks:
        folder = ctx.train_once(f"{purpose}-masks", key, build_segmenter)
        reader.segmenter.load_state_dict(load_file(folder / WEIGHTS))
    return reader


def packages() -> dict[str, str]:
    """Return versions of the libraries on which the networks' weights depend."""
    return {name: version(name) for name in ("diffusers", "timm", "torch")}


def _save(network: nn.Module, folder: Path) -> None:
    tensors = {name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, folder / WEIGHTS)


def new_reader(train: Split, ctx: RunContext, purpose: str, backbone: str) -> Reader:
    """Make classifier and segmenter with random weights."""
    channels = train.images.shape[1]
    sizes = {"label": len(ctx.card.classes)} | {a.name: len(a.values) for a in ctx.card.attributes}
    torch.manual_seed(int(ctx.rng(f"{purpose}: weights").integers(2**62)))
    classifier = AttributeClassifier(backbone, channels, sizes)
    torch.manual_seed(int(ctx.rng(f"{purpose}: weights of masks").integers(2**62)))
    segmenter = new_segmenter(ctx.card, channels, train.images.shape[2])
    sample = np.asarray(train.images[:: max(1, len(train) // 500)])
    mean = to_tensor(sample.mean((0, 2, 3)), ctx.device).view(1, -1, 1, 1)
    std = to_tensor(sample.std((0, 2, 3)), ctx.device).clamp(min=1e-6).view(1, -1, 1, 1)
    classifier.to(ctx.device).to(memory_format=torch.channels_last).eval()
    segmenter.to(ctx.device).eval()  # channels first: normalisation in groups is slow the other way
    return Reader(
        ctx.card, classifier, segmenter, mean, std, ctx.device, ctx.precision == "bfloat16"
    )


def new_segmenter(card: TaskCard, channels: int, size: int) -> UNet2DModel:
    """Make a network that finds the regions of masks, for images of size x size pixels."""
    planes = channels * FOLD**2
    return UNet2DModel(
        sample_size=size // FOLD, in_channels=planes,
        out_channels=planes * (len(card.mask_labels) + 1), layers_per_block=1,
        block_out_channels=WIDTHS, norm_num_groups=8, add_attention=False,
        down_block_types=("DownBlock2D",) * len(WIDTHS),
        up_block_types=("UpBlock2D",) * len(WIDTHS),
    )  # fmt: skip


# (network, images, rows in train, reader, rng) -> loss of the batch
Loss = Callable[[nn.Module, Tensor, Tensor, Reader, torch.Generator], Tensor]


def _train(
    network: nn.Module, train: Split, ctx: RunContext, stage: str, effort: Effort,
    reader: Reader, loss_for: Callable[[Split, RunContext], Loss],
) -> None:  # fmt: skip
    rng = ctx.torch_rng(stage)
    cells, _ = ctx.card.encode_cells(train.table)
    loss_of = loss_for(train, ctx)
    batches = draw_batches(len(train), effort.batch_size, balanced_weights(cells), rng)

    def batch_loss() -> Tensor:
        rows = next(batches)
        images = to_tensor(train.images[rows.numpy()], ctx.device)
        return loss_of(network, images, rows, reader, rng)

    steps = round(effort.steps_share * ctx.classifier.steps)
    rate = effort.rate or ctx.classifier.learning_rate
    train_network(network, batch_loss, stage, ctx, steps=steps, rate=rate, weight_decay=0.01)


def _classifier_loss(train: Split, ctx: RunContext) -> Loss:
    truth = {"label": ctx.card.encode_labels(train.table)}
    for a in ctx.card.attributes:
        truth[a.name] = ctx.card.encode_groups(train.table, [a.name])[0]
    known = {name: torch.from_numpy(codes).to(ctx.device) for name, codes in truth.items()}

    def loss(
        network: nn.Module, images: Tensor, rows: Tensor, reader: Reader, rng: torch.Generator
    ) -> Tensor:
        moved = augment(images, rng)
        if reader.coarse > 1:  # so that noise left in blocks says nothing either
            moved = moved + NOISE * torch.randn(moved.shape, generator=rng).to(moved.device)
        logits = network(reader.classifier_input(moved))
        parts = [
            functional.cross_entropy(part.float(), known[name][rows.to(part.device)])
            for name, part in logits.items()
        ]
        return torch.stack(parts).sum()

    return loss


def _segmenter_loss(train: Split, ctx: RunContext) -> Loss:
    def loss(
        network: nn.Module, images: Tensor, rows: Tensor, reader: Reader, rng: torch.Generator
    ) -> Tensor:
        logits = segment(network, normalise(images, reader.mean, reader.std), ctx.card)
        masks = torch.from_numpy(np.array(train.masks[rows.numpy()])).long().to(ctx.device)
        return functional.cross_entropy(logits.movedim(2, 1).float(), masks)

    return loss


def segment(network: nn.Module, images: Tensor, card: TaskCard) -> Tensor:
    """Return logits of every region, (n, channels, regions, size, size)."""
    n, channels, size, _ = images.shape
    folded = functional.pixel_unshuffle(images.contiguous(), FOLD)
    times = torch.zeros(n, dtype=torch.long, device=images.device)
    out = functional.pixel_shuffle(network(folded, times).sample, FOLD)
    return out.view(n, channels, len(card.mask_labels) + 1, size, size)
