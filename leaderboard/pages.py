"""From standings to HTML: the first screen, and the page of a board."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from leaderboard.page_sections import board_view
from leaderboard.rank.standings import Standing
from leaderboard.read.boards import Board
from leaderboard.tables.overview import facts, presets
from leaderboard.words.glossary import ranking_terms
from leaderboard.words.mix_glossary import GENERATION_TERMS, MIX_TERMS

Terms = tuple[str, str]  # a term and its explanation
MOST_UNREADABLE = 20  # run folders that are named on the page; more are counted


@dataclass(frozen=True)
class Site:
    """Everything that the pages are made of.

    scores: a sentence or two that say when the scores were computed. unreadable: why run folders
    could not be read; they are on no page. without_generation: why the judge's numbers of other
    runs could not be read. unfinished: which runs are still to come, in a sentence; empty: none.
    """

    boards: Sequence[Board]
    scores: str
    unreadable: Sequence[str] = ()
    without_generation: Sequence[str] = ()
    unfinished: str = ""

    def first_screen(self, cards: Sequence[Mapping[str, Any]]) -> str:
        """Render index.html: what there is, and the first rows of every board.

        cards: what board_card says of each board.
        """
        return self._render(
            "index.html",
            home="index.html",
            pages=self._links("boards/", None),
            boards=[
                {
                    **card,
                    "apart": apart_words(board),
                    "link": f"boards/{board.slug}.html",
                }
                for board, card in zip(self.boards, cards, strict=True)
            ],
            facts=facts(self.boards, sum(card["not_run"] for card in cards)),
            unreadable=self.unreadable[:MOST_UNREADABLE],
            unreadable_count=len(self.unreadable),
            without_generation=self.without_generation[:MOST_UNREADABLE],
            without_generation_count=len(self.without_generation),
            presets=presets(self.boards),
        )

    def board_page(self, board: Board, standings: Sequence[Standing]) -> str:
        """Render the page of one board."""
        view = {
            **board_view(board, standings, self.boards),
            "absent": _absent(board, self.boards),
            "apart": apart_words(board),
            "subtitle": subtitle(board, self.boards),
        }
        return self._render(
            "board_page.html",
            home="../index.html",
            pages=self._links("", board),
            board=view,
            glossary=_glossary(view),
        )

    def _links(self, folder: str, here: Board | None) -> list[dict[str, Any]]:
        return [
            {
                "title": board.card.title,
                "subtitle": subtitle(board, self.boards),
                "link": f"{folder}{board.slug}.html",
                "here": board is here,
            }
            for board in self.boards
        ]

    def _render(self, template: str, **values: Any) -> str:
        script = _static("page.js")
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        return self._environment.get_template(template).render(
            scores=self.scores,
            unfinished=self.unfinished,
            style=Markup(_static("page.css")),
            script=Markup(script),
            script_hash=f"sha256-{digest}",
            **values,
        )

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=PackageLoader("leaderboard"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["breakable"] = breakable
        environment.filters["options"] = options
        return environment


def _glossary(board: Mapping[str, Any]) -> list[tuple[str, Sequence[Terms]]]:
    """Return the terms of every table of a board's page, under its heading."""
    sections: list[tuple[str, Sequence[Terms]]] = [("Ranking", ranking_terms())]
    if board["generation"]:
        sections.append(("What the generators draw", GENERATION_TERMS))
    if board["group_mix"]:
        sections.append(("Which groups the generators draw", MIX_TERMS))
    return sections


def breakable(name: str) -> Markup:
    """Escape a name and let a line end after each underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def options(words: str) -> Markup:
    """Escape a text and mark its options as code, so that no line ends inside "--rescore"."""
    return Markup(re.sub(r"--[a-z][a-z-]*", r"<code>\g<0></code>", str(escape(words))))


def _static(name: str) -> str:
    return resources.files("leaderboard").joinpath("static", name).read_text(encoding="utf-8")


def subtitle(board: Board, boards: Sequence[Board]) -> str:
    """Say how a board differs from the others of the same task."""
    siblings = [b for b in boards if b.card.name == board.card.name]
    words: list[tuple[str, set[Any]]] = [
        (f"version {board.card.version}", {b.card.version for b in siblings}),
        (str(board.variant.name).replace("_", ", "), {b.variant.name for b in siblings}),
        (board.preset.name, {b.preset.name for b in siblings}),
        (board.facts.name, {json.dumps(b.source.plain(), sort_keys=True) for b in siblings}),
    ]
    differing = [word for word, kinds in words if len(kinds) > 1]
    return ", ".join([*differing, *apart_words(board)])


def apart_words(board: Board) -> list[str]:
    """Say what a board's names do not: the kind of its seeds, and settings that others have not.

    A board whose seeds are for choosing settings always says so.
    """
    words = ["development seeds"] * board.development
    words += [f"card {board.card_digest}"] * board.disputed
    return [*words, *board.distinct]


def _absent(board: Board, boards: Sequence[Board]) -> list[str]:
    """List methods that other boards of the same preset have and this one lacks."""
    names = {r.name for b in boards if b.preset.name == board.preset.name for r in b.rows}
    return sorted(names - {row.name for row in board.rows})
