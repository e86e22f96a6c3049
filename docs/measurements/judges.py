"""Do the measures of the generation track tell generators apart whose answer is known?

Run: python docs/measurements/judges.py brain_mr_sex          (some minutes on one core)
     python docs/measurements/judges.py cmr_heart_failure --judge FOLDER

Every measure is taken of other real patients, of copies of training patients, whole, noised and
few, of blurred patients, of patients with wrong labels and wrong attributes; and neutral prompts
are answered by real patients of known mixes. Each line is one generator, each number stands with
its standard error. The tables are those of docs/reference/generation_track.md.
"""

import argparse
import dataclasses
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.ndimage import gaussian_filter

from benchmark.api.context import RunContext
from benchmark.api.data import Source, Split, Splits
from benchmark.api.mix_target import Target
from benchmark.api.protocols import Task, generator_of, judge_of
from benchmark.discovery.find import locate
from benchmark.discovery.load import load_method, load_task
from benchmark.generation.judging.judge import judge_for
from benchmark.generation.judging.track import judge_generator
from benchmark.generation.mix_targets import columns_to_align, read_target
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.load import load_preset
from benchmark.running import predictions
from benchmark.training.sampling_weights import balanced_weights

SEED = 100
FEW = 20  # patients that the overfitted generator knows
MIXES = (0.0, 0.25, 0.5, 0.75, 1.0)
NOISE, BLUR = 0.03, 0.7  # standard deviations, in units of intensity and in pixels


@dataclass(frozen=True)
class World:
    """A task with a cohort of a development seed."""

    task: Task
    splits: Splits
    source: Source

    def new(self, requests: pd.DataFrame, seed: int) -> np.ndarray:
        """Return images of new patients."""
        return np.asarray(self.task.new_patients(requests, self.source, seed).images)  # type: ignore[attr-defined]

    def owners(self, masks: np.ndarray) -> np.ndarray:
        """Return the rows of val that masks belong to."""
        known = {mask.tobytes(): row for row, mask in enumerate(np.asarray(self.splits.val.masks))}
        return np.array([known[mask.tobytes()] for mask in masks])

    def nearest(self, requests: pd.DataFrame, among: Split, rng: np.random.Generator) -> np.ndarray:
        """Return rows of patients of the requested cells, or at least of the requested label."""
        cells, _ = self.task.card.encode_cells(among.table)
        labels = self.task.card.encode_labels(among.table)
        asked, _ = self.task.card.encode_cells(requests)
        asked_labels = self.task.card.encode_labels(requests)
        rows = []
        for cell, label in zip(asked, asked_labels, strict=True):
            own = np.flatnonzero(cells == cell)
            rows.append(rng.choice(own if len(own) else np.flatnonzero(labels == label)))
        return np.array(rows)


@dataclass(frozen=True)
class Known:
    """A generator whose quality is known: what it does to what it is asked for."""

    world: World
    kind: str
    reads_masks: bool = False

    def generate(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw patients as the kind says."""
        rng, train = np.random.default_rng(seed), self.world.splits.train
        card = self.world.task.card
        if self.kind.endswith("masks"):
            rows = self.world.owners(masks)
            images = np.asarray(self.world.splits.val.images)[rows]
            return images if self.kind == "owners of the masks" else images[::-1].copy()
        if self.kind in ("copies", "noised copies", "few copies"):
            if self.kind == "few copies":
                drawn = np.random.default_rng(0).permutation(len(train))[:FEW]
                train = train.take(np.sort(drawn))
            images = np.asarray(train.images)[self.world.nearest(requests, train, rng)]
        elif self.kind == "wrong labels":
            images = self.world.new(_moved(requests, "label", card.classes), seed)
        elif self.kind == "wrong attributes":
            for attribute in card.attributes:
                requests = _moved(requests, attribute.name, attribute.values)
            images = self.world.new(requests, seed)
        else:
            images = self.world.new(requests, seed)
        if self.kind.startswith("noised"):
            images = images + rng.normal(0, NOISE, images.shape)
        if self.kind == "blurred":
            images = gaussian_filter(images, (0, 0, BLUR, BLUR))
        return np.clip(images, 0, 1).astype(np.float32)


KINDS = (
    "other real patients", "copies", "noised copies", "few copies",
    "noised", "blurred", "wrong labels", "wrong attributes",
    "owners of the masks", "owners of other masks",
)  # fmt: skip


def _moved(requests: pd.DataFrame, column: str, values: tuple[str, ...]) -> pd.DataFrame:
    following = dict(zip(values, [*values[1:], values[0]], strict=True))
    return requests.assign(**{column: requests[column].map(following)})


@dataclass(frozen=True)
class Mixed:
    """Answers neutral prompts with real patients, a known share of them of the first group.

    What else a prompt leaves open it draws as train has it within the group; moved: evenly.
    """

    world: World
    target: Target
    share: float
    moved: bool = False
    before: object = None
    reads_masks: bool = False

    def generate(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw patients of the mix."""
        card, train = self.world.task.card, self.world.splits.train.table
        rng, cells = np.random.default_rng(seed), card.cells()
        sizes = np.bincount(card.encode_cells(train)[0], minlength=len(cells)).astype(float)
        sizes = np.ones(len(cells)) if self.moved else sizes + 1e-6
        groups = self.target.encode(cells, card)
        chosen = []
        for row in requests.to_dict("records"):
            fits = np.ones(len(cells), bool)
            for name, word in row.items():
                if word is not None and not pd.isna(word):
                    fits &= (cells[str(name)] == word).to_numpy()
            wanted = 0 if rng.random() < self.share else 1
            open_columns = all(pd.isna(row[name]) for name in self.target.columns)
            weights = sizes * fits * ((groups == wanted) if open_columns else 1.0)
            chosen.append(rng.choice(len(cells), p=weights / weights.sum()))
        return self.world.new(cells.iloc[chosen].reset_index(drop=True), seed)


def measure(task_name: str, folder: Path | None, preset_name: str) -> None:
    """Measure all generators of one task and print what is found."""
    task, preset = load_task(locate(task_name, "task")), load_preset(preset_name)
    spec = RunSpec(task_name, "judge", task.knobs.variant(), SEED, preset, device="cpu")
    splits = task.load(spec.source, spec.variant, SEED)
    official = folder or judge_of(task, spec.source)
    ctx = predictions.make_context(task, predictions.JUDGE, spec, lambda line: None)
    world = World(task, splits, spec.source)
    judged = preset.generator.judged if preset.generator else None
    with tempfile.TemporaryDirectory() as place:

        def found(generator: object, ctx: RunContext = ctx) -> dict:
            judge_generator(
                generator, splits, ctx, Path(place), with_gallery=False, official=official,
                judged=judged,
            )  # type: ignore[arg-type]  # fmt: skip
            return json.loads((Path(place) / "generation.json").read_text())

        again = dataclasses.replace(ctx, seed=SEED + 1)
        for kind in KINDS:
            known = Known(world, kind, reads_masks=kind.endswith("masks"))
            _print_scores(kind, found(known)["scores"])
        _print_scores("other real patients, again", found(Known(world, KINDS[0]), again)["scores"])
        base_generator = _base_generator(task, spec, splits)
        _print_scores("base generator", found(base_generator)["scores"])
        _print_scores("base generator, again", found(base_generator, again)["scores"])
        target = read_target("uniform", task.card, columns_to_align(task.card, ""))
        base = Mixed(world, target, 0.8)
        for share in MIXES:
            _print_mix(f"{share:.0%}", found(Mixed(world, target, share, before=base)))
        _print_mix("50%, all else even", found(Mixed(world, target, 0.5, True, before=base)))
    if official:
        _print_real(splits.test, judge_for(splits.train, ctx, official, None), task, spec)


def _base_generator(task: Task, spec: RunSpec, splits: Splits) -> object:
    """Train the generator that all generative methods start from, as biased as train."""
    method = load_method(locate("base_generator", "method"))()
    ctx = predictions.make_context(task, method, spec, lambda line: None)
    train, val = (predictions.visible(s, task.card, method) for s in (splits.train, splits.val))
    return generator_of(predictions.fit(method, train, val, ctx))


def _print_scores(kind: str, scores: dict) -> None:
    for name, score in scores.items():
        value, error = score["value"], score.get("error") or 0.0
        if value is not None:
            floor = score["floor"]
            print(f"{kind} | {name} | {value:.4f} | {error:.4f} | floor {floor}", flush=True)


def _print_mix(share: str, found: dict) -> None:
    mix = found["group_mix"]
    after, cost = mix["summary"]["tuned"]["after"], mix["cost_of_tuning"]["after"]
    numbers = {
        "counted": after["shares"][0], "off": after["inconsistency"],
        "corrected": (after["corrected"] or [np.nan])[0],
        "by anatomy": (after["by_anatomy"] or [np.nan])[0],
        "anatomy floor": after.get("anatomy_floor") or np.nan,
        "perfect generator": mix["perfect_generator"]["tuned"],
    }  # fmt: skip
    words = ", ".join(f"{name} {100 * value:.1f}" for name, value in numbers.items())
    costs = ", ".join(f"{name} {value:.4f}" for name, value in cost.items() if value is not None)
    print(f"mix {share} of {mix['groups'][0]}: {words}; {costs}", flush=True)


def _print_real(test: Split, judge: object, task: Task, spec: RunSpec) -> None:
    """Print how often the label of test patients is read, beside the ceiling."""
    read = judge.reader.probabilities(test.images)["label"].argmax(1)  # type: ignore[attr-defined]
    truth = task.card.encode_labels(test.table)
    weights = balanced_weights(task.card.encode_cells(test.table)[0])
    ceiling = task.ceiling(spec.source, spec.variant)  # type: ignore[attr-defined]
    whole = [v for k, v in ceiling.items() if len(k.attributes) == len(task.card.attributes)]
    right = float((weights * (read == truth)).sum())
    print(f"label read in test patients: {right:.4f}; ceiling {np.mean(whole or [np.nan]):.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task")
    parser.add_argument("--judge", type=Path, help="a folder; without it the task's own")
    parser.add_argument("--preset", default="quick")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    measure(asked.task, asked.judge, asked.preset)
