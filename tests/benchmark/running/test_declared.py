"""A method that uses what it did not declare is told what to declare, in a real run."""

from pathlib import Path

import pytest

from benchmark.cohorts.toy import ToyTask
from benchmark.discovery.find import locate
from benchmark.discovery.load import load_method
from benchmark.running import predictions
from benchmark.running.declared import NotDeclared

TASK = ToyTask()


def ends_in(path, make_spec):
    method, spec = load_method(locate(path, "method"))(), make_spec()
    splits = TASK.load(spec.source, spec.variant, spec.seed)
    ctx = predictions.make_context(TASK, method, spec, lambda line: None)
    seen = (predictions.visible(split, TASK.card, method) for split in (splits.train, splits.val))
    predictor = predictions.fit(method, *seen, ctx)
    predictions.predict(predictor, method, TASK.card, {"test": splits.test}, 0)


@pytest.mark.parametrize(
    "use",
    [
        "train.table['site']",
        "train.table[['label', 'site']]",
        "train.table.site",
        "ctx.card.encode_cells(train.table)",
    ],
)
def test_attributes(use, write_method, make_spec):
    path = write_method("mine", f"{use}\nreturn Half()")
    words = r"Written \(mine.py, line \d+\) read the attribute 'site', but sees no groups. Declare"
    with pytest.raises(NotDeclared, match=f'{words} @method\\(groups_used="train"\\)'):
        ends_in(path, make_spec)


def test_attributes_at_test(write_method, make_spec):
    path = write_method("mine", "return Half()", groups_used="train")
    text = Path(path).read_text().replace("(self, images)", "(self, images, attributes)")
    Path(path).write_text(text)
    with pytest.raises(NotDeclared, match=r'groups_used="train", so .* predict_proba\(images\)'):
        ends_in(path, make_spec)


@pytest.mark.parametrize(
    "mistake", ["raise TypeError('predict_proba() got a list')", "self.predict_proba()"]
)
def test_a_mistake_inside_of_predict_proba_is_not_blamed_on_the_mark(
    mistake, write_method, make_spec
):
    path = write_method("mine", "return Half()")
    text = Path(path).read_text().replace("return np.full", f"{mistake}; return np.full")
    Path(path).write_text(text)
    with pytest.raises(TypeError) as caught:
        ends_in(path, make_spec)
    assert not isinstance(caught.value, NotDeclared)


def test_a_predictor_that_takes_no_attributes_at_test(write_method, make_spec):
    path = write_method("mine", "return Half()", groups_used="test")
    with pytest.raises(NotDeclared, match=r"predict_proba\(images, attributes\); .* \(images\)"):
        ends_in(path, make_spec)


def test_a_generators_budget(write_method, make_spec):
    path = write_method("mine", "ctx.generator.steps\nreturn Half()")
    with pytest.raises(NotDeclared, match=r"read ctx.generator. Declare .*trains_generator=True"):
        ends_in(path, make_spec)


@pytest.mark.parametrize(
    ("fit", "error"),
    [("{}['sex']", KeyError), ("None.steps", AttributeError), ("1 + ''", TypeError)],
)
def test_an_error_of_another_cause_stays_what_it_is(fit, error, write_method, make_spec):
    with pytest.raises(error) as caught:
        ends_in(write_method("mine", f"{fit}\nreturn Half()"), make_spec)
    assert not isinstance(caught.value, NotDeclared)
