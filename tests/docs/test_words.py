"""Plain English: words and turns that a reader has to learn first are not used."""

import re

import pytest

from tests.docs.pages import PAGES, name_of, without_code

PRIVATE = (
    r"\bwhom\b",
    r"\btold from\b",
    r"\bas many of\b",
    r"\bjur(y|ies|or|ors)\b",
    r"\bhold(s)? .{0,40} against\b",
    r"\bsaid of\b",
    r"\bfilling\b",
)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_is_in_plain_english(page):
    text = without_code(page.read_text())
    found = [match[0] for word in PRIVATE for match in re.finditer(word, text, flags=re.I)]
    assert not found
