"""What a run is asked to be, refused before any work where it cannot be."""

from pathlib import Path

import pytest

from benchmark.planning.fields import CheckFailed
from benchmark.planning.resolve import resolve
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.load import load_preset
from tasks.cmr_heart_failure.task import CmrHeartFailure

KNOBS = CmrHeartFailure.knobs


def test_a_share_of_women_is_part_of_what_a_run_is():
    asked = [
        RunSpec("cmr_heart_failure", "erm", variant, 0, load_preset("quick"))
        for variant in (KNOBS.variant(), KNOBS.variant(women=0.2))
    ]
    usual, few = map(resolve, asked)
    assert few.variant.knobs["women"] == 0.2 and usual.row != few.row


def test_a_mistake_in_a_methods_check_is_said_with_its_place(write_method):
    path = write_method("mine", "return Half()")
    lines = Path(path).read_text() + "    def check(self, card):\n        self.targt\n"
    Path(path).write_text(lines)
    spec = RunSpec("cmr_heart_failure", path, KNOBS.variant(), 0, load_preset("quick"))
    with pytest.raises(CheckFailed, match=r"AttributeError: .*'targt' \(mine\.py, line \d+\)"):
        resolve(spec)
