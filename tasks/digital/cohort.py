"""What every digital cohort shares: who is in which split, rendering in chunks, the cache.

A task brings a PatientModel (people, anatomy, rendering); this file turns it into splits. A seed
draws train and val. The test populations are the same for all board seeds, and others for all
development seeds: made once, kept once.
"""

from __future__ import annotations

import inspect
import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmark.api.card import TaskCard
from benchmark.api.data import Source, Split, Splits
from benchmark.api.seeds import is_development
from benchmark.api.variant import Variant
from benchmark.cohorts.storage import create_arrays, read_split
from benchmark.discovery.code_digest import code_digest
from benchmark.support.cache import ContentCache, digest
from benchmark.support.progress import track

CHUNK = 128  # patients rendered together; part of the content, because each chunk has its own seed
SPLITS = ("train", "val", "test", "new", "recruited")  # each has random streams of its own
POPULATIONS = ("test", "recruited")
POPULATION_SEED = 2_000_000  # of the test populations, whatever the seed of a run
DEVELOPMENT_POPULATION_SEED = 2_000_001  # likewise, of runs that choose settings


class PatientModel(Protocol):
    """A population with known anatomy. Tables have one row per patient."""

    @property
    def version(self) -> int:
        """Raised whenever the same seed gives other images."""
        ...

    def biased_people(self, n: int, variant: Variant, rng: np.random.Generator) -> pd.DataFrame:
        """Draw n people as the training hospital sees them: label, attributes, covariates.

        The task's own knobs are read here; label noise and site shift are applied for it.
        """
        ...

    def requested_people(self, requests: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Draw one person per row of requests, which fixes label and attributes, in that order."""
        ...

    def anatomy(self, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Add the columns of each person's anatomy, in mm, mL and g."""
        ...

    def render(
        self,
        patients: pd.DataFrame,
        image_size: int,
        site_shift: float,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Image the patients: float32 in [0, 1] and uint8 masks, (n, channels, size, size)."""
        ...


def load_splits(
    model: PatientModel, card: TaskCard, source: Source, variant: Variant, seed: int
) -> Splits:
    """Return train and val as biased as the variant says, and the test populations.

    test is balanced over all cells. recruited is drawn as the variant's training hospital recruits,
    with clean labels. Both have the variant's site shift and are the same for every board seed, and
    others for every development seed.
    """
    keys: list[dict[str, Any]] = []
    made: dict[str, Split] = {}
    for name in ("train", "val", *POPULATIONS):
        if name == "recruited" and not source.recruited:
            continue
        drawn_by = drawing_seed(name, seed)
        keys.append(_key(name, model, card, source, variant, drawn_by))
        made[name] = _made_once(keys[-1], model, card, source, variant)
    return Splits(**made, fingerprint=digest(keys))


def drawing_seed(split: str, seed: int) -> int:
    """Return the seed that a split of a run is drawn by.

    Development seeds have test populations of their own: whoever chooses a setting by their scores
    has not looked at the patients of a board.
    """
    if split not in POPULATIONS:
        return seed
    return DEVELOPMENT_POPULATION_SEED if is_development(seed) else POPULATION_SEED


def draw_people(
    split: str, n: int, model: PatientModel, card: TaskCard, variant: Variant, seed: int
) -> tuple[pd.DataFrame, pd.Series]:
    """Draw who is in a split, and the label that each person is given there; render nobody."""
    rng = _rng(card, seed, split)
    if split == "test":
        requests = balanced_requests(card, n).sample(frac=1, random_state=rng)
        people = model.requested_people(requests.reset_index(drop=True), rng)
        return people, people["label"]
    people = model.biased_people(n, variant, rng)
    if split == "recruited":
        return people, people["label"]
    return people, _flip_labels(people, variant["label_noise"], card.classes, rng)


def _key(
    split: str, model: PatientModel, card: TaskCard, source: Source, variant: Variant, seed: int
) -> dict[str, Any]:
    """Name everything that shapes a split, and nothing else: runs share what they can."""
    shaping = dict(variant.settings)
    if split == "test":
        shaping = {"site_shift": variant["site_shift"]}
    else:
        del shaping["label_noise" if split == "recruited" else "site_shift"]
    return {
        "task": card.name,
        "version": [card.version, model.version],
        "split": split,
        "n": getattr(source, split),
        "image": [source.image_size, CHUNK],
        "knobs": shaping,
        "seed": seed,
        "code": _code(model),
    }


def _made_once(
    key: dict[str, Any], model: PatientModel, card: TaskCard, source: Source, variant: Variant
) -> Split:
    """Read a split from the cache, where whoever needs it first puts it."""
    split, seed = key["split"], key["seed"]

    def build(folder: Path) -> None:
        people, labels = draw_people(split, key["n"], model, card, variant, seed)
        shift = variant["site_shift"] if split in POPULATIONS else 0.0
        _write_split(folder / split, model, card, people, labels, source, seed, shift)

    return read_split(ContentCache(source.cache).folder(f"cohort-{card.name}", key, build) / split)


def draw_patients(
    model: PatientModel, card: TaskCard, requests: pd.DataFrame, source: Source, seed: int
) -> Split:
    """Make one new patient per row of requests, of the training scanner, in nobody's split."""
    columns = ["label", *(a.name for a in card.attributes)]
    requests = requests[columns].reset_index(drop=True)
    key = {
        "task": card.name,
        "version": [card.version, model.version, CHUNK],
        "requests": requests.to_numpy().tolist(),
        "image_size": source.image_size,
        "seed": seed,
        "code": _code(model),
    }

    def build(folder: Path) -> None:
        people = model.requested_people(requests, _rng(card, seed, "new"))
        _write_split(folder / "new", model, card, people, people["label"], source, seed, 0.0)

    folder = ContentCache(source.cache).folder(f"patients-{card.name}", key, build)
    return read_split(folder / "new")


def balanced_requests(card: TaskCard, at_least: int) -> pd.DataFrame:
    """Return a table of label and attributes with the same number of rows for every cell."""
    cells = card.cells()
    per_cell = -(-at_least // len(cells))
    return cells.loc[cells.index.repeat(per_cell)].reset_index(drop=True)


def read_truth(folder: Path) -> pd.DataFrame:
    """Read the anatomy that a digital split was rendered from; no method ever sees it."""
    return pd.read_parquet(folder / "truth.parquet")


def _code(model: PatientModel) -> str:
    """Hash the code that makes the images: images of older code are never served again."""
    return code_digest(Path(inspect.getfile(type(model))), Path(__file__))


def _rng(card: TaskCard, seed: int, split: str, chunk: int = 0) -> np.random.Generator:
    words = [seed, zlib.crc32(card.name.encode()), SPLITS.index(split), chunk]
    return np.random.default_rng(np.random.SeedSequence(words))


def _flip_labels(
    people: pd.DataFrame, share: float, classes: Sequence[str], rng: np.random.Generator
) -> pd.Series:
    """Give a share of people, chosen at random, the next class as their label."""
    labels = people["label"].copy()
    rows = rng.permutation(len(people))[: round(share * len(people))]
    following = dict(zip(classes, [*classes[1:], classes[0]], strict=True))
    labels.iloc[rows] = labels.iloc[rows].map(following)
    return labels


def split_table(
    split: str, card: TaskCard, people: pd.DataFrame, labels: pd.Series, seed: int
) -> pd.DataFrame:
    """Return the table of a split: ids, label, attributes. Every patient has one image."""
    whose = {POPULATION_SEED: "", DEVELOPMENT_POPULATION_SEED: "-development"}.get(seed, f"-{seed}")
    names = [f"{split}{whose}-{row:05d}" for row in range(len(people))]
    identity = {"image_id": names, "patient_id": names, "label": labels.to_numpy()}
    attributes = {a.name: people[a.name].to_numpy() for a in card.attributes}
    return pd.DataFrame({**identity, **attributes})


def _write_split(
    folder: Path,
    model: PatientModel,
    card: TaskCard,
    people: pd.DataFrame,
    labels: pd.Series,
    source: Source,
    seed: int,
    site_shift: float,
) -> None:
    """Render people chunk by chunk into memory-mapped arrays; each chunk has a seed of its own."""
    split = folder.name
    images, masks = create_arrays(folder, len(people), len(card.channels), source.image_size)

    def render(start: int) -> pd.DataFrame:
        rng = _rng(card, seed, split, 1 + start // CHUNK)
        rows = slice(start, min(start + CHUNK, len(people)))
        patients = model.anatomy(people.iloc[rows].reset_index(drop=True), rng)
        images[rows], masks[rows] = model.render(patients, source.image_size, site_shift, rng)
        return patients

    starts = range(0, len(people), CHUNK)
    # One thread per matrix product: how a product is shared out changes its last digits.
    with threadpool_limits(1), ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        words = f"{card.name}: making {len(people)} patients for {split}"
        truth = pd.concat(track(pool.map(render, starts), words, len(starts)), ignore_index=True)
    images.flush()
    masks.flush()
    table = split_table(split, card, people, labels, seed)
    table.to_parquet(folder / "table.parquet")
    truth.insert(0, "image_id", table["image_id"])
    truth.to_parquet(folder / "truth.parquet")
