"""Every link of the documentation leads somewhere, and every page is reached by one."""

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, links, name_of

OUTSIDE = ("http://", "https://", "mailto:")


def targets(page):
    return [link for link in links(page.read_text()) if not link.startswith(OUTSIDE)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_of_a_page_resolves(page):
    broken = []
    for link in targets(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(link)
    assert not broken


def test_every_page_and_picture_is_linked_from_another_page():
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in targets(page)
        if link.partition("#")[0]
    }
    docs = [path for path in (ROOT / "docs").rglob("*") if path.suffix in (".md", ".png")]
    assert not [name_of(path) for path in docs if path not in linked]


def test_an_anchor_is_found_as_github_writes_it():
    assert anchors("# Who may import what?\n\n## `a_b` and c\n") == {
        "who-may-import-what",
        "a_b-and-c",
    }
