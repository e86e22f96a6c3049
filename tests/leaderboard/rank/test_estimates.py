from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.api.scores import Score, ScoreKey
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_noise import seed_pool
from leaderboard.rank.estimates import draws_of, estimate_rows
from leaderboard.read.boards import collect
from leaderboard.read.score_table import table_of

AUROC = ScoreKey("auroc")


def board_row(steps, values):
    """A row of one score per seed, as the page reads it, and its draws, which nothing moves."""
    runs = [
        SimpleNamespace(
            facts=SimpleNamespace(steps=steps),
            table=table_of([Score(AUROC, value, 10, low=value, high=value)]),
            seed=seed,
        )
        for seed, value in enumerate(values)
    ]
    draws = {seed: np.full(9, value) for seed, value in enumerate(values)}
    return SimpleNamespace(done=runs, seeds=tuple(draws)), draws


@pytest.mark.parametrize(("steps", "moved"), [(None, True), (240, True), (0, False)])
def test_only_a_run_that_says_it_took_no_steps_is_moved_by_no_seed(steps, moved):
    board = [board_row(steps, (0.6, 0.6)), board_row(9, (0.6, 0.7)), board_row(9, (0.6, 0.8))]
    draws = [{AUROC: RowDraws(f"m{i}", of)} for i, (_, of) in enumerate(board)]
    found = estimate_rows([row for row, _ in board], draws)[0][AUROC]
    assert (found.high - found.low > 0.01) == moved


def test_settings_of_one_method_count_once_in_the_pool(fake, tmp_path):
    sweep = [fake.FakeMethod("dfr", fields={"strength": k}) for k in range(4)]
    for method in (fake.METHODS[0], *sweep):
        for seed in (0, 1):
            fake.write_run(tmp_path, fake.BRAIN, method, seed)
    (board,) = collect(tmp_path).boards
    pool = seed_pool([draws_of(row)[AUROC] for row in board.rows])
    assert pool.methods == ("dfr", "erm")
