import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmark.generation.checkpoints import check_checkpoint, checkpoint_digest, find_checkpoint
from benchmark.planning.resolve import resolve
from benchmark.presets.load import load_preset


@pytest.fixture
def checkpoint(tiny_checkpoint, tmp_path):
    """A checkpoint of one's own to spoil."""
    return shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint")


def edit(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_good_one_passes(tiny_checkpoint):
    check_checkpoint(tiny_checkpoint, 512)


def test_all_that_is_missing_is_said_at_once(checkpoint):
    shutil.rmtree(checkpoint / "scheduler")
    weights = checkpoint / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(ValueError) as caught:
        check_checkpoint(checkpoint, 512)
    for part in ("no scheduler/scheduler_config.json", "pytorch_model.bin; pickles and variants"):
        assert part in str(caught.value)


def test_weights_cut_short_are_noticed(checkpoint):
    weights = checkpoint / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"vae/diffusion_pytorch_model\.safetensors is damaged"):
        check_checkpoint(checkpoint, 512)


@pytest.mark.parametrize(
    ("part", "values", "message"),
    [
        ("unet", {"in_channels": 9}, "unet reads channels: 9, not 4"),
        ("unet", {"cross_attention_dim": 768}, "prompts of width 768, not 16"),
        ("unet", {"addition_embed_type": "text_time"}, "besides the prompt: text_time"),
        ("unet", {"_class_name": "SD3Transformer2DModel"}, "unet is a SD3Transformer2DModel"),
        ("vae", {"in_channels": 1}, "vae reads channels: 1, not 3"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(checkpoint, part, values, message):
    edit(checkpoint / part / "config.json", **values)
    with pytest.raises(ValueError, match=message):
        check_checkpoint(checkpoint, 512)


def test_a_size_that_cannot_be_halved_often_enough_is_refused(tiny_checkpoint):
    with pytest.raises(ValueError, match=r"size is 50; it must be a multiple of 4"):
        check_checkpoint(tiny_checkpoint, 50)


def test_the_digest_is_of_the_content(checkpoint, tiny_checkpoint, tmp_path):
    assert checkpoint_digest(checkpoint) == checkpoint_digest(tiny_checkpoint)
    changed = shutil.copytree(checkpoint, tmp_path / "changed")
    path = changed / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    name = min(tensors)
    save_file(tensors | {name: tensors[name] + torch.ones(())}, path)
    assert checkpoint_digest(changed) != checkpoint_digest(checkpoint)


def test_what_is_no_folder_and_not_on_the_hub_is_said(monkeypatch):
    from diffusers import DiffusionPipeline

    def offline(name, **options):
        raise OSError("Cannot reach the hub\nand more")

    monkeypatch.setattr(DiffusionPipeline, "download", offline)
    with pytest.raises(ValueError, match=r"'me/model': there is no such folder.*\(OSError\)"):
        find_checkpoint("me/model")


def test_the_paper_preset_asks_for_a_checkpoint_and_records_its_content(make_spec, tiny_checkpoint):
    paper = load_preset("paper")
    with pytest.raises(ValueError, match="give --checkpoint"):
        resolve(make_spec("controlnet_synthesis", preset=paper))
    given = paper.with_checkpoint(str(tiny_checkpoint))
    config = resolve(make_spec("controlnet_synthesis", preset=given))
    digest = f"sha256 {checkpoint_digest(tiny_checkpoint)}"
    assert config.preset.generator["checkpoint"] == digest
    assert str(tiny_checkpoint) not in resolve(make_spec("erm", preset=given)).model_dump_json()


def test_a_checkpoint_for_a_generator_from_scratch_is_refused(tiny_checkpoint):
    with pytest.raises(ValueError, match="trained from scratch"):
        load_preset("quick").with_checkpoint(str(tiny_checkpoint))


def test_a_file_and_a_place_that_is_not_there_are_said_for_what_they_are(tmp_path):
    (tmp_path / "one.safetensors").touch()
    with pytest.raises(ValueError, match="is a file and no folder"):
        find_checkpoint(str(tmp_path / "one.safetensors"))
    with pytest.raises(ValueError, match="does not exist"):
        find_checkpoint(str(tmp_path / "nowhere"))
