"""What a run is asked to be, refused before any work where it cannot be."""

from pathlib import Path

import pytest

from benchmark.api.variant import Variant
from benchmark.planning.fields import CheckFailed
from benchmark.planning.resolve import resolve
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.settings import load_preset


def test_a_share_of_women_is_refused_where_sex_is_no_attribute(tmp_path):
    spec = RunSpec(
        "brain_mr_sex", "erm", Variant(women=0.2), 0, load_preset("quick"), cache=tmp_path
    )
    with pytest.raises(ValueError, match=r"women is 0\.2.* no attribute sex.*--prevalence 0\.8"):
        resolve(spec)


def test_a_share_of_women_is_part_of_what_a_run_is():
    asked = [
        RunSpec("cmr_heart_failure", "erm", Variant(women=w), 0, load_preset("quick"))
        for w in (None, 0.2)
    ]
    usual, few = map(resolve, asked)
    assert few["variant"]["women"] == 0.2 and usual["row"] != few["row"]


def test_a_mistake_in_a_methods_check_is_said_with_its_place(write_method):
    path = write_method("mine", "return Half()")
    lines = Path(path).read_text() + "    def check(self, card):\n        self.targt\n"
    Path(path).write_text(lines)
    spec = RunSpec("cmr_heart_failure", path, Variant(), 0, load_preset("quick"))
    with pytest.raises(CheckFailed, match=r"AttributeError: .*'targt' \(mine\.py, line \d+\)"):
        resolve(spec)


def test_knobs_are_refused_for_a_table_cohort(tmp_path):
    spec = RunSpec("cmr_heart_failure", "erm", Variant(women=0.2), 0, load_preset("quick"))
    spec = RunSpec(**{**vars(spec), "data": tmp_path})
    with pytest.raises(ValueError, match="knobs turn digital cohorts only"):
        resolve(spec)
