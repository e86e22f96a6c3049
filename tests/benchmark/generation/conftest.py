"""A judge of the toy task, made in seconds."""

import pytest

from benchmark.cohorts.toy import toy_task
from benchmark.conformance.toy_preset import TOY_PRESET
from benchmark.generation.official.build import build_judge
from benchmark.generation.official.training import Work
from benchmark.planning.run_spec import RunSpec
from benchmark.running import predictions

TINY = Work(
    train=320, calibration=64, held_out=96,
    reader_steps=60, extractor_steps=30, segmenter_steps=60, clip_steps=40,
)  # fmt: skip


@pytest.fixture(scope="session")
def toy_judge(tmp_path_factory):
    """The folder of an official judge of toy_task(2, 2), for images of 32 pixels."""
    home, task = tmp_path_factory.mktemp("judge"), toy_task(2, 2)
    spec = RunSpec(
        "toy", "judge", task.knobs.variant(), 0, TOY_PRESET, device="cpu", cache=home / "cache"
    )
    ctx = predictions.make_context(task, predictions.JUDGE, spec, lambda line: None)
    build_judge(ctx, home / "judge", TINY, "a test")
    return home / "judge"
