"""docs/guides/read_the_leaderboard.md explains every part of the page."""

import re
from pathlib import Path

import pytest

from leaderboard.tables.columns import COLUMNS
from leaderboard.words import row_marks

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "read_the_leaderboard.md").read_text(encoding="utf-8").lower()
TEMPLATES = sorted((ROOT / "leaderboard" / "templates").glob("*.html"))
HEADINGS = {
    heading
    for path in TEMPLATES
    for heading in re.findall(r"<h[23] [^>]*>([^<{]+)</h[23]>", path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("column", [c for c in COLUMNS if c.key != "method"], ids=lambda c: c.key)
def test_every_column_is_explained(column):
    row = next((line for line in GUIDE.splitlines() if _names(line, column.title.lower())), "")
    assert row, f"{column.title} is in no line of the guide's tables"


def _names(line, title):
    """Whether the first cell of a table's line names a column."""
    return line.startswith("| ") and title in [
        part.strip() for part in line.split("|")[1].split(", ")
    ]


@pytest.mark.parametrize("heading", sorted(HEADINGS))
def test_every_section_is_explained(heading):
    assert heading.lower() in GUIDE


def test_every_mark_is_explained():
    source = Path(row_marks.__file__).read_text(encoding="utf-8")
    marks = re.findall(r'Mark\(\s*"([a-z ]+)', source)
    assert len(marks) >= 6
    assert [mark for mark in marks if f"| {mark}" not in GUIDE] == []
