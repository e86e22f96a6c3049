"""Which stored scores count, and which have to be computed again."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.scoring import keys_with_draws, score_predictions
from benchmark.records import result
from benchmark.records.base import UnreadableRecord
from benchmark.records.result import RunFacts, read_result, stored_scores, write_result

FACTS = RunFacts(
    seconds={"fit": 1.0}, steps=3, standard_loop=True, fingerprint="f", finished="2026-01-01"
)


@pytest.fixture
def scored(tmp_path, card, draw_predictions):
    """A folder with predictions, scores and draws."""
    draw_predictions(card, 200, 0).to_parquet(tmp_path / "predictions.parquet")
    write_result(tmp_path, card, FACTS)
    return tmp_path


def edit(folder, change):
    """Change the content of result.json."""
    content = json.loads((folder / "result.json").read_text())
    change(content)
    (folder / "result.json").write_text(json.dumps(content))


def test_what_is_read_back_is_what_scoring_gives(scored, card, draw_predictions):
    found = stored_scores(scored, card, read_result(scored))
    wanted = score_predictions(draw_predictions(card, 200, 0), card)
    assert (found.scores, found.threshold) == (wanted.scores, wanted.threshold)
    assert found.draws.keys() == wanted.draws.keys()
    for key, draws in wanted.draws.items():
        assert np.array_equal(found.draws[key], draws, equal_nan=True)


def test_a_result_says_which_versions_of_the_metrics_made_it(scored):
    versions = read_result(scored).scoring.versions
    assert versions == {name: metric.version for name, metric in METRICS.items()}
    assert (versions["worst_group_accuracy"], versions["auroc"]) == (2, 1)


def test_the_own_threshold_of_a_run_is_kept_and_used(tmp_path, sex_card, eight_rows):
    """At 0.85 only 1 of 4 ill patients is found: of the ill men none."""
    eight_rows.to_parquet(tmp_path / "predictions.parquet")
    write_result(tmp_path, sex_card, FACTS.model_copy(update={"own_threshold": 0.85}))
    result = read_result(tmp_path)
    (own,) = [s for s in result.scores if s.key == ScoreKey("worst_group_accuracy_own")]
    assert (result.run.own_threshold, own.value) == (0.85, 0.0)
    assert own.note.startswith("sex=male, ill")


def test_the_rule_of_a_result_is_written_down(scored):
    result = read_result(scored)
    assert result.offsets[0] == 0
    assert result.threshold == pytest.approx(1 / (1 + np.exp(result.offsets[1])))


def test_an_undefined_value_is_stored_too(tmp_path, sex_card, eight_rows):
    table = eight_rows[(eight_rows["sex"] != "male") | (eight_rows["split"] == "val")]
    table.to_parquet(tmp_path / "predictions.parquet")
    write_result(tmp_path, sex_card, FACTS)
    found = stored_scores(tmp_path, sex_card, read_result(tmp_path))
    assert np.isnan(found.draws[ScoreKey("worst_group_accuracy")]).all()


def shorten(path):
    save_file({name: draws[:, :3].copy() for name, draws in load_file(path).items()}, path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "draws.safetensors").unlink(),
        lambda folder: (folder / "draws.safetensors").write_bytes(b"no draws"),
        lambda folder: shorten(folder / "draws.safetensors"),
        lambda folder: (folder / "predictions.parquet").write_bytes(b"others"),
        lambda folder: (folder / "predictions.parquet").unlink(),
        lambda folder: edit(folder, lambda content: content["scoring"].update(code="older")),
        lambda folder: edit(folder, lambda content: content["scores"].pop()),
        lambda folder: edit(folder, lambda content: content["scores"][0].update(value=0.999)),
    ],
    ids=[
        "no draws", "draws of another form", "too few draws", "other predictions",
        "no predictions", "other code", "a score less", "a claimed value",
    ],
)  # fmt: skip
def test_scores_that_do_not_fit_do_not_count(scored, card, damage):
    damage(scored)
    assert stored_scores(scored, card, read_result(scored)) is None


def test_draws_that_fit_their_digest_but_not_the_scores_do_not_count(scored, card):
    shorten(scored / "draws.safetensors")
    digest = result.bytes_digest((scored / "draws.safetensors").read_bytes())
    edit(scored, lambda content: content["scoring"].update(draws=digest))
    assert stored_scores(scored, card, read_result(scored)) is None


@pytest.mark.parametrize("field", ["value", "low", "high"])
def test_a_score_that_its_metric_cannot_have_does_not_count(scored, card, field):
    place = next(i for i, s in enumerate(read_result(scored).scores) if s.key.attributes)
    edit(scored, lambda content: content["scores"][place].update({field: 1.5}))
    assert stored_scores(scored, card, read_result(scored)) is None


def test_draws_that_their_metric_cannot_have_do_not_count(scored, card):
    draws = load_file(scored / "draws.safetensors")
    draws["draws"][keys_with_draws(card).index(ScoreKey("auroc")), 7] = -0.5
    save_file(draws, scored / "draws.safetensors")
    digest = result.bytes_digest((scored / "draws.safetensors").read_bytes())
    edit(scored, lambda content: content["scoring"].update(draws=digest))
    assert stored_scores(scored, card, read_result(scored)) is None


def test_scores_of_another_card_do_not_count(scored, sex_card):
    assert stored_scores(scored, sex_card, read_result(scored)) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.update(schema=1), "it has schema 1, this version reads 2 and 3"),
        (lambda content: content.update(boast=1), "boast is unknown"),
        (lambda content: content["run"].pop("seconds"), "run.seconds is missing"),
        (lambda content: content["run"].update(steps="9"), "run.steps is '9'; it must be a whole"),
        (
            lambda content: content["scores"][0].update(value=float("nan")),
            "scores.0.value is nan; it must be a finite number",
        ),
    ],
)
def test_a_record_of_another_form_is_refused_with_what_is_wrong(scored, change, words):
    edit(scored, change)
    with pytest.raises(UnreadableRecord, match=words) as caught:
        read_result(scored)
    assert str(scored / "result.json") in str(caught.value)
    assert "Do the run again" in str(caught.value)


def test_scores_of_other_ceilings_do_not_count(tmp_path, card, draw_predictions):
    draw_predictions(card, 200, 0).to_parquet(tmp_path / "predictions.parquet")
    cell = ScoreKey("cell_accuracy", ("sex",), ("female",), card.classes[0])
    write_result(tmp_path, card, FACTS, {cell: 0.9})
    result = read_result(tmp_path)
    assert stored_scores(tmp_path, card, result, {cell: 0.9})
    assert stored_scores(tmp_path, card, result, {cell: 0.8}) is None
    assert stored_scores(tmp_path, card, result) is None


def test_a_stored_threshold_outside_its_limits_is_refused():
    with pytest.raises(ValueError, match="own_threshold"):
        RunFacts.model_validate({**FACTS.model_dump(), "own_threshold": 1.5})
