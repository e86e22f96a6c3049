"""Which method should one use? The best honest answer that a board allows, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.metrics.comparisons import Claim, Comparison
from benchmark.metrics.power import MOST_SEEDS, seeds_needed
from benchmark.support.words import counted, listed
from leaderboard.rank.standings import Standing
from leaderboard.read.boards import REFERENCE, Board
from leaderboard.words.verdicts import limits_words, percent_points, verdict_words

NO_ANSWER = "Which method should you use? There is no answer yet:"
ONE_SEED = (
    f"{NO_ANSWER} with one seed there is no significance test, because another training of the "
    "same method may turn out differently. Make five."
)


def unbeaten(standing: Standing) -> list[Claim]:
    """Return the comparisons that a method declared to win and has not won."""
    return [claim for claim in standing.claims if claim.verdict != "better"]


def is_proven(standing: Standing) -> bool:
    """Say whether a method is better than ERM and than all that it declared to beat."""
    gain = standing.gain
    return gain is not None and gain.verdict == "better" and not unbeaten(standing)


def only_method(standings: Sequence[Standing]) -> str:
    """Say that a board has one method with results, which cannot be compared; else empty."""
    names = [s.label for s in standings if s.row.done and not s.is_control]
    return f"There is one method here, {names[0]}: run another." if len(names) == 1 else ""


def which_method(standings: Sequence[Standing], place: str = "") -> str:
    """Answer in a sentence or two; empty where there is nothing to compare.

    place: what the answer is valid for, from place_of.
    """
    compared = [s for s in standings if not s.is_control and s.gain]
    contestants = [s for s in compared if _is_placed(s)]
    if not contestants:
        alone = only_method(standings)
        return f"Which method should you use? {alone}" if alone else ""
    if all(s.gain is not None and s.gain.seeds < 2 for s in contestants):
        return ONE_SEED
    proven = [s for s in contestants if is_proven(s)]
    if proven:
        return _recommended(min(proven, key=lambda s: s.place or 0), proven, place)
    better = [s for s in compared if s.gain and s.gain.verdict == "better"]
    placed = [s for s in better if _is_placed(s)]
    if placed:
        return f"{NO_ANSWER} {_not_yet(max(placed, key=_size))}"
    if better:
        return f"{NO_ANSWER} {_not_whole(better)}"
    return _no_answer([s for s in contestants if s.gain and s.gain.seeds > 1])


def place_of(board: Board) -> str:
    """Say what an answer of a board is valid for: its settings and its kind of patients."""
    if not board.facts.digital:
        return "on these patients"
    return f"on this board (preset {board.preset.name}, digital patients)"


def _recommended(best: Standing, proven: Sequence[Standing], place: str) -> str:
    gain = best.gain
    assert gain is not None  # a proven method has one
    rivals = [claim.against for claim in best.claims if claim.against != REFERENCE]
    beside = f" and than {listed(rivals)}, which it declared to beat" if rivals else ""
    here = f"{place[:1].upper()}{place[1:]}, of those compared" if place else "Of those compared"
    words = (
        f"Which method should you use? {here}, {best.label}: significantly "
        f"better than ERM ({percent_points(gain.difference)} points, 95 % CI {limits_words(gain)})"
        f"{beside}."
    )
    mates = [s.label for s in proven if s is not best and s.tier == best.tier]
    if mates:
        words += f" In the same tier and better than ERM too: {listed(mates)}."
    if "digital" in place:
        words += " For other patients and other settings this board does not decide."
    return words


def _is_placed(standing: Standing) -> bool:
    return standing.complete and standing.place is not None


def _size(standing: Standing) -> float:
    return standing.gain.difference if standing.gain else 0.0


def _not_whole(better: Sequence[Standing]) -> str:
    """Say that only rows that lack runs are better."""
    names = listed([s.label for s in better])
    verb = "is" if len(better) == 1 else "are"
    return f"{names} {verb} significantly better than ERM, but not with all seeds that others have."


def _no_answer(contestants: Sequence[Standing]) -> str:
    """Say what comes closest, and how many seeds would settle it; none is better than ERM."""
    closest = max(contestants, key=_size)
    gain = closest.gain
    if gain is None or gain.difference <= 0:
        return f"{NO_ANSWER} no method has a higher worst-group accuracy than plain training (ERM)."
    return (
        f"{NO_ANSWER} no method is significantly better than ERM. The closest is "
        f"{closest.label} ({percent_points(gain.difference)} points){more_seeds(gain)}."
    )


def _not_yet(standing: Standing) -> str:
    """Say what a method that beats ERM has still to beat."""
    lacking = unbeaten(standing)
    compared = [claim for claim in lacking if claim.seeds]
    words = [verdict_words(claim, claim.against) for claim in compared]
    words += [f"not compared with {claim.against}" for claim in lacking if not claim.seeds]
    closing = ""
    only = compared[0] if len(compared) == 1 else None
    if only and only.verdict == "not significant" and only.difference > 0:
        closing = f" ({percent_points(only.difference)} points{more_seeds(only)})"
    return (
        f"{standing.label} is significantly better than ERM, but {listed(words)}{closing}, so "
        "what is its own has not been shown to help."
    )


def more_seeds(found: Comparison) -> str:
    """Say how many more seeds would show a difference of the size found, if it is real.

    Begins with a colon; empty where no more seeds should be needed.
    """
    needed = seeds_needed(found)
    if needed is None:
        return f": a gain of this size would not be shown with {MOST_SEEDS} seeds either"
    more = needed - found.seeds
    if more < 1:
        return ""
    return f": about {counted(more, 'more seed')} would show a gain of this size, if it is real"


def oracle_words(standings: Sequence[Standing]) -> str:
    """Say how much room there is between ERM and the oracle; empty without an oracle."""
    oracle = next((s for s in standings if s.row.name == "oracle"), None)
    if oracle is None or oracle.gain is None or oracle.gain.seeds < 2:
        return ""
    gain, who = oracle.gain, "the oracle (plain training on a cohort without bias)"
    points = f"{percent_points(gain.difference)} points"
    if gain.verdict == "better":
        return f"There is room: {who} is significantly better than ERM ({points})."
    if gain.verdict == "not significant" and gain.difference > 0:
        return f"Even {who} is not significantly better than ERM here ({points}){more_seeds(gain)}."
    return f"There is no room to see: {who} is not better than ERM here ({points})."
