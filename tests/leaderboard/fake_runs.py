"""Writes run folders as the engine would, with made-up predictions: pages without training."""

import json
import struct
import zlib
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.api.card import Attribute, TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.api.scores import ScoreKey
from benchmark.records.base import SCHEMA
from benchmark.records.cohort import ceilings_beside, write_cohort_record
from benchmark.records.config import RunConfig, write_config
from benchmark.records.result import RunFacts, write_result
from benchmark.records.run_folder import finish

HEART = TaskCard(
    name="cmr_heart_failure",
    version=1,
    title="Heart failure from cardiac MR",
    question="Does this person have heart failure?",
    classes=("no heart failure", "heart failure"),
    attributes=(
        Attribute("sex", ("female", "male"), "Sex"),
        Attribute("age_band", ("under 60", "60 to 69", "70 and over"), "Age"),
        Attribute("bmi_band", ("normal weight", "overweight", "obese"), "Body mass index"),
    ),
    intersections=(("sex", "bmi_band"),),
    channels=("end-diastole", "end-systole"),
    mask_labels=("left-ventricular cavity", "myocardium", "right ventricle"),
    field_of_view_mm=None,
    main_metric="worst_group_accuracy",
    citation="The question: somebody, 2024.",
)
BRAIN = TaskCard(
    name="brain_mr_sex",
    version=1,
    title="Sex from brain MR",
    question="Is this brain a woman's or a man's?",
    classes=("female", "male"),
    attributes=(
        Attribute("age_band", ("under 40", "40 to 59", "60 and over"), "Age"),
        Attribute("volume_band", ("small", "middle", "large"), "Brain volume"),
    ),
    intersections=(("age_band", "volume_band"),),
    channels=("T1-weighted",),
    mask_labels=("CSF", "grey matter", "white matter"),
    field_of_view_mm=None,
    main_metric="worst_group_accuracy",
    citation="The question: somebody else, 2024.",
    notes="The label is sex as recorded, not gender.",
)
DIGITAL = CohortFacts(
    kind="digital",
    name="digital cohort",
    licence="Apache-2.0 (generated images)",
    citation="Equipoise digital cohort, version 1",
    caveats="Made from published means and spreads; nobody's body is in it.",
)


@dataclass(frozen=True)
class FakeMethod:
    """A method that is right about most people and wrong about those with a penalty."""

    name: str
    kind: str = "baseline"
    skill: float = 2.4  # distance of the two classes' mean logits
    penalty: float = 1.2  # logits taken from the rare cells
    groups_used: str = "never"
    extra_data: str = "none"
    summary: str = "One sentence that says what it does."
    fields: dict = field(default_factory=dict)
    code: str = "a"  # another letter, another version of the code


METHODS = (
    FakeMethod("erm", summary="Plain training: every image counts the same."),
    FakeMethod("group_resampling", penalty=0.55, groups_used="train", fields={"limit": 20.0}),
    FakeMethod("class_resampling", penalty=1.0),
    FakeMethod("group_undersampling", skill=2.0, penalty=0.5, groups_used="train"),
    FakeMethod("group_reweighting", penalty=0.6, groups_used="train", fields={"limit": 20.0}),
    FakeMethod(
        "group_dro",
        skill=2.3,
        penalty=0.5,
        groups_used="train",
        fields={"step_size": 0.05, "limit": 20.0},
        summary="The loss is a weighted sum of the cells' losses; cells that do badly gain weight.",
    ),
    FakeMethod("dfr", skill=2.45, penalty=0.65, groups_used="train"),
    FakeMethod("controlnet_synthesis", "method", skill=2.7, penalty=0.3, groups_used="train"),
    FakeMethod("oracle", "control", skill=2.9, penalty=0.05, extra_data="digital_cohort"),
    FakeMethod("majority_class", "control", skill=0.0, penalty=0.0),
    FakeMethod("erm_same_compute", "control", skill=2.5, penalty=1.15),
)
FEW = ("erm", "class_resampling", "group_undersampling", "dfr", "oracle", "majority_class")
FEW_METHODS = tuple(m for m in METHODS if m.name in (*FEW, "erm_same_compute"))
HOSTILE = FakeMethod(
    "<script>alert(1)</script>",
    "method",
    skill=1.2,
    summary='</script><img src=x onerror=alert(2)> & "quotes" {{ 7 * 7 }}',
    fields={"path": "'><script>"},
)
LONG = FakeMethod(
    "a_method_with_a_name_that_goes_on_and_on_for_longer_than_any_column_is_wide",
    "method",
    skill=2.2,
    penalty=0.9,
)


def people(card: TaskCard, per_cell: int, prefix: str) -> pd.DataFrame:
    """Return per_cell people for every combination of label and attribute values."""
    values = [card.classes, *(a.values for a in card.attributes)]
    columns = ["label", *(a.name for a in card.attributes)]
    table = pd.DataFrame([c for c in product(*values) for _ in range(per_cell)], columns=columns)
    names = [f"{prefix}-{row:05d}" for row in range(len(table))]
    table.insert(0, "patient_id", names)
    table.insert(0, "image_id", names)
    return table


def predictions(
    card: TaskCard,
    method: FakeMethod,
    seed: int,
    without: dict | None = None,
    per_cell: int | None = None,
) -> pd.DataFrame:
    """Make up val and test probabilities; people that match `without` are left out of test.

    per_cell: test patients of each combination of label and attribute values.
    """
    usual = 25 if len(card.attributes) > 2 else 50
    rng = np.random.default_rng([seed, zlib.crc32(repr(method).encode())])
    shared = np.random.default_rng(seed)  # the same hard patients for every method
    parts = []
    for split, number in (("val", 6), ("test", per_cell or usual)):
        table = people(card, number, f"{split}-{seed}")
        positive = (table["label"] == card.classes[1]).to_numpy()
        first, last = card.attributes[0], card.attributes[-1]
        odd = (table[first.name] == first.values[0]).to_numpy() * 0.6
        odd = odd + (table[last.name] == last.values[0]).to_numpy() * 0.6
        noise = 0.8 * shared.normal(size=len(table)) + 0.6 * rng.normal(size=len(table))
        logit = method.skill * (positive - 0.5) + (noise - method.penalty * odd) * (
            method.skill > 0
        )
        table.insert(2, "split", split)
        table["probability_1"] = 1 / (1 + np.exp(-1.4 * logit))
        table["probability_0"] = 1 - table["probability_1"]
        parts.append(table)
    table = pd.concat(parts, ignore_index=True)
    for column, value in (without or {}).items():
        table = table[(table[column] != value) | (table["split"] == "val")]
    return table.reset_index(drop=True)


def config(card: TaskCard, method: FakeMethod, seed: int) -> dict:
    """Return config.json as the engine writes it."""
    row = f"{zlib.crc32(repr((card.name, method)).encode()):08x}"
    return {
        "schema": SCHEMA,
        "run": f"{method.name}/quick-seed-{seed}-{row}",
        "row": row,
        "task": {"name": card.name, "version": card.version, "source": "0f0f"},
        "card": card.as_dict(),
        "cohort_facts": DIGITAL.as_dict(),
        "variant": {
            "name": "severity-1",
            "knobs": {"severity": 1.0, "label_noise": 0.0},
        },
        "method": {
            "name": method.name,
            "kind": method.kind,
            "origin": "folder",
            "groups_used": method.groups_used,
            "extra_data": method.extra_data,
            "trains_generator": False,
            "fields": method.fields,
            "summary": method.summary,
            "source": method.code * 8,
        },
        "seed": seed,
        "preset": {
            "name": "quick",
            "description": "small networks and small images",
            "source": {"image_size": 64, "train": 1500, "val": 500, "test": 900},
            "classifier": {
                "backbone": "test_resnet",
                "steps": 360,
                "batch_size": 32,
                "learning_rate": 1e-3,
                "weight_decay": 1e-4,
                "evaluations": 5,
            },
            "run": {"seeds": [0, 1], "time_limit_minutes": 10, "threads": 1},
        },
        "cohort": "cohort-1a2b3c4d",
        "source": {"kind": "digital", "name": "digital cohort"},
        "engine": "e1e1",
        "environment": {
            "python": "3.11.2",
            "torch": "2.15.0",
            "device": "cpu",
            "precision": "float32",
            "commit": "0123456789ab",
        },
    }


def write_run(
    root: Path,
    card: TaskCard,
    method: FakeMethod,
    seed: int,
    *,
    error: str | None = None,
    finished: str = "2026-11-20T10:00:00+00:00",
    without: dict | None = None,
    changes: dict | None = None,
) -> Path:
    """Write one run folder, finished or (with an error) failed, and return it.

    changes: what config.json holds instead of the usual.
    """
    values = {**config(card, method, seed), **(changes or {})}
    folder = method.name.replace("/", "_")
    target = root / card.name / "severity-1" / folder / values["run"].rsplit("/", 1)[1]
    partial = target.with_name(target.name + ".partial")
    partial.mkdir(parents=True)
    write_config(partial, RunConfig.model_validate_json(json.dumps(values)))
    if error is None:
        table = predictions(card, method, seed, without)
        table.to_parquet(partial / "predictions.parquet")
        seconds = {"load": 1.0, "fit": 11.0 + seed, "predict": 0.6, "score": 0.4}
        facts = RunFacts(
            seconds=seconds,
            steps=360,
            standard_loop=True,
            fingerprint=f"fp{seed}",
            finished=finished,
        )
        write_result(partial, card, facts, ceilings_beside(partial, values["cohort"], card))
    finish(partial, target, error=error)
    return target


def write_matrix(root: Path, methods: tuple[FakeMethod, ...] = METHODS) -> Path:
    """Write both tasks x methods x 2 seeds, with one failure and one seed that is missing."""
    for card in (HEART, BRAIN):
        write_cohort(root / card.name / "severity-1" / "cohort-1a2b3c4d", card)
    for card, method, seed in product((HEART, BRAIN), (*methods, HOSTILE, LONG), (0, 1)):
        if (card.name, method.name, seed) == ("cmr_heart_failure", "class_resampling", 1):
            continue
        failed = method.name == "group_undersampling" and card is BRAIN
        error = "RuntimeError: <b>out of memory</b>\n\nTraceback ..." if failed else None
        minute = f"2026-11-20T10:{seed:02d}:00+00:00"
        write_run(root, card, method, seed, error=error, finished=minute)
    # A later version of the code, in one seed so far: it stands in the older one's place.
    newer = replace(methods[0], code="b")
    for seed in (0, 1):
        write_run(root, HEART, newer, seed, finished="2026-11-21T09:00:00+00:00")
    return root


def write_cohort(folder: Path, card: TaskCard, facts: CohortFacts = DIGITAL) -> None:
    """Write cohort.json with skewed counts and, of a digital cohort, a grey picture per cell."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    counts = [
        {"split": split, **row, "n": int(rng.gamma(0.6, 1500 / (2 * 18)))}
        for split in ("train", "val")
        for row in people(card, 1, "p").drop(columns=["image_id", "patient_id"]).to_dict("records")
    ]
    pictures = []
    for attribute in card.attributes if facts.digital else ():
        for value, label in product(attribute.values, card.classes):
            name = f"{attribute.name}-{len(pictures)}.png"
            shape = (64, 64 * len(card.channels))
            (folder / name).write_bytes(grey_png(_blob(shape, rng)))
            entry = {"attribute": attribute.name, "value": value, "label": label, "file": name}
            pictures.append(entry)
    ceilings = {
        ScoreKey("cell_accuracy", (attribute.name,), (value,), label): 0.95
        for attribute in (card.attributes if facts.digital else ())
        for value, label in product(attribute.values, card.classes)
    }
    write_cohort_record(folder, card, facts, counts, pictures, ceilings)


def _blob(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    radius = np.hypot(x % 64 - 32, (y - 32) * 1.1)
    grey = 150 * (radius < 24) - 90 * (radius < 15) + 12 * rng.normal(size=shape) + 30
    return np.clip(grey, 0, 255).astype(np.uint8)


def grey_png(pixels: np.ndarray) -> bytes:
    """Encode (height, width) uint8 as a grey PNG file."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )
