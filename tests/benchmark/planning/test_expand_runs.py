"""A task of one folder brings its own knobs; nothing else has to learn of them."""

import pytest

from benchmark.cohorts.facts import cohort_facts
from benchmark.conformance.toy_preset import TOY_PRESET
from benchmark.discovery.find import locate
from benchmark.discovery.load import load_task
from benchmark.planning import expand_runs
from benchmark.planning.expand_runs import expand
from benchmark.planning.resolve import resolve
from benchmark.planning.seeds import SeedChoice

TASK = """
import dataclasses
from benchmark import Knob, Knobs, task
from benchmark.cohorts.toy import ToyTask

TOY = ToyTask()

@task
class Mine:
    card = dataclasses.replace(TOY.card, name="mine")
    {facts}

    def load(self, source, variant, seed):
        return TOY.load(source, TOY.knobs.variant(site_shift=variant["brightness"]), seed)

    def prompt(self, row):
        return TOY.prompt(row)
"""
DIGITAL = 'digital, knobs = TOY.digital, Knobs((Knob("brightness", "Of test.", 0, 1, 0),))'


@pytest.fixture
def write_task(tmp_path):
    def write(facts):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "task.py").write_text(TASK.format(facts=facts))
        return str(tmp_path / "mine")

    return write


def runs_of(task, *knobs):
    return expand(
        preset=TOY_PRESET, tasks=[task], methods=["majority_class"], seeds=SeedChoice((0,)),
        settings=[], knobs=knobs, data=None, device="cpu",
    )  # fmt: skip


def test_a_knob_of_a_task_reaches_its_images_and_the_identity_of_the_run(write_task):
    path = write_task(DIGITAL)
    dark, bright = runs_of(path, "brightness=0", "brightness=1")
    assert [run.variant.name for run in (dark, bright)] == ["brightness-0", "brightness-1"]
    task = load_task(locate(path, "task"))
    light = [task.load(run.source, run.variant, 0).test.images.mean() for run in (dark, bright)]
    assert light[1] > light[0] + 0.05
    assert resolve(dark).row != resolve(bright).row


def test_a_knob_of_another_task_is_none_of_this_one(write_task):
    with pytest.raises(ValueError, match=r"no knob 'severity'\. Knobs: brightness \(0 to 1\)"):
        runs_of(write_task(DIGITAL), "severity=0")


def test_a_task_without_a_digital_cohort_needs_a_folder_of_patients(write_task, tmp_path):
    path = write_task("")
    (run,) = runs_of(path)
    with pytest.raises(ValueError, match=r"mine has no digital cohort.*--cohort FOLDER"):
        resolve(run)
    assert cohort_facts(load_task(locate(path, "task")), tmp_path).kind == "table"


def test_knobs_without_a_digital_cohort_are_a_mistake_of_the_task(write_task):
    path = write_task('knobs = Knobs((Knob("brightness", "Of test.", 0, 1, 0),))')
    with pytest.raises(LookupError, match=r"it declares knobs, .* and no digital"):
        runs_of(path)


def test_a_wrong_knob_is_refused_before_any_method_is_imported(write_task, monkeypatch):
    def slow(**_):
        raise AssertionError("methods were imported first")

    monkeypatch.setattr(expand_runs, "default_methods", slow)
    with pytest.raises(ValueError, match="brightness is 2; allowed: 0 to 1"):
        expand(
            preset=TOY_PRESET, tasks=[write_task(DIGITAL)], methods=None, seeds=SeedChoice((0,)),
            settings=[], knobs=["brightness=2"], data=None, device="cpu",
        )  # fmt: skip
