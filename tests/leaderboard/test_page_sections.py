from types import SimpleNamespace

from leaderboard.page_sections import _as_placed
from leaderboard.pages import options
from leaderboard.rank.means import Estimate


def test_a_row_with_other_seeds_is_drawn_where_it_is_placed():
    """Its own mean of 0.6 is over easy seeds; it is placed by 0.5."""
    row = SimpleNamespace(headline=Estimate(0.6, 0.55, 0.7), placed_by=0.5)
    found = _as_placed(row)
    assert [round(v, 6) for v in (found.value, found.low, found.high)] == [0.5, 0.45, 0.6]
    assert _as_placed(SimpleNamespace(headline=Estimate(None), placed_by=None)).value is None


def test_an_option_is_code_and_the_rest_is_escaped():
    assert options("<b> with --rescore.") == "&lt;b&gt; with <code>--rescore</code>."
