from tests.docs.pages import ROOT


def test_the_readme_has_at_most_80_lines():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 80
