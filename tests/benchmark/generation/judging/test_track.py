import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import timm
from PIL import Image
from safetensors.torch import save_file

from benchmark.api.data import Source
from benchmark.api.declarations import method
from benchmark.cohorts.toy import toy_task
from benchmark.generation.image_reader import trained_reader
from benchmark.generation.judging.judge import trained_name
from benchmark.generation.judging.track import judge_generator
from benchmark.generation.mix_targets import read_target
from benchmark.generation.patient_requests import ask_for_patients
from benchmark.records.judge_card import read_card
from benchmark.running import predictions


@pytest.fixture(scope="module")
def task():
    return toy_task(2, 2)


@pytest.fixture(scope="module")
def splits(task):
    return task.load(Source(image_size=32, train=80, val=40, test=64), task.knobs.variant(), 0)


@pytest.fixture
def ctx(task, make_spec):
    made = predictions.make_context(task, predictions.JUDGE, make_spec(), lambda line: None)
    # Judges get a share of a classifier's steps; of the toy's 25 they would learn nothing.
    return dataclasses.replace(made, classifier=dataclasses.replace(made.classifier, steps=80))


class Real:
    """A generator that cannot be better: new patients of the toy task, with their own masks."""

    def __init__(self, task):
        self.task = task

    def generate(self, requests, masks, seed):
        return self.task.new_patients(requests, Source(image_size=masks.shape[-1]), seed).images


class Noise:
    """A generator that cannot be worse."""

    def generate(self, requests, masks, seed):
        return np.random.default_rng(seed).random(masks.shape, dtype=np.float32)


@method(groups_used="test")
@dataclasses.dataclass(frozen=True)
class Curious:
    """A method that sees all that a method can see."""

    def fit(self, train, val, ctx):
        """Nobody asks."""


def judged(generator, splits, ctx, folder):
    judge_generator(generator, splits, ctx, folder, with_gallery=True)
    return json.loads((folder / "generation.json").read_text())


def test_real_patients_are_judged_better_than_noise(task, splits, ctx, tmp_path):
    good, bad = (judged(one, splits, ctx, tmp_path)["scores"] for one in (Real(task), Noise()))
    assert good["kernel_distance"]["value"] < bad["kernel_distance"]["value"]
    assert good["kernel_distance"]["error"] < bad["kernel_distance"]["value"] / 4
    for name in ("coverage", "label_read_back"):
        assert good[name]["value"] > bad[name]["value"]
    assert bad["detection_auroc"]["value"] > 0.95


def test_the_same_generator_gets_the_same_numbers(task, splits, ctx, tmp_path):
    assert judged(Real(task), splits, ctx, tmp_path) == judged(Real(task), splits, ctx, tmp_path)


def test_the_gallery_has_a_row_per_cell(task, splits, ctx, tmp_path):
    judged(Real(task), splits, ctx, tmp_path)
    with Image.open(tmp_path / "gallery.png") as picture:
        assert picture.height > 4 * 64  # two labels x two sites
    assert (tmp_path / "gallery.png").stat().st_size < 600_000


def test_no_gallery_where_patients_are_real(task, splits, ctx, tmp_path):
    judge_generator(Real(task), splits, ctx, tmp_path, with_gallery=False)
    assert not (tmp_path / "gallery.png").exists()


def test_a_generator_of_the_wrong_shape_is_an_error(splits, ctx, tmp_path):
    class Wrong:
        def generate(self, requests, masks, seed):
            return np.zeros((len(masks), 3))

    with pytest.raises(ValueError, match="returned images of shape"):
        judge_generator(Wrong(), splits, ctx, tmp_path, with_gallery=False)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (lambda m: "nonsense", "returned str; it must return an array"),
        (lambda m: np.full(m.shape, np.nan), r"100\.0% of the pixels are not finite"),
        (lambda m: np.full(m.shape, -0.5), r"from -0\.5 to -0\.5; they must lie from 0 to 1"),
    ],
)
def test_what_is_no_image_is_said_for_what_it_is(images, message):
    generator = SimpleNamespace(generate=lambda requests, masks, seed: images(masks))
    with pytest.raises(ValueError, match=message):
        ask_for_patients(generator, None, np.zeros((2, 1, 4, 4), np.uint8), 0)


def test_the_generator_sees_no_test_patient(task, splits, ctx, tmp_path):
    class Spy(Real):
        def generate(self, requests, masks, seed):
            assert list(requests) == ["label", "site"]
            known = {mask.tobytes() for mask in np.asarray(splits.val.masks)}
            assert all(mask.tobytes() in known for mask in masks)
            return super().generate(requests, masks, seed)

    judge_generator(Spy(task), splits, ctx, tmp_path, with_gallery=False)


@pytest.mark.parametrize("change", [{"backbone": "b"}, {"steps": 7}, {"learning_rate": 0.7}])
def test_judges_that_learn_otherwise_have_other_names(change, ctx):
    other = dataclasses.replace(ctx.classifier, **change)
    assert trained_name(other) != trained_name(ctx.classifier)


def test_features_may_come_from_weights_of_ones_own(task, splits, ctx, tmp_path):
    path = tmp_path / "mine.safetensors"
    save_file(timm.create_model("test_resnet", num_classes=0).state_dict(), path)
    options = {"with_gallery": False, "extractor": f"test_resnet={path}"}
    judge_generator(Real(task), splits, ctx, tmp_path, **options)
    found = json.loads((tmp_path / "generation.json").read_text())
    assert found["judge"].startswith("test_resnet, weights ")
    assert found["scores"]["kernel_distance"]["value"] is not None


def test_an_official_judge_judges_without_training_anything(
    task, splits, ctx, toy_judge, tmp_path, monkeypatch
):
    for name in ("trained_reader", "trained_clip", "trained_group_counter"):
        monkeypatch.delattr(f"benchmark.generation.judging.judge.{name}")
    judge_generator(Mixed(task, 0.5), splits, ctx, tmp_path, with_gallery=False, official=toy_judge)
    found = json.loads((tmp_path / "generation.json").read_text())
    assert found["judge"].startswith(f"official judge {read_card(toy_judge).digest[:8]}")
    assert found["scores"]["label_read_back"]["value"] > 0.7
    assert set(found["group_mix"]["counters"]) == {"all", *read_card(toy_judge).readers}


class Mixed(Real):
    """New patients of the toy task; of those whose site nobody names, a share is from the north."""

    reads_masks = False

    def __init__(self, task, share, before=None):
        super().__init__(task)
        self.share, self.before = share, before
        self.seeds = []
        self.target = read_target("uniform", task.card, ("site",))

    def generate(self, requests, masks, seed):
        self.seeds.append(seed)
        rng = np.random.default_rng(seed)
        sites = np.where(rng.random(len(requests)) < self.share, "north", "south")
        labels = rng.choice(["low", "high"], len(requests))
        said = requests.assign(
            site=requests["site"].where(requests["site"].notna(), pd.Series(sites)),
            label=requests["label"].where(requests["label"].notna(), pd.Series(labels)),
        )
        return super().generate(said, masks, seed)


def test_a_mix_is_counted_before_and_after_and_by_sentence(task, splits, ctx, tmp_path):
    before = Mixed(task, 1.0)
    longer = dataclasses.replace(ctx.classifier, steps=120)  # so that the counter can count
    learned = dataclasses.replace(ctx, classifier=longer)
    after = Mixed(task, 0.5, before)
    found = judged(after, splits, learned, tmp_path)
    assert before.seeds == after.seeds[-1:]  # the same noise on both sides
    mix = found["group_mix"]
    assert mix["groups"] == [["north"], ["south"]] and mix["target"] == [0.5, 0.5]
    assert mix["sentences"][0]["sentence"] == "a picture"
    off = {side: mix["summary"]["tuned"][side]["inconsistency"] for side in ("before", "after")}
    assert off["before"] > 0.4 and off["after"] < 0.15
    by_counter = mix["summary"]["tuned"]["before"]["by_counter"]
    assert {"all", *by_counter} == set(mix["counters"]) == {
        "all", "blocks", "detail", "blocks, new patients", "detail, new patients",
    }  # fmt: skip
    assert "all" not in by_counter and max(by_counter.values()) > 0.4
    for line in mix["sentences"]:
        assert line["after"]["low"][0] <= line["after"]["shares"][0] <= line["after"]["high"][0]
    assert mix["cost_of_tuning"]["before"] and mix["cost_of_tuning"]["after"]
    assert found["scores"]["dice"]["value"] is None  # nobody looked at the masks
    with Image.open(tmp_path / "neutral.png") as picture:
        assert picture.height > 2 * 64


def test_what_judges_cannot_be_had_by_asking_for_it(task, ctx, make_spec):
    theirs = predictions.make_context(task, Curious(), make_spec(), lambda line: None)
    assert theirs.rng("neutral sentences").random() != ctx.rng("neutral sentences").random()
    assert theirs.cache.root != ctx.cache.root
    with pytest.raises(ValueError, match="with which the engine judges"):
        trained_reader(None, theirs, "counter", f"{ctx.classifier.backbone}.tag")


def test_without_masks_in_train_nothing_is_said_of_anatomy(task, splits, ctx, tmp_path):
    train = dataclasses.replace(splits.train, masks=np.zeros_like(splits.train.masks))
    bare = dataclasses.replace(splits, train=train)
    found = judged(Mixed(task, 0.5), bare, ctx, tmp_path)["group_mix"]
    assert found["summary"]["tuned"]["after"]["by_anatomy"] is None
