"""Plain English: words and turns that a reader has to learn first are not used."""

import re

import pytest

from tests.docs.pages import PAGES, ROOT, name_of, without_code

PRIVATE = (
    r"\bwhom\b",
    r"\btold from\b",
    r"\bas many of\b",
    r"\bjur(y|ies|or|ors)\b(?!-)",  # "juror-2" is the name of a random stream
    r"\byardsticks?\b",
    r"\bheld against\b",
    r"\bsaid (of|by)\b",
)
SOURCES = [
    path
    for room in ("benchmark", "tasks", "baselines", "methods", "leaderboard", "tests", "docs")
    for kind in ("py", "html", "js", "toml")
    for path in sorted((ROOT / room).rglob(f"*.{kind}"))
    if path.name != "test_words.py"
]


def private_words(text):
    return [match[0] for word in PRIVATE for match in re.finditer(word, text, flags=re.I)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_is_in_plain_english(page):
    assert not private_words(without_code(page.read_text()))


def test_code_help_and_page_are_in_plain_english():
    found = {name_of(path): private_words(path.read_text()) for path in SOURCES}
    assert not {name: words for name, words in found.items() if words}
