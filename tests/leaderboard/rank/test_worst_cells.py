from types import SimpleNamespace

from benchmark.api.scores import Score, ScoreKey
from leaderboard.rank.worst_cells import headline_cells, worst_cells
from leaderboard.read.score_table import table_of


def run(card, lowest, value=0.1):
    """Make a run that is right half the time, but not in one cell; of no cell of intersections."""
    scores = [Score(ScoreKey("worst_group_accuracy"), 0.0, 9)]
    cells = headline_cells(card)
    scores += [Score(key, value if key == cells[lowest] else 0.5, 9) for key in cells]
    crossed = ScoreKey("cell_accuracy", ("age_band", "volume_band"), ("a", "b"), "male")
    return SimpleNamespace(table=table_of([*scores, Score(crossed, 0.0, 9)]))


def row(*runs):
    return SimpleNamespace(done=runs)


def test_each_seed_has_its_own_worst_cell_of_one_attribute(fake):
    found = worst_cells(fake.BRAIN, row(run(fake.BRAIN, 3), run(fake.BRAIN, 7)))
    cells = headline_cells(fake.BRAIN)
    assert found == (cells[3], cells[7])


def test_nobody_knows_where_a_cell_is_undefined_or_no_run_is_finished(fake):
    runs = run(fake.BRAIN, 3), run(fake.BRAIN, 7, None)
    assert worst_cells(fake.BRAIN, row(*runs)) == ()
    assert worst_cells(fake.BRAIN, row()) == ()
