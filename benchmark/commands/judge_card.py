"""Says the card of an official judge in lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmark.records.judge_card import JudgeCard

ALL = "all"


def card_lines(card: JudgeCard) -> Iterator[str]:
    """Say what the judge is, how it was made and how well it reads."""
    recipe = card.recipe
    yield f"Judge {card.digest[:8]} of {card.task}, version {card.task_version}"
    yield f"reads images of {card.image_size} pixels; larger ones are averaged down"
    yield f"made by `{recipe.command}` on {recipe.date}, {recipe.computed_with}"
    yield f"new patients: {_said(recipe.patients)}"
    yield f"steps: {_said(recipe.steps)}"
    yield ""
    yield "Right in held-out patients"
    for name, quality in card.quality.items():
        yield f"  {name}: {_shares(quality.accuracy)}"
    together = card.quality[ALL]
    yield f"  calibration error of all: {_shares(together.calibration_error)}"
    for title, parts in (
        ("In every look", together.by_look),
        ("In every group", together.by_group),
        ("In every cell", together.by_cell),
    ):
        yield ""
        yield f"{title}, all together"
        yield from (f"  {name}: {_shares(columns)}" for name, columns in parts.items())
    yield ""
    if card.dice:
        yield f"Dice of masks: {_numbers(card.dice)}"
        yield f"in every look: {_numbers(card.dice_by_look)}"
    yield f"An image lies nearest to its own prompt: {card.prompt_found:.1%}"


def _said(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in counts.items())


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in shares.items())


def _numbers(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {number:.3f}" for name, number in numbers.items())
