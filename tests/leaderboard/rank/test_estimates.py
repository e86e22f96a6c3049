from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.api.scores import Score, ScoreKey
from benchmark.metrics.seed_noise import SeedNoise
from leaderboard.rank.estimates import estimate_scores
from leaderboard.read.score_table import table_of


@pytest.mark.parametrize(("steps", "moved"), [(None, True), (240, True), (0, False)])
def test_only_a_run_that_says_it_took_no_steps_is_moved_by_no_seed(steps, moved):
    score = Score(ScoreKey("auroc"), 0.6, 10, low=0.6, high=0.6)
    run = SimpleNamespace(facts=SimpleNamespace(steps=steps), table=table_of([score]), seed=0)
    draws = {"auroc": {("t", "fp0"): np.full(9, 0.6)}}
    noises = {"auroc": SeedNoise(0.01, 5, 0.01, 5)}
    found = estimate_scores(SimpleNamespace(done=[run]), draws, noises)[ScoreKey("auroc")]
    assert (found.high - found.low > 0.01) == moved
