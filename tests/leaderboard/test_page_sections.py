import copy
from types import SimpleNamespace

import pytest

from leaderboard.build import build
from leaderboard.page_sections import _as_placed, _how_many
from leaderboard.pages import options
from leaderboard.rank.means import Estimate
from leaderboard.tables.context import Context


def test_a_row_with_other_seeds_is_drawn_where_it_is_placed():
    """Its own mean of 0.6 is over easy seeds; it is placed by 0.5."""
    row = SimpleNamespace(headline=Estimate(0.6, 0.55, 0.7), placed_by=0.5)
    found = _as_placed(row)
    assert [round(v, 6) for v in (found.value, found.low, found.high)] == [0.5, 0.45, 0.6]
    assert _as_placed(SimpleNamespace(headline=Estimate(None), placed_by=None)).value is None


def test_an_option_is_code_and_the_rest_is_escaped():
    assert options("<b> with --rescore.") == "&lt;b&gt; with <code>--rescore</code>."


@pytest.mark.parametrize(
    ("seeds", "common", "fewest", "most", "words"),
    [
        ((5,), 5, 5, 5, "5"),
        ((3, 5), 5, 3, 5, "3 or 5"),
        ((), 4, 2, 4, "2 to 4"),
        ((5,), 5, 3, 5, "3 to 5"),
    ],
)
def test_the_caption_says_over_how_many_seeds_means_are(seeds, common, fewest, most, words):
    context = Context(None, 5, common, None, seeds=seeds, fewest=fewest, most=most)
    assert _how_many(context) == words


def test_boards_of_one_preset_name_say_in_their_headings_what_differs(fake, tmp_path):
    erm, other = fake.METHODS[:2]
    fake.write_run(tmp_path / "runs", fake.BRAIN, erm, 100)
    preset = copy.deepcopy(fake.config(fake.BRAIN, other, 100)["preset"])
    preset["classifier"]["steps"] = 999
    fake.write_run(tmp_path / "runs", fake.BRAIN, other, 100, changes={"preset": preset})
    index = build(tmp_path / "runs", tmp_path / "out")
    pages = [path.read_text() for path in sorted((tmp_path / "out" / "boards").glob("*.html"))]
    for steps in (360, 999):
        eyebrow = f"<span>development seeds</span> <span>classifier.steps {steps}</span></p>"
        title = f"<title>Sex from brain MR, development seeds, classifier.steps {steps} ·"
        assert index.read_text().count(eyebrow) == 1
        assert sum(eyebrow in page and title in page for page in pages) == 1
