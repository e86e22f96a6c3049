from types import SimpleNamespace

from benchmark.api.scores import Score, ScoreKey
from leaderboard.rank.worst_cells import worst_cells
from leaderboard.read.score_table import table_of


def key(value, label="ill", attributes=("sex",)):
    return ScoreKey("cell_accuracy", attributes, (value,) * len(attributes), label)


def run(**accuracies):
    scores = [Score(ScoreKey("worst_group_accuracy"), 0.1, 9)]
    scores += [Score(key(name), value, 9) for name, value in accuracies.items()]
    scores.append(Score(key("both", attributes=("sex", "age")), 0.0, 9))
    return SimpleNamespace(table=table_of(scores))


def row(*runs):
    return SimpleNamespace(done=runs)


def test_each_seed_has_its_own_worst_cell_of_one_attribute():
    found = worst_cells(row(run(female=0.4, male=0.6), run(female=0.7, male=0.5)))
    assert found == (key("female"), key("male"))


def test_nobody_knows_where_a_cell_is_undefined_or_no_run_is_finished():
    assert worst_cells(row(run(female=0.4, male=0.6), run(female=None, male=0.5))) == ()
    assert worst_cells(row()) == ()
