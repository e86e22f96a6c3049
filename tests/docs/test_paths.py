"""Every file that the documentation or the code names in words is there."""

import re

import pytest

from tests.docs.pages import PAGES, ROOT, name_of

ROOMS = ("benchmark", "tasks", "baselines", "methods", "leaderboard", "tests", "docs")
WRITTEN = rf"`((?:{'|'.join(ROOMS)})/[\w./*-]*)`"
CODE = [p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py"))]
BY_THE_READER = ("methods/my_method.py", "methods/test_my_method.py")


def exists(path):
    return path in BY_THE_READER or any(ROOT.glob(path.rstrip("/")))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_file_that_a_page_names_is_there(page):
    named = re.findall(WRITTEN, page.read_text())
    assert not [path for path in named if not exists(path) and "NAME" not in path]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_name_that_a_page_places_in_a_file_is_defined_there(page):
    text = page.read_text()
    placed = [(name, file) for name, file in re.findall(r"`(\w+)` in `([\w/]+\.py)`", text)]
    placed += [(name, file) for file, name in re.findall(r"`([\w/]+\.py)`, `(\w+)`", text)]
    missing = [
        (name, file)
        for name, file in placed
        if not re.search(rf"^(def|class)? ?{name}\b", (ROOT / file).read_text(), flags=re.M)
    ]
    assert not missing


def test_a_page_that_the_code_names_is_there():
    named = {
        (name_of(path), page)
        for path in CODE
        for page in re.findall(r"docs/[\w/]+\.md", path.read_text())
    }
    assert not [pair for pair in sorted(named) if not (ROOT / pair[1]).is_file()]
