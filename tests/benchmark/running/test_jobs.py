"""Which job is next: in order, one cohort at a time, no run before its cohort."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmark.running.jobs import Job, Outcome, WaitingLine

A, B = Path("a"), Path("b")


def run(name, cohort, generator=False):
    method = SimpleNamespace(name=name, trains_generator=generator)
    return Job(None, SimpleNamespace(method=method), Path(name), cohort)


def patients(cohort):
    return Job(None, SimpleNamespace(), Path(f"patients-{cohort}"), cohort, prepares=True)


class Engine:
    """Begins what it can and ends what it is told to end."""

    def __init__(self, jobs, parallel):
        self.line, self.running = WaitingLine(jobs, parallel), []
        self.fill()

    def fill(self):
        while job := self.line.next(self.running):
            self.running.append(job)

    def end(self, name, error=None):
        job = next(job for job in self.running if str(job.partial) == name)
        self.running.remove(job)
        outcomes = self.line.end(Outcome(job, error))
        self.fill()
        return {str(one.job.partial): one.error for one in outcomes}

    @property
    def names(self):
        return [str(job.partial) for job in self.running]


def test_a_run_begins_once_its_cohort_is_there_beside_the_next_cohort():
    jobs = [patients(A), run("one", A), patients(B), run("two", B), run("three", A)]
    engine = Engine(jobs, 2)
    assert engine.names == ["patients-a"]  # the other core helps to make it
    engine.end("patients-a")
    assert engine.names == ["one", "patients-b"]
    engine.end("one")
    assert engine.names == ["patients-b", "three"]  # no core waits for b
    engine.end("patients-b")
    assert engine.names == ["three", "two"]


def test_a_cohort_is_made_when_its_first_run_is_next_and_no_sooner():
    jobs = [run("one", A), run("two", A), run("three", A), patients(B), run("four", B)]
    engine = Engine(jobs, 2)
    assert engine.names == ["one", "two"]
    engine.end("two")
    assert engine.names == ["one", "three"]
    engine.end("three")
    assert engine.names == ["one", "patients-b"]


def test_one_run_at_a_time_as_on_a_gpu_leaves_cores_to_make_the_next_cohort():
    engine = Engine([run("one", A), run("two", A), patients(B), run("three", B)], 1)
    assert engine.names == ["one", "patients-b"]
    engine.end("one")
    assert engine.names == ["patients-b", "two"]


def test_without_its_cohort_no_run_can_begin_and_the_rest_goes_on():
    engine = Engine([patients(A), run("one", A), run("two", A), patients(B), run("three", B)], 2)
    ended = engine.end("patients-a", "MemoryError: no room\n\nTraceback")
    assert list(ended) == ["patients-a", "one", "two"]
    words = "NoCohort: the patients of this run could not be prepared. MemoryError: no room"
    assert ended["one"].splitlines()[0] == ended["two"].splitlines()[0] == words
    assert engine.names == ["patients-b"]
    engine.end("patients-b")
    assert engine.names == ["three"]
    assert not engine.line


def test_runs_that_share_a_generator_wait_until_one_has_trained_it():
    jobs = [run("base", A, True), run("tuned", A, True), run("other", B, True), run("erm", A)]
    engine = Engine(jobs, 3)
    assert engine.names == ["base", "other", "erm"]
    engine.end("erm")
    assert engine.names == ["base", "other"]
    engine.end("base")
    assert engine.names == ["other", "tuned"]


@pytest.mark.parametrize("error", [None, "RuntimeError: no"])
def test_what_became_of_a_run_is_its_own(error):
    engine = Engine([run("one", A), run("two", A)], 1)
    assert engine.end("one", error) == {"one": error}
    assert engine.names == ["two"]
