import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from benchmark.api.data import Split, Splits
from benchmark.api.declarations import method
from benchmark.cohorts.toy import ToyTask
from benchmark.planning.resolve import resolve
from benchmark.records.result import read_result
from benchmark.records.run_folder import read_run
from benchmark.running import predictions, runner

TASK = ToyTask()


@method(groups_used="never")
@dataclass(frozen=True)
class Spy:
    """Keeps everything it is handed, in the order it is handed over."""

    seen: tuple = ()

    def fit(self, train, val, ctx):
        log = self.seen
        log[0]["fit"] = (train, val, ctx)

        class Predictor:
            def predict_proba(self, images, *more):
                log[0].setdefault("predict", []).append((np.array(images), more))
                score = images.mean((1, 2, 3))
                return np.column_stack([1 - score, score])

        return Predictor()


@method(groups_used="train")
@dataclass(frozen=True)
class TrainSpy(Spy):
    """Sees groups in training."""


@method(groups_used="never", extra_data="digital_cohort")
@dataclass(frozen=True)
class DrawingSpy(Spy):
    """Makes new patients."""


@method(groups_used="test")
@dataclass(frozen=True)
class TestSpy(Spy):
    """Sees groups at test too."""

    __test__ = False


@dataclass(frozen=True)
class MarkedTask:
    """The toy task, with every test image, test id and test label replaced by a marked one."""

    shuffle_test_labels: bool = False

    @property
    def card(self):
        return TASK.card

    def prompt(self, row):
        return TASK.prompt(row)

    def load(self, source, variant, seed):
        splits = TASK.load(source, variant, seed)
        images = np.full_like(splits.test.images, 0.123)
        images += np.linspace(0, 0.5, len(images), dtype=np.float32)[:, None, None, None]
        table = splits.test.table.copy()
        table["patient_id"] = "MARK" + table["patient_id"]
        table["image_id"] = "MARK" + table["image_id"]
        if self.shuffle_test_labels:
            table["label"] = table["label"].sample(frac=1, random_state=1).to_numpy()
        return Splits(splits.train, splits.val, Split(images, splits.test.masks, table), "marked")


def do(method, make_spec, folder, task=None):
    folder.mkdir(exist_ok=True)
    spec = make_spec()
    card = (task or MarkedTask()).card
    config = resolve(spec).model_copy(update={"card": card})
    runner.run(task or MarkedTask(), method, spec, config, folder)
    return pd.read_parquet(folder / "predictions.parquet")


def holds(value, marked, depth=0):
    """Look for the marked test images, or the mark in a table, in anything reachable by name."""
    if isinstance(value, pd.DataFrame):
        return bool(value.astype(str).apply(lambda c: c.str.contains("MARK")).any(axis=None))
    if isinstance(value, np.ndarray) and value.ndim == 4:
        return any(np.array_equal(image, test) for image in value for test in marked[:3])
    if isinstance(value, Split):
        return any(holds(part, marked) for part in (value.images, value.masks, value.table))
    if depth == 4:
        return False
    parts = list(getattr(value, "__dict__", {}).values())
    parts += [cell.cell_contents for cell in getattr(value, "__closure__", None) or ()]
    parts += [getattr(value, name) for name in ("func", "args", "__self__") if hasattr(value, name)]
    parts += list(value) if isinstance(value, list | tuple) else []
    return any(holds(part, marked, depth + 1) for part in parts)


@pytest.mark.parametrize("kind", [Spy, TrainSpy, TestSpy, DrawingSpy])
def test_nothing_of_the_test_split_reaches_fit(kind, make_spec, tmp_path):
    log = {}
    do(kind(seen=(log,)), make_spec, tmp_path / "run")
    marked = MarkedTask().load(make_spec().source, make_spec().variant, 0).test.images
    assert holds(marked, marked)  # the search finds what is there
    assert not any(holds(thing, marked) for thing in log["fit"])


@pytest.mark.parametrize("kind", [Spy, TrainSpy])
def test_predict_is_given_images_and_nothing_else(kind, make_spec, tmp_path):
    log = {}
    do(kind(seen=(log,)), make_spec, tmp_path / "run")
    assert {more for _, more in log["predict"]} == {()}
    assert all(isinstance(images, np.ndarray) for images, _ in log["predict"])


def test_a_method_that_declares_test_is_given_attributes_but_no_labels(make_spec, tmp_path):
    log = {}
    do(TestSpy(seen=(log,)), make_spec, tmp_path / "run")
    for _, (attributes,) in log["predict"]:
        assert list(attributes.columns) == ["site"]


@pytest.mark.parametrize(("kind", "sees"), [(Spy, False), (TrainSpy, True), (TestSpy, True)])
def test_attribute_columns_are_there_only_if_declared(kind, sees, make_spec, tmp_path):
    log = {}
    do(kind(seen=(log,)), make_spec, tmp_path / "run")
    train, val, _ = log["fit"]
    assert ("site" in train.table) is ("site" in val.table) is sees


def test_shuffling_test_labels_changes_no_prediction_and_no_threshold(make_spec, tmp_path):
    first = do(Spy(seen=({},)), make_spec, tmp_path / "a", MarkedTask())
    second = do(Spy(seen=({},)), make_spec, tmp_path / "b", MarkedTask(shuffle_test_labels=True))
    assert not first["label"].equals(second["label"])
    assert first["probability_1"].equals(second["probability_1"])
    thresholds = [
        json.loads((tmp_path / name / "result.json").read_text())["threshold"] for name in "ab"
    ]
    assert thresholds[0] == thresholds[1]


def test_a_method_cannot_change_what_is_scored_by_writing_into_its_table(make_spec, tmp_path):
    @method(groups_used="never")
    @dataclass(frozen=True)
    class Vandal(Spy):
        """Writes into val."""

        def fit(self, train, val, ctx):
            val.table["label"] = "low"
            return super().fit(train, val, ctx)

    saved = do(Vandal(seen=({},)), make_spec, tmp_path / "run")
    assert set(saved.loc[saved["split"] == "val", "label"]) == {"low", "high"}


def test_new_patients_are_refused_to_a_method_that_did_not_declare_them(make_spec):
    ctx = predictions.make_context(TASK, Spy(seen=({},)), make_spec(), print)
    with pytest.raises(PermissionError, match="extra_data"):
        ctx.new_patients(TASK.card.cells(), 0)


def test_new_patients_are_made_for_a_method_that_declared_them(make_spec):
    ctx = predictions.make_context(TASK, DrawingSpy(seen=({},)), make_spec(), print)
    made = ctx.new_patients(TASK.card.cells(), 0)
    assert len(made) == len(TASK.card.cells())
    assert "site" not in made.table  # it declares "never"


@pytest.mark.parametrize(("kind", "own"), [(TrainSpy, False), (DrawingSpy, True)])
def test_only_a_control_that_makes_patients_may_bring_its_own_val(kind, own, make_spec):
    class Predictor:
        val = TASK.new_patients(TASK.card.cells(), make_spec().source, 0)

        def predict_proba(self, images):
            """Nobody asks."""

    given = TASK.load(make_spec().source, make_spec().variant, 0).val
    used = predictions.threshold_patients(Predictor(), kind(seen=({},)), given)
    assert used is (Predictor.val if own else given)


def test_what_a_method_that_sees_groups_has_cached_is_not_served_to_one_that_does_not(make_spec):
    roots = {
        predictions.make_context(TASK, kind(seen=({},)), make_spec(), print).cache.root
        for kind in (Spy, TrainSpy, TestSpy)
    }
    assert len(roots) == 3


@pytest.mark.parametrize(
    ("probability", "complaint"),
    [
        (np.zeros((3, 3)), r"returned shape \(3, 3\) for 3 images; it must be \(3, 2\)"),
        (np.full((3, 2), 0.7), r"row sums from 1.4 to 1.4. Apply a softmax"),
        (np.array([[np.nan, 1]] * 3), "numbers from 0 to 1"),
        (np.array([[-0.5, 1.5]] * 3), "values from -0.5 to 1.5"),
    ],
)
def test_impossible_probabilities_are_refused(probability, complaint):
    with pytest.raises(ValueError, match=complaint):
        predictions.checked(probability, 3, 2, Spy())


def test_the_same_seed_gives_the_same_predictions(make_spec, tmp_path):
    from baselines.erm import ERM

    runs = [do(ERM(), make_spec, tmp_path / name, TASK)["probability_1"] for name in "ab"]
    assert runs[0].equals(runs[1])


def test_another_seed_gives_other_predictions(make_spec, tmp_path):
    from baselines.erm import ERM

    (tmp_path / "run").mkdir()
    first = do(ERM(), make_spec, tmp_path / "a", TASK)["probability_1"]
    spec = replace(make_spec(), seed=1)
    runner.run(TASK, ERM(), spec, resolve(spec), tmp_path / "run")
    second = pd.read_parquet(tmp_path / "run" / "predictions.parquet")["probability_1"]
    assert not np.allclose(first, second)


def test_a_run_folder_is_read_back(make_spec, tmp_path):
    from baselines.erm import ERM

    do(ERM(), make_spec, tmp_path / "run", TASK)
    (tmp_path / "run" / "done").touch()
    record = read_run(tmp_path / "run")
    assert record.status == "done"
    assert record.result.run.steps == make_spec().preset.classifier.steps
    assert record.predictions()["split"].value_counts().to_dict() == {
        "val": 80, "test": 48, "recruited": 40
    }  # fmt: skip
    assert {"train_loss", "val_loss"} <= set(record.history().columns)
    assert any(score.key.metric == "worst_group_accuracy" for score in record.scores)


def facts_of(method, make_spec, folder):
    do(method, make_spec, folder, TASK)
    facts = read_result(folder).run
    return facts.steps, facts.standard_loop


def test_a_loop_of_ones_own_that_counts_no_steps_is_recorded_as_such(make_spec, tmp_path):
    assert facts_of(Spy(seen=({},)), make_spec, tmp_path / "own") == (None, False)


def test_the_standard_loop_is_recorded_with_its_steps(make_spec, tmp_path):
    from baselines.erm import ERM

    steps = make_spec().preset.classifier.steps
    assert facts_of(ERM(), make_spec, tmp_path / "standard") == (steps, True)


def test_a_method_that_trains_nothing_says_so(make_spec, tmp_path):
    from baselines.controls.majority_class import MajorityClass

    assert facts_of(MajorityClass(), make_spec, tmp_path / "none") == (0, False)


def test_a_method_is_shown_the_arrays_on_disk_and_no_copy(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((4, 1, 2, 2), np.float32))
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    table = TASK.card.cells().assign(image_id=list("abcd"), patient_id=list("abcd"))
    shown = predictions.visible(Split(mapped, mapped, table), TASK.card, Spy(seen=({},)))
    assert np.shares_memory(shown.images, mapped) and np.shares_memory(shown.masks, mapped)
