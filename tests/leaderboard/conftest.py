import importlib.util
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from leaderboard.build import build


def _load(name: str) -> ModuleType:
    """Import a file beside this one; test folders are no packages."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    """The factory of run folders."""
    return _load("fake_runs")


KINDS = "baseline|method|control"  # the word that follows a method's name
VOID = {"meta", "link", "img", "input", "br", "wbr"}  # HTML elements that have no end tag


def _classes(attributes):
    return (attributes.get("class") or "").split()


def _column(attributes):
    if "detail" in _classes(attributes):
        return "detail"
    return next(
        (c.removeprefix("col-") for c in _classes(attributes) if c.startswith("col-")), None
    )


class Page(HTMLParser):
    """A page as a reader sees it: all tags, all words, and for every row the words per column."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.words, self.rows = [], [], {}
        self._open = []  # (tag, attributes) from the outermost in
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append((tag, dict(attributes)))

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        opened, _ = self._open.pop()
        assert opened == tag

    def handle_data(self, data):
        words = " ".join(data.split())
        inside = [tag for tag, _ in self._open]
        if not words or "script" in inside or "style" in inside:
            return
        self.words.append(words)
        row = next((a["id"] for _, a in self._open if "row" in _classes(a)), None)
        column = next((c for _, a in self._open if (c := _column(a))), None)
        if row and column:
            self.rows.setdefault(row, {}).setdefault(column, []).append(words)

    def row(self, board: str, name: str) -> dict[str, str]:
        """Return the words of each column of the row of that method."""
        found = [
            {column: " ".join(words) for column, words in row.items()}
            for key, row in self.rows.items()
            if key.startswith(board)
            and re.match(rf"{re.escape(name)}({KINDS})", "".join(row["method"]))
        ]
        assert len(found) == 1, [row["method"] for row in self.rows.values()]
        return found[0]


@pytest.fixture(scope="session")
def built(fake, tmp_path_factory) -> SimpleNamespace:
    """The whole fake matrix, built once."""
    root = tmp_path_factory.mktemp("matrix")
    runs = fake.write_matrix(root / "runs", fake.FEW_METHODS)
    index = build(runs, root / "out")
    text = whole_text(index)
    results = json.loads((root / "out" / "results.json").read_text())
    return SimpleNamespace(
        runs=runs, index=index, pages=pages_of(index), text=text, page=Page(text), results=results
    )


def pages_of(index: Path) -> list[Path]:
    """Return the first screen and the pages of all boards."""
    return [index, *sorted((index.parent / "boards").glob("*.html"))]


def whole_text(index: Path) -> str:
    """Return the text of all pages, one after another."""
    return "".join(path.read_text(encoding="utf-8") for path in pages_of(index))


@pytest.fixture
def read_page():
    """Read all pages of a site as a reader sees them, given its first screen."""
    return lambda index: Page(whole_text(index))
