"""The check must find the mistake it was built for: one wrong method per finding."""

from pathlib import Path

import pytest

from benchmark.conformance.check import check_method

PREDICTOR = """
class Odd:
    def __init__(self, answer):
        self.answer = answer
    def predict_proba(self, images):
        return self.answer(images)
"""


def advice(path):
    return " ".join(finding.advice for finding in check_method(path))


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        ("train.table['site']\nreturn Half()", "(mine.py, line 21) read the attribute 'site'"),
        ("train.table['sex']\nreturn Half()", "asked for 'sex' (mine.py, line 21)"),
        ("np.ones(3).reshape(2, 2)\nreturn Half()", "(mine.py, line 21)"),
        ("pass", "fit returned NoneType; it must return an object with predict_proba(images)"),
        ("return Odd(lambda images: np.ones((len(images), 2)))", "Apply a softmax?"),
        ("return Odd(lambda images: np.full(len(images), 0.5))", "one column per class"),
        ("train.images[0] = 0\nreturn Half()", "wrote into the images it was given"),
        (
            "noise = np.random.default_rng()\n"
            "p = noise.uniform(size=2)\n"
            "return Odd(lambda images: np.tile(p / p.sum(), (len(images), 1)))",
            "two fits with one seed differ",
        ),
        (
            "def answer(images):\n"
            "    rank = images.mean((1, 2, 3)).argsort().argsort() / len(images)\n"
            "    return np.column_stack([rank, 1 - rank])\n"
            "return Odd(answer)",
            "statistics, ranks or normalisation of the batch",
        ),
        (
            "drawn = np.random.default_rng(0)\n"
            "def answer(images):\n"
            "    p = drawn.uniform(size=len(images))\n"
            "    return np.column_stack([p, 1 - p])\n"
            "return Odd(answer)",
            "depends on chance",
        ),
        ("raise ZeroDivisionError('oh')", "ZeroDivisionError: oh (mine.py, line"),
        ("return Odd(lambda images: np.full((9, 2), 0.5))", "predict_proba returned shape (9, 2)"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_and_said_in_plain_words(fit, words, write_method):
    assert words in advice(write_method("mine", fit, more=PREDICTOR))


def test_a_mistake_in_what_it_asks_of_a_card_is_found(write_method):
    path = write_method("mine", "return Half()")
    lines = Path(path).read_text() + "    def check(self, card):\n        self.targt\n"
    Path(path).write_text(lines)
    assert "its check(card) failed: AttributeError" in advice(path)


def test_a_card_that_it_refuses_is_no_mistake(write_method):
    path = write_method("mine", "return Half()")
    lines = (
        Path(path).read_text() + "    def check(self, card):\n        raise ValueError('no sex')\n"
    )
    Path(path).write_text(lines)
    refusals = [finding for finding in check_method(path) if "no sex" in finding.what]
    assert len(refusals) == 3 and all(finding.passed for finding in refusals)


def test_a_sound_method_has_nothing_to_mend(write_method):
    fit = "k = len(ctx.card.classes)\nreturn Odd(lambda images: np.full((len(images), k), 1 / k))"
    findings = list(check_method(write_method("mine", fit, more=PREDICTOR)))
    assert all(finding.passed for finding in findings)
    assert len(findings) == 6


def test_a_predictor_that_is_to_see_groups_must_take_them(write_method):
    words = advice(write_method("mine", "return Half()", groups_used="test"))
    assert "its predictor is called as predict_proba(images, attributes)" in words


def test_new_patients_are_for_controls(write_method):
    path = Path(write_method("mine", "return Half()"))
    mark = 'groups_used="never", extra_data="digital_cohort"'
    path.write_text(path.read_text().replace('groups_used="never"', mark))
    *_, last = check_method(str(path))
    assert last.what == "it makes no new patients" and "Only controls may" in last.advice


def test_one_mistake_is_explained_once(write_method):
    words = advice(write_method("mine", "raise ValueError('oh')"))
    assert words.count("ValueError: oh") == 1
    assert words.count("the same as above") == 2


def test_answers_that_hang_on_the_batch_are_one_finding_that_names_the_toys(write_method):
    fit = (
        "def answer(images):\n"
        "    rank = images.mean((1, 2, 3)).argsort().argsort() / len(images)\n"
        "    rest = [0 * rank] * (len(ctx.card.classes) - 2)\n"
        "    return np.column_stack([rank, 1 - rank, *rest])\n"
        "return Odd(answer)"
    )
    wrong = [f for f in check_method(write_method("mine", fit, more=PREDICTOR)) if not f.passed]
    assert [finding.what for finding in wrong] == [
        "an image's prediction does not depend on the images beside it (two groups, two classes; "
        "three groups, two classes; two groups, three classes)"
    ]


def test_a_file_that_does_not_import_is_a_finding(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("import no_such_module\n")
    assert "does not import: ModuleNotFoundError" in advice(str(path))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"least_confidense": 0.5}, "Did you mean 'least_confidence'?"),
        ({"least_confidence": 1.5}, "least_confidence is 1.5; allowed: 0 to 1."),
        ({"tuning_steps": 3}, "setting of a preset's section [generator]"),
        ({"target": "female: 0.4; male: 0.5"}, "the shares sum to 0.9, not to 1"),
        ({"target": "female: 40; male: 60"}, "allowed: 0 to 1, not percent"),
    ],
    ids=str,
)
def test_fields_are_refused_as_a_run_refuses_them(fields, words):
    *_, last = check_method("alignment_finetuning", fields)
    assert last.what == "its fields can be set as asked" and words in last.advice


def test_a_target_of_women_and_men_is_tried_as_uniform(monkeypatch):
    tried = []
    monkeypatch.setattr(
        "benchmark.conformance.check.try_method", lambda method, *rest: tried.append(method) or []
    )
    fields = {"aligns": "sex", "target": "female: 0.4; male: 0.6", "rank": 3}
    found = list(check_method("alignment_finetuning", fields))
    assert "tried with aligns empty and target uniform" in found[-1].what
    assert (tried[0].aligns, tried[0].target, tried[0].rank) == ("", "uniform", 3)


def test_a_method_that_imports_what_judges_it_is_found(write_method):
    more = "from benchmark.generation.official.load import load_judge"
    assert "nobody's tool" in advice(write_method("mine", "return Half()", more=more))
