import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from benchmark.generation.judging.feature_extractor import (
    extractor_name,
    load_extractor,
    read_extractor,
)

CPU = torch.device("cpu")


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "mine.safetensors"
    save_file(timm.create_model("test_resnet", num_classes=7).state_dict(), path)
    return path


def test_every_channel_is_read_as_a_grey_image_of_the_network(weights):
    extractor = load_extractor(f"test_resnet={weights}", CPU)
    images = np.random.default_rng(0).random((3, 2, 24, 24), dtype=np.float32)
    both = extractor.features(images)
    first, second = (extractor.features(images[:, [c]]) for c in (0, 1))
    np.testing.assert_allclose(both, np.concatenate([first, second], axis=1), atol=1e-5)
    assert np.abs(first - second).max() > 1e-3


def test_its_name_is_its_content_and_not_its_place(weights, tmp_path):
    moved = tmp_path / "moved.safetensors"
    moved.write_bytes(weights.read_bytes())
    name = extractor_name(f"test_resnet={weights}")
    assert name == extractor_name(f"test_resnet={moved}") and name.startswith(
        "test_resnet, weights "
    )
    changed = tmp_path / "changed.safetensors"
    save_file({"x": torch.ones(1)}, changed)
    assert name != extractor_name(f"test_resnet={changed}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("resnet50", "Write ARCHITECTURE=FILE"),
        ("resnot50={file}", "timm has no 'resnot50'"),
        ("resnet50=/nowhere/w.safetensors", "there is no file /nowhere"),
    ],
)
def test_a_mistake_is_said(weights, text, message):
    with pytest.raises(ValueError, match=message):
        read_extractor(text.format(file=weights))


def test_weights_of_another_network_are_refused(weights):
    with pytest.raises(ValueError, match="does not hold the weights of timm's resnet10t"):
        load_extractor(f"resnet10t={weights}", CPU)


def test_a_state_dict_of_torch_is_read_and_a_pickle_is_not(tmp_path):
    network = timm.create_model("test_resnet", num_classes=0)
    torch.save(network.state_dict(), tmp_path / "w.pt")
    load_extractor(f"test_resnet={tmp_path / 'w.pt'}", CPU)
    torch.save(network, tmp_path / "whole.pt")
    with pytest.raises(ValueError, match="holds more than weights"):
        load_extractor(f"test_resnet={tmp_path / 'whole.pt'}", CPU)
