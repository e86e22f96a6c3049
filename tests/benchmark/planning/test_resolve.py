"""What a run is asked to be, refused before any work where it cannot be."""

import dataclasses
from pathlib import Path

import pytest

from benchmark.planning import fields, identity
from benchmark.planning.fields import CheckFailed
from benchmark.planning.resolve import resolve
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.load import load_preset
from benchmark.presets.settings import Preset
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


def with_new_patients(path):
    """Let a method file declare that it makes new patients."""
    text = Path(path).read_text()
    mark = 'groups_used="never", extra_data="digital_cohort"'
    Path(path).write_text(text.replace('groups_used="never"', mark))


def test_only_controls_may_make_new_patients(write_method, make_spec):
    path = write_method("mine", "return Half()")
    with_new_patients(path)
    with pytest.raises(ValueError, match=r"mine declares extra_data.*Only controls may: move"):
        resolve(make_spec(path))
    assert resolve(make_spec("oracle")).method.extra_data == "digital_cohort"


def written_into(monkeypatch, *names):
    """Change files of the engine by name, as their digests see it."""
    for digest in ("code_digest", "file_digest"):
        real = getattr(identity, digest)

        def changed(path, real=real):
            return real(path) + "x" * (path.name in names)

        monkeypatch.setattr(identity, digest, changed)


def asked(make_spec, method="controlnet_synthesis", **others):
    return dataclasses.replace(make_spec(method), **others)


def preset_with(make_spec, section, **values):
    whole = make_spec().preset.as_dict()
    whole[section] |= values
    return Preset.from_dict(whole)


@pytest.mark.parametrize(
    ("section", "values", "counts"),
    [
        ("source", {"train": 120}, True),
        ("classifier", {"steps": 24}, True),
        ("generator", {"steps": 24}, True),
        ("run", {"time_limit_minutes": 2}, False),
    ],
)
def test_what_of_a_preset_changes_a_row(section, values, counts, make_spec):
    preset = preset_with(make_spec, section, **values)
    other = resolve(asked(make_spec, preset=preset)).row
    assert (other != resolve(asked(make_spec)).row) == counts


def test_a_field_of_the_method_changes_a_row(make_spec):
    usual, other = (asked(make_spec, "dfr", fields=values) for values in ({}, {"limit": 3.0}))
    assert resolve(usual).row != resolve(other).row


@pytest.mark.parametrize(
    ("changed", "method", "counts"),
    [
        ("track.py", "controlnet_synthesis", True),
        ("track.py", "erm", False),
        ("runner.py", "erm", True),
        ("predictions.py", "erm", True),
    ],
)
def test_what_code_of_the_engine_changes_a_row(changed, method, counts, make_spec, monkeypatch):
    before = resolve(asked(make_spec, method)).row
    written_into(monkeypatch, changed)
    assert (resolve(asked(make_spec, method)).row != before) == counts


def test_the_card_changes_a_row_wherever_it_is_computed(make_spec, monkeypatch):
    before, task = resolve(make_spec()).row, fields.build_task(make_spec())
    task.card = dataclasses.replace(task.card, classes=("ill", "well"))
    monkeypatch.setattr("benchmark.planning.resolve.build_task", lambda spec: task)
    assert resolve(make_spec()).row != before


def test_a_knob_changes_a_row(make_spec):
    knobs = fields.build_task(make_spec()).knobs
    other = knobs.variant(**{knobs.declared[0].name: knobs.declared[0].low})
    assert resolve(asked(make_spec, variant=other)).row != resolve(asked(make_spec)).row
