"""Which seeds a plan runs: those of the command or the preset's, and never both kinds at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmark.api.seeds import FIRST_DEVELOPMENT_SEED, is_development
from benchmark.presets.settings import RunSettings

LAST_BOARD_SEED = FIRST_DEVELOPMENT_SEED - 1
MOST_SEEDS = 1000  # in one range: a slip of the keyboard must not fill the memory
SEEDS_FORM = "0-4, or 0,1,2, or 0-2,5"
KINDS = f"board seeds (0 to {LAST_BOARD_SEED}) and development seeds ({FIRST_DEVELOPMENT_SEED} on)"


@dataclass(frozen=True)
class SeedChoice:
    """What a command says of seeds; where it names none, the preset's number of seeds counts."""

    given: tuple[int, ...] | None = None  # by --seeds
    development: bool = False  # development seeds instead of the preset's own

    def of(self, run: RunSettings, *, trains_generator: bool) -> list[int]:
        """Return the seeds of one method: a preset may have fewer for costly ones."""
        if self.given is not None:
            return list(self.given)
        own = run.seeds_of(trains_generator=trains_generator)
        return development_seeds(len(own)) if self.development else own


def development_seeds(n: int) -> list[int]:
    """Return the first n development seeds."""
    return list(range(FIRST_DEVELOPMENT_SEED, FIRST_DEVELOPMENT_SEED + n))


def read_seeds(text: str | None, *, development: bool = False) -> SeedChoice:
    """Read "0,1,2", "0-4" or "0-2,5"; None means the preset's own.

    Raises ValueError for what cannot be run.
    """
    if text is None:
        return SeedChoice(development=development)
    given = tuple(sorted({seed for part in text.split(",") for seed in _read_part(part, text)}))
    if development and not all(map(is_development, given)):
        raise ValueError(
            f"--development takes seeds from {FIRST_DEVELOPMENT_SEED} on, and --seeds is {text!r}. "
            "Leave one of the two out."
        )
    refuse_mixed(given, "--seeds")
    return SeedChoice(given)


def _read_part(part: str, text: str) -> range:
    """Read one number, or two with a hyphen between: both ends count."""
    first, hyphen, last = (word.strip() for word in part.partition("-"))
    ends = [first, last] if hyphen else [first, first]
    if not all(re.fullmatch(r"[0-9]{1,9}", end) for end in ends):
        raise ValueError(f"--seeds is {text!r}; give whole numbers from 0 on: {SEEDS_FORM}.")
    low, high = map(int, ends)
    if high < low:
        raise ValueError(f"--seeds is {text!r}; {part.strip()} runs backwards: write {high}-{low}.")
    if high - low >= MOST_SEEDS:
        raise ValueError(
            f"--seeds is {text!r}; {part.strip()} are {high - low + 1:,} seeds, and "
            f"{MOST_SEEDS:,} are the most that one command takes."
        )
    return range(low, high + 1)


def refuse_mixed(seeds: Iterable[int], where: str) -> None:
    """Raise ValueError if board seeds and development seeds stand together."""
    every = sorted(set(seeds))
    board = [seed for seed in every if not is_development(seed)]
    development = [seed for seed in every if is_development(seed)]
    if board and development:
        raise ValueError(
            f"{where} mixes {KINDS}: {_listed(board)} and {_listed(development)}. What is chosen "
            "on a seed must not be reported on it: give two commands, one with "
            f"--seeds {_listed(development)} to choose settings, one with --seeds "
            f"{_listed(board)} for the board."
        )


def development_note(
    seeds: Iterable[int], tried: Sequence[str] = (), *, own_patients: bool = False
) -> str:
    """Say in a line that a plan runs on development seeds, and why; empty if it does not.

    tried: settings by which the plan came to development seeds of itself.
    own_patients: it runs on a table cohort, whose test patients are the same for every seed.
    """
    every = sorted(set(seeds))
    if not every or not is_development(every[0]):
        return ""
    why = f", because --set tries {', '.join(tried)}" if tried else ""
    of_seeds = "seed" if len(every) == 1 else "seeds"
    words = (
        f"Development {of_seeds} {_listed(every)}{why}: choose settings on these; they get a board "
        f"of their own. For the board that you report, give seeds below {FIRST_DEVELOPMENT_SEED}, "
        "as in --seeds 0,1,2."
    )
    if own_patients:
        words += " The test patients of a folder are the same for every seed: choose by val alone."
    return words


def _listed(seeds: Sequence[int]) -> str:
    return ",".join(map(str, seeds))
