"""What the page says about a cohort: its facts, its pictures, and who is in it how often."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from itertools import product
from typing import Any

from benchmark.api.card import Attribute, TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.support.words import counted
from leaderboard.read.boards import Board, Cohort

MOST_COLUMNS = 9  # of a count table; attributes beyond that go into the rows
STEPS = (1, 10, 30, 100)  # images from which a count is b1, b2, ...; fewer: b0
RARE = 10  # images; a cell with fewer is framed


def facts(board: Board) -> list[tuple[str, str]]:
    """List what is known about the task and its cohort."""
    card = board.card
    listed = [
        ("Classes", ", ".join(card.classes)),
        *((a.title, ", ".join(a.values)) for a in card.attributes),
        ("Image", f"{counted(len(card.channels), 'channel')}: {', '.join(card.channels)}"),
    ]
    if board.facts.digital:
        listed.append(("Digital cohort", _sizes(board)))
    else:
        listed.append(("Patients", f"the folder {board.facts.name}"))
    return listed


def _sizes(board: Board) -> str:
    """Say how many images there are; before any is counted, test has at least what was asked."""
    sizes = board.preset.source
    counted = sum(int(cell["n"]) for cell in board.cohort.counts if cell["split"] == "test")
    test = f"{counted:,}" if counted else f"at least {sizes.test:,}"
    return (
        f"{sizes.train:,} training, {sizes.val:,} validation and {test} test images of "
        f"{sizes.image_size} × {sizes.image_size} pixels"
    )


def terms(card: TaskCard, cohort: CohortFacts) -> list[tuple[str, str]]:
    """List what one must know before using or quoting the cohort, as far as it is known."""
    listed = [
        ("Label and groups", _as_it_is(card.notes)),
        ("How far to trust these images", _alone(cohort.caveats)),
        ("Licence", cohort.licence),
        ("Citation", cohort.citation),
        ("The question is from", card.citation),
    ]
    return [(term, text) for term, text in listed if text]


def _as_it_is(notes: str) -> str:
    """Say what holds for this version: what older versions were like stands in the task's docs."""
    now = re.split(r" (?=In version \d)", notes)[0]
    words = re.sub(r"^Version \d+: ", "", now)
    return f"{words[:1].upper()}{words[1:]}"


def _alone(words: str) -> str:
    """Leave out pointers to files of the project, which a page sent by mail does not have."""
    return re.sub(r" \(see docs/[^)]*\)", "", words)


def settings(board: Board) -> list[str]:
    """Name what was set for a board: knobs of a digital cohort, preset, cohort."""
    words = str(board.variant.name).replace("_", ", ").replace("-", " ")
    if (severity := board.variant.knobs.get("severity")) is not None:
        words += f" ({severity_words(severity)})"
    named = [board.preset.name, board.facts.name]
    return [words, *named] if board.facts.digital else named


def severity_words(severity: float) -> str:
    """Say how strong the bias of training and validation patients is, as the knob's help does."""
    if severity == 0:
        return "no association of label and groups"
    times = {0.5: "", 1.0: "twice "}.get(severity, f"{2 * severity:g} times ")
    selection = "" if severity == 1 else f"{severity:g} times "
    return (
        f"{times}the association of label and groups seen in life, and {selection}the training "
        "hospital's own selection of patients"
    )


def without_pictures(cohort: CohortFacts) -> str:
    """Say why a cohort is shown without pictures."""
    if cohort.digital:
        return "No pictures of this cohort were exported."
    return "Pictures of a table cohort stay in their folder; only counts are shown."


def picture_strip(card: TaskCard, cohort: Cohort) -> list[dict[str, Any]]:
    """Arrange the pictures: a block per attribute, a column per value, a row per label."""
    found = {(p.attribute, p.value, p.label): p for p in cohort.pictures}
    blocks = []
    for attribute in card.attributes:
        if not any(p.attribute == attribute.name for p in cohort.pictures):
            continue
        lines = []
        for label in card.classes:
            pictures = []
            for value in attribute.values:
                picture = found.get((attribute.name, value, label))
                pictures.append(
                    picture
                    and {
                        "source": f"data:image/png;base64,{base64.b64encode(picture.png).decode()}",
                        "alt": f"{label}, {value}",
                    }
                )
            lines.append({"label": label, "pictures": pictures})
        blocks.append({"title": attribute.title, "across": attribute.values, "rows": lines})
    return blocks


def commonest_and_rarest(
    card: TaskCard, cohort: Cohort
) -> tuple[int, tuple[str, int], tuple[str, int]] | None:
    """Return all training images, then the fullest and the emptiest cell in words, with images."""
    counts = _train_counts(card, cohort)
    if not sum(counts.values()):
        return None
    most, fewest = (choose(counts, key=lambda cell: counts[cell]) for choose in (max, min))
    return (
        sum(counts.values()),
        (", ".join(most), counts[most]),
        (", ".join(fewest), counts[fewest]),
    )


def _train_counts(card: TaskCard, cohort: Cohort) -> dict[tuple[str, ...], int]:
    """Count training images of every cell, label first, also of cells that nobody is in."""
    names = ["label", *(a.name for a in card.attributes)]
    counts = dict.fromkeys(product(card.classes, *(a.values for a in card.attributes)), 0)
    for entry in cohort.counts:
        if entry["split"] == "train":
            counts[tuple(str(entry[name]) for name in names)] += int(entry["n"])
    return counts


def count_table(card: TaskCard, cohort: Cohort, facts: CohortFacts) -> dict[str, Any] | None:
    """Lay out the training images per cell; None if the cohort was not exported."""
    counts = _train_counts(card, cohort)
    if not sum(counts.values()):
        return None
    across = _across(card.attributes)
    down = card.attributes[: len(card.attributes) - len(across)]
    columns = list(product(*(a.values for a in across)))
    lines = list(product(card.classes, *(a.values for a in down)))
    seeds = ", counted in one cohort; another seed draws other people" if facts.digital else ""
    return {
        "title": "Training images per cell",
        "story": f"{sum(counts.values()):,} images{seeds}. "
        "Methods fail where there is little to learn from.",
        "stubs": 1 + len(down),
        "headers": [_header(across, level) for level in range(len(across))],
        "rows": [
            {
                "stubs": _stubs(lines, k),
                "cells": [_count_cell((*line, *column), counts) for column in columns],
            }
            for k, line in enumerate(lines)
        ],
    }


def _across(attributes: Sequence[Attribute]) -> Sequence[Attribute]:
    """Take as many attributes, from the last, as fit side by side (one at least)."""
    width, taken = 1, 0
    for attribute in reversed(attributes):
        if taken and width * len(attribute.values) > MOST_COLUMNS:
            break
        width, taken = width * len(attribute.values), taken + 1
    return attributes[len(attributes) - taken :]


def _header(across: Sequence[Attribute], level: int) -> list[tuple[str, int]]:
    repeats, span = 1, 1
    for attribute in across[:level]:
        repeats *= len(attribute.values)
    for attribute in across[level + 1 :]:
        span *= len(attribute.values)
    return [(value, span) for _ in range(repeats) for value in across[level].values]


def _stubs(lines: Sequence[tuple[str, ...]], k: int) -> list[tuple[str, int]]:
    """Name a row by the values that change there, each with the number of rows it holds for."""
    stubs = []
    for level in range(len(lines[k])):
        same = [line[: level + 1] == lines[k][: level + 1] for line in lines]
        if same.index(True) == k:
            stubs.append((lines[k][level], sum(same)))
    return stubs


def _count_cell(cell: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> dict[str, Any]:
    n = counts[cell]
    tone = f"b{sum(n >= step for step in STEPS)}"
    return {"n": n, "tone": tone, "rare": n < RARE, "title": f"{', '.join(cell)}: {n} images"}
