"""The small CLIP: its words, what it keeps, what it says of an image and a sentence."""

import dataclasses

import pandas as pd
import pytest

from benchmark.api.data import Source
from benchmark.cohorts.toy import toy_task
from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.generation import text_image_model
from benchmark.generation.text_image_model import (
    all_prompts,
    load_clip,
    trained_clip,
    word_tokenizer,
    write_prompts,
)
from benchmark.running import predictions

TOY = toy_task(2, 2)


@pytest.fixture(scope="module")
def splits():
    return TOY.load(Source(image_size=32, train=64, val=32, test=32), TOY.knobs.variant(), 0)


@pytest.fixture
def ctx(make_spec):
    return predictions.make_context(TOY, predictions.JUDGE, make_spec(), lambda line: None)


@pytest.mark.parametrize("name", sorted(find_tasks()))
def test_every_cell_of_every_task_has_a_sentence_of_its_own(name, tmp_path):
    task = load_task(find_tasks()[name])
    sentences = write_prompts(task.card.cells(), task.prompt)
    tokens = word_tokenizer(sentences, tmp_path)(sentences)["input_ids"]
    assert len({tuple(row) for row in tokens}) == len(task.card.cells())


@pytest.mark.parametrize("name", sorted(find_tasks()))
def test_every_part_of_what_a_prompt_can_name_is_a_prompt(name):
    task = load_task(find_tasks()[name])
    prompts = all_prompts(task.card, task.prompt)
    ways = 1 + len(task.card.classes)
    for attribute in task.card.attributes:
        ways *= 1 + len(attribute.values)
    assert len(prompts) == ways
    nothing = task.prompt({})
    assert not any(v.lower() in nothing.lower() for a in task.card.attributes for v in a.values)


def test_words_of_the_sentences_are_single_tokens(tmp_path):
    tokenizer = word_tokenizer(["woman, obese", "man, obese"], tmp_path)
    pieces = tokenizer.convert_ids_to_tokens(tokenizer("man, obese")["input_ids"])
    assert pieces == ["<|startoftext|>", "man</w>", ",</w>", "obese</w>", "<|endoftext|>"]


def test_a_trained_clip_is_kept_whole_and_scores_images_by_their_sentences(splits, ctx):
    folder = trained_clip(splits.train, ctx, "test")
    assert (folder / "model.safetensors").is_file()
    clip = load_clip(folder, ctx.device)
    sentences = write_prompts(splits.val.table[["label", "site"]], ctx.prompt)
    scores = clip.score(splits.val.images, sentences)
    assert scores.shape == (len(splits.val),) and abs(scores).max() <= 1 + 1e-6
    vectors = clip.embed_prompts(sentences[:3])
    assert vectors.norm(dim=1).tolist() == pytest.approx([1, 1, 1])
    steps = ctx.steps
    another = dataclasses.replace(ctx, steps=0, curves=[], counted=set())
    for _ in range(2):
        trained_clip(splits.train, another, "test")
    assert another.steps == steps > 0  # counted for whoever uses it, once


def test_rows_find_their_sentence_among_the_distinct_ones():
    table = pd.DataFrame({"label": ["high", "low", "high"], "site": ["north", None, "north"]})
    distinct, own = text_image_model.distinct_prompts(
        table, lambda row: " ".join(map(str, row.values()))
    )
    assert distinct == ["high north", "low"] and own.tolist() == [0, 1, 0]
