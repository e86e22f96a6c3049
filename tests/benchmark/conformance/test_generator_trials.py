"""A generator is asked for patients: one wrong generator per finding."""

from pathlib import Path

import pytest

from benchmark.conformance.check import check_method


def advice(path):
    return " ".join(finding.advice for finding in check_method(path))


GENERATOR = """
class Drawn(Half):
    def __init__(self, generate):
        self.generator = self
        self.generate = generate
"""


@pytest.mark.parametrize(
    ("generate", "words"),
    [
        ("lambda rows, masks, seed: 'nonsense'", "generate returned str"),
        ("lambda rows, masks, seed: masks[0] / 9", "the two must be the same"),
        ("lambda rows, masks, seed: 2 * np.ones(masks.shape)", "they must lie from 0 to 1"),
        ("lambda rows, masks, seed: np.random.random(masks.shape)", "two calls with one seed"),
        ("None", "no generate(requests, masks, seed)"),
    ],
)
def test_a_mistake_of_a_generator_is_found(generate, words, write_method):
    path = write_method("mine", f"return Drawn({generate})", more="")
    text = Path(path).read_text().replace("@method", f"{GENERATOR}@method")
    Path(path).write_text(text)
    assert words in advice(path)


def test_a_mistake_of_a_generator_has_its_line(write_method):
    path = write_method("mine", "return Drawn(lambda rows, masks, seed: 1 / 0)", more="")
    text = Path(path).read_text().replace("@method", f"{GENERATOR}@method")
    Path(path).write_text(text)
    line = 1 + text[: text.index("1 / 0")].count("\n")
    assert f"ZeroDivisionError: division by zero (mine.py, line {line})" in advice(path)


def test_a_target_that_nobody_would_read_is_found(write_method):
    path = write_method("mine", "return Aimed()", more="")
    aimed = (
        "from benchmark.api.mix_target import Target\n\n\nclass Aimed(Half):\n"
        "    target = Target(('label',), ('a', 'b'), (0.5, 0.5))\n\n\n"
    )
    Path(path).write_text(Path(path).read_text().replace("@method", f"{aimed}@method"))
    assert "it belongs to its generator" in advice(path)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"target": "'uniform'", "before": "None"}, "target is a str; make it with read_target"),
        ({"target": "'uniform'"}, "it has a target and no `before`"),
        (
            {"target": "Target(('label',), ('a', 'b'), (0.5, 0.5))", "before": "'base'"},
            "before is a str; it must be a generator, or None",
        ),
    ],
    ids=str,
)
def test_a_target_that_cannot_be_judged_is_found(extra, words, write_method):
    path = write_method("mine", "return Drawn(lambda rows, masks, seed: 0.0 * masks)", more="")
    lines = "".join(f"        self.{name} = {value}\n" for name, value in extra.items())
    aimed = f"from benchmark.api.mix_target import Target\n{GENERATOR}{lines}@method"
    text = Path(path).read_text().replace("@method", aimed)
    Path(path).write_text(text)
    assert words in advice(path)


@pytest.mark.parametrize(
    ("fields", "told"),
    [('aligns: str = ""\n    target: str = "uniform"', True), ("target: float = 0.5", False)],
)
def test_a_generator_without_the_target_that_its_method_has_is_found(fields, told, write_method):
    path = write_method("mine", "return Drawn(lambda rows, masks, seed: 0.0 * masks)", more="")
    text = Path(path).read_text().replace("@method", f"{GENERATOR}@method")
    Path(path).write_text(text.replace("    def fit", f"    {fields}\n    def fit"))
    assert ("give its generator one" in advice(path)) == told
