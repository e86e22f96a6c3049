"""The rows that a method must beat are spelt right, and the plan says which are missing."""

from pathlib import Path

import pytest

from benchmark.planning.claims import missing_rivals
from benchmark.planning.plan import plan
from benchmark.planning.resolve import resolve, run_folder


@pytest.fixture
def write_rival(write_method):
    """A method file that is to beat the given rows."""

    def write(name, *rivals):
        path = Path(write_method(name, "return Half()"))
        mark = f'groups_used="never", compare_with={rivals!r}'
        path.write_text(path.read_text().replace('groups_used="never"', mark))
        return str(path)

    return write


def finish(spec, runs):
    folder = run_folder(runs, resolve(spec))
    folder.mkdir(parents=True)
    (folder / "done").touch()


def missing(specs, runs):
    return missing_rivals([resolve(spec) for spec in specs], runs)


def test_what_a_method_must_beat_is_recorded_without_itself(make_spec, write_rival):
    mine = resolve(make_spec(write_rival("mine", "erm", "mine", "duplicate_real")))
    assert mine.method.compare_with == ("erm", "duplicate_real")
    assert resolve(make_spec("erm")).method.compare_with == ()


def test_a_misspelt_row_is_refused_with_the_nearest_name(make_spec, write_rival, tmp_path):
    spec = make_spec(write_rival("mine", "duplicate_reel"))
    with pytest.raises(ValueError, match=r"mine is to beat 'duplicate_reel'.*'duplicate_real'\?"):
        plan([spec], tmp_path / "runs")


def test_a_name_that_nothing_resembles_is_a_row_yet_to_come(make_spec, write_rival, tmp_path):
    spec = make_spec(write_rival("mine", "quite_another"))
    plan([spec], tmp_path / "runs")
    (words,) = missing([spec], tmp_path / "runs")
    assert "Add --method PATH (there is no method called 'quite_another' here)" in words


def test_a_row_of_ones_own_in_the_same_plan_is_known(make_spec, write_rival, tmp_path):
    specs = [make_spec(write_rival("mine", "ermm")), make_spec(write_rival("ermm", "erm"))]
    plan(specs, tmp_path / "runs")
    assert [words.split()[0] for words in missing(specs, tmp_path / "runs")] == ["ermm"]


def test_a_row_to_beat_that_is_neither_planned_nor_finished_is_named(make_spec, tmp_path):
    (words,) = missing([make_spec("group_dro")], tmp_path)
    assert words.startswith("group_dro must beat erm, which is neither in this plan nor finished")
    assert words.endswith("Add --method erm.")


def test_a_row_to_beat_in_the_plan_is_not_missing(make_spec, tmp_path):
    assert missing([make_spec("group_dro"), make_spec("erm")], tmp_path) == []


def test_a_row_to_beat_must_have_finished_with_the_same_seed(make_spec, tmp_path):
    finish(make_spec("erm"), tmp_path)
    assert missing([make_spec("group_dro")], tmp_path) == []
    assert len(missing([make_spec("group_dro", seed=1)], tmp_path)) == 1


def test_a_control_claims_nothing(make_spec, tmp_path):
    assert missing([make_spec("majority_class")], tmp_path) == []
