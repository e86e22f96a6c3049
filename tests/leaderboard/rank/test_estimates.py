from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.api.scores import Score, ScoreKey
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_noise import seed_pool
from leaderboard.rank.estimates import draws_of, estimate_scores, seed_pools
from leaderboard.read.boards import collect
from leaderboard.read.score_table import table_of

AUROC = ScoreKey("auroc")


@pytest.mark.parametrize(("steps", "moved"), [(None, True), (240, True), (0, False)])
def test_only_a_run_that_says_it_took_no_steps_is_moved_by_no_seed(steps, moved):
    runs = [
        SimpleNamespace(
            facts=SimpleNamespace(steps=steps),
            table=table_of([Score(AUROC, 0.6, 10, low=0.6, high=0.6)]),
            seed=seed,
        )
        for seed in (0, 1)
    ]
    draws = {AUROC: RowDraws("own", {0: np.full(9, 0.6), 1: np.full(9, 0.6)})}
    others = [(name, {0: 0.6, 1: 0.6 + apart}) for name, apart in (("a", 0.1), ("b", 0.2))]
    pools = {AUROC: seed_pool([("own", {0: 0.6, 1: 0.6}), *others])}
    found = estimate_scores(SimpleNamespace(done=runs), draws, pools)[AUROC]
    assert (found.high - found.low > 0.01) == moved


def test_settings_of_one_method_count_once_in_the_pool(fake, tmp_path):
    sweep = [fake.FakeMethod("dfr", fields={"strength": k}) for k in range(4)]
    for method in (fake.METHODS[0], *sweep):
        for seed in (0, 1):
            fake.write_run(tmp_path, fake.BRAIN, method, seed)
    (board,) = collect(tmp_path).boards
    assert seed_pools([draws_of(row) for row in board.rows])[AUROC].methods == ("dfr", "erm")


def test_controls_are_not_pooled():
    runs = {0: np.array([0.5]), 1: np.array([0.6])}
    rows = [{AUROC: RowDraws(name, runs, name != "oracle")} for name in ("a", "b", "oracle")]
    assert seed_pools(rows)[AUROC].methods == ("a", "b")
