from benchmark.api.scores import Score, ScoreKey
from leaderboard.read.score_table import table_of

SCORES = (
    Score(ScoreKey("worst_group_accuracy"), 0.5, 40, None, 0.4, 0.6, "female, heart failure"),
    Score(ScoreKey("auroc", ("sex",), ("male",)), None, 12, 0, None, None, "no positive"),
)


def test_scores_come_back_as_they_were():
    assert table_of(SCORES).scores() == SCORES


def test_no_scores_are_an_empty_table():
    assert table_of(()).scores() == ()


def test_other_addresses_have_another_digest():
    assert table_of(SCORES).keys.digest != table_of(SCORES[::-1]).keys.digest
