"""The pages of the documentation, and what the tests of them read."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
if (ROOT / "CHANGELOG.md").exists():
    PAGES.append(ROOT / "CHANGELOG.md")


def name_of(page: Path) -> str:
    """Name a page by its place in the repository."""
    return page.relative_to(ROOT).as_posix()


def without_code(text: str) -> str:
    """Take code blocks and code in a line out of a page."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))


def links(text: str) -> list[str]:
    """List the targets of a page's links and pictures."""
    return re.findall(r"\]\(([^)\s]+)\)", without_code(text))


def anchors(text: str) -> set[str]:
    """Name the headings of a page as GitHub links to them."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    headings = re.findall(r"^#+ +(.+)$", prose, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def code_blocks(text: str, language: str = "") -> Iterator[str]:
    """Yield the code blocks of one language."""
    for block in re.finditer(r"^```(\w*)\n(.*?)^```", text, flags=re.S | re.M):
        if block[1] == language:
            yield block[2]
