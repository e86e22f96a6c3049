import re

from benchmark.commands.methods import runs_by_default
from benchmark.discovery import find
from tests.docs.pages import ROOT

README = ROOT / "README.md"


def test_the_readme_has_at_most_80_lines():
    assert len(README.read_text().splitlines()) <= 80


def test_the_readme_counts_what_runs_by_default():
    counts = re.search(r"(\d+) tasks x \((\d+) methods and (\d+) controls\)", README.read_text())
    default = [one for one in find.find_methods().values() if runs_by_default(one)]
    controls = [one for one in default if one.kind == "control"]
    expected = (len(find.find_tasks()), len(default) - len(controls), len(controls))
    assert tuple(map(int, counts.groups())) == expected
