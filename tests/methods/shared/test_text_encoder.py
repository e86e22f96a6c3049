from benchmark.generation.text_image_model import trained_clip, write_prompts
from methods.shared.text_encoder import text_encoder_of_clip


def test_the_text_tower_of_a_clip_tells_sentences_apart(splits, ctx):
    text_encoder = text_encoder_of_clip(trained_clip(splits.train, ctx, "test"), ctx.device)
    words = write_prompts(ctx.card.cells(), ctx.prompt)
    embedded = text_encoder.embed([*words, words[0]])
    assert embedded.shape[::2] == (len(words) + 1, text_encoder.width)
    assert (embedded[0] == embedded[-1]).all()
    assert (embedded[0] - embedded[1]).abs().max() > 1e-3
