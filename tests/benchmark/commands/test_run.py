from pathlib import Path

import pytest

from benchmark.commands.run import _next_command


@pytest.mark.parametrize(
    ("cohort", "command"),
    [
        (None, "equipoise leaderboard --runs runs"),
        (Path("my patients"), "equipoise leaderboard --runs runs --cohort 'my patients'"),
    ],
)
def test_the_next_command_compares_labels_with_ones_own_folder(cohort, command):
    assert _next_command(Path("runs"), cohort) == command
