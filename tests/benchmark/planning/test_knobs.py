"""`--knob NAME=VALUE`: read, multiplied out, and refused before any work where a task lacks it."""

from types import SimpleNamespace

import pytest

from benchmark.api.variant import Knob, Knobs, Variant
from benchmark.planning.knobs import read_knobs, variants_of

SEVERITY, WOMEN = Knob("severity", "Bias.", 0, 1.5, 1), Knob("women", "Share.", 0.01, 0.99, 0.5)


def task(name, *knobs, **hints):
    return SimpleNamespace(card=SimpleNamespace(name=name), knobs=Knobs(knobs, hints))


HEARTS = task("hearts", SEVERITY, WOMEN)
BRAINS = task("brains", SEVERITY, women="Sex is the label: set prevalence.")


def test_several_values_of_a_knob_make_several_settings():
    words = ["severity=0", "severity=0.5", "women=0.2", "severity=0"]
    expected = [{"severity": 0, "women": 0.2}, {"severity": 0.5, "women": 0.2}]
    assert read_knobs(words) == expected


def test_no_knob_is_one_setting():
    assert read_knobs([]) == [{}]


def test_everything_that_is_no_setting_is_refused_at_once():
    with pytest.raises(
        ValueError, match=r"(?s)--knob severity: .*--knob women=many: .*--knob =1: "
    ):
        read_knobs(["severity", "women=many", "=1"])
    with pytest.raises(ValueError, match="write NAME=NUMBER"):
        read_knobs(["severity=nan"])


def test_a_variant_is_made_for_every_task_and_setting():
    tasks = {"hearts": HEARTS, "brains": BRAINS}
    first, second = variants_of(tasks, ["severity=0", "severity=1"])
    assert {name: variant.name for name, variant in first.items()} == {
        "hearts": "severity-0",
        "brains": "severity-0",
    }
    assert second["hearts"] == HEARTS.knobs.variant()


def test_a_knob_that_only_some_tasks_have_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match="brains: There is no knob 'women'") as refused:
        variants_of({"brains": BRAINS, "hearts": HEARTS}, ["women=0.2", "severity=9"])
    brains, *others = str(refused.value).splitlines()
    assert "Sex is the label: set prevalence." in brains
    assert brains.endswith("Name the task that has it: --task hearts.")
    assert others == [
        "brains: severity is 9; allowed: 0 to 1.5.",
        "hearts: severity is 9; allowed: 0 to 1.5.",
    ]


def test_a_folder_of_patients_has_no_knobs(tmp_path):
    assert variants_of({"hearts": HEARTS}, [], tmp_path) == [{"hearts": Variant()}]
    with pytest.raises(ValueError, match=r"--knob women=0\.2: .*their bias is what it is"):
        variants_of({"hearts": HEARTS}, ["women=0.2"], tmp_path)
