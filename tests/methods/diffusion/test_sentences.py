import pytest

from benchmark.registry import find_tasks, load_task
from methods.diffusion.sentences import train_sentences, word_tokenizer, write_sentences


@pytest.mark.parametrize("name", sorted(find_tasks()))
def test_every_cell_of_every_task_has_a_sentence_of_its_own(name, tmp_path):
    task = load_task(find_tasks()[name])
    sentences = write_sentences(task.card.cells(), task.prompt)
    tokens = word_tokenizer(sentences, tmp_path)(sentences)["input_ids"]
    assert len({tuple(row) for row in tokens}) == len(task.card.cells())


def test_words_of_the_sentences_are_single_tokens(tmp_path):
    tokenizer = word_tokenizer(["woman, obese", "man, obese"], tmp_path)
    pieces = tokenizer.convert_ids_to_tokens(tokenizer("man, obese")["input_ids"])
    assert pieces == ["<|startoftext|>", "man</w>", ",</w>", "obese</w>", "<|endoftext|>"]


def test_a_trained_encoder_is_the_one_on_disk_and_tells_sentences_apart(splits, ctx, tmp_path):
    sentences = train_sentences(splits.train, 3, tmp_path, ctx)
    assert (tmp_path / "text_encoder" / "model.safetensors").is_file()
    words = write_sentences(ctx.card.cells(), ctx.prompt)
    embedded = sentences.embed([*words, words[0]])
    assert embedded.shape[::2] == (len(words) + 1, sentences.width)
    assert (embedded[0] == embedded[-1]).all()
    assert (embedded[0] - embedded[1]).abs().max() > 1e-3
