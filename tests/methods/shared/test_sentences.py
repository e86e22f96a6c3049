from benchmark.generation.text_image_model import trained_clip, write_sentences
from methods.shared.sentences import sentences_of_clip


def test_the_text_tower_of_a_clip_tells_sentences_apart(splits, ctx):
    sentences = sentences_of_clip(trained_clip(splits.train, ctx, "test"), ctx.device)
    words = write_sentences(ctx.card.cells(), ctx.prompt)
    embedded = sentences.embed([*words, words[0]])
    assert embedded.shape[::2] == (len(words) + 1, sentences.width)
    assert (embedded[0] == embedded[-1]).all()
    assert (embedded[0] - embedded[1]).abs().max() > 1e-3
