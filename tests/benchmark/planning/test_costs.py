"""What a plan will cost, before and after anything of it was timed."""

import dataclasses

import pytest

from benchmark.discovery.find import find_methods
from benchmark.planning import plan, probe
from benchmark.planning.costs import STARTING, Costs, multiples
from benchmark.planning.plan_report import plan_cost
from benchmark.records.run_folder import find_runs
from benchmark.running import driver

BY_PROBE = ", by a probe of this machine and a table of relative costs: no run of toy has"


@pytest.fixture
def planned(make_spec, tmp_path):
    return plan.plan([make_spec(seed=100), make_spec(seed=101)], tmp_path / "runs")


def test_a_matrix_that_nobody_timed_is_priced_by_table_and_probe(planned):
    words = plan_cost(planned, Costs(erm=600.0 / multiples()["majority_class"]), 1)
    assert "2 runs, 2 to do: about 20.1 minutes with 1 at a time" + BY_PROBE in words
    assert "counts as" not in words


def test_one_run_is_not_shared_out_to_several_workers(planned):
    words = plan_cost(planned[:1], Costs(erm=600.0 / multiples()["majority_class"]), 4)
    assert "about 10.0 minutes with 4 at a time" in words


def test_a_method_that_is_not_in_the_table_is_named(make_spec, write_method, tmp_path):
    mine = write_method("mine", "return Half()")
    words = plan_cost(plan.plan([make_spec(mine)], tmp_path / "runs"), Costs(erm=60.0), 1)
    assert words.count("mine counts as erm, because it was never timed") == 1


def test_finished_runs_beat_the_table_and_nothing_is_probed(planned, make_spec, tmp_path):
    driver.run_matrix(planned[:1], tmp_path / "runs")
    (record,) = find_runs(tmp_path / "runs")
    both = plan.plan([make_spec(seed=100), make_spec(seed=101)], tmp_path / "runs")
    costs = probe.costs_here(both, tmp_path / "runs", measure=True)
    spent = sum(record.result.run.seconds.values()) + STARTING
    assert costs.seconds(both[1].config) == pytest.approx(spent)
    assert costs.erm is None
    words = plan_cost(both, costs, 1)
    assert "2 runs, 1 to do: about 0.1 minutes with 1 at a time. Device" in words


def test_a_machine_is_probed_once(planned, tmp_path, monkeypatch):
    assert probe.costs_here(planned, tmp_path / "runs").erm is None  # nothing is remembered
    found = probe.costs_here(planned, tmp_path / "runs", measure=True).erm
    assert 0 < found < 60
    monkeypatch.setattr(probe, "_probe", lambda spec, device: pytest.fail("probed again"))
    assert probe.costs_here(planned, tmp_path / "runs").erm == found
    (planned[0].spec.cache / probe.MEMORY).write_text("{")  # cut off: it is measured again
    monkeypatch.setattr(probe, "_probe", lambda spec, device: 7.0)
    assert probe.costs_here(planned, tmp_path / "runs", measure=True).erm == 7.0


def test_another_preset_is_probed_on_its_own(planned, make_spec):
    other = dataclasses.replace(planned[0].spec.preset.classifier, steps=99)
    spec = make_spec(preset=dataclasses.replace(planned[0].spec.preset, classifier=other))
    assert probe._key(spec, "cpu") != probe._key(planned[0].spec, "cpu")


def test_the_table_names_methods_that_are_there():
    assert set(multiples()) <= set(find_methods())
