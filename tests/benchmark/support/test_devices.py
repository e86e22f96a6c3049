import pytest
import torch

from benchmark.support.devices import choose_device


@pytest.mark.parametrize("wanted", ["tpu", "", "cuda:", "cpu:0", "GPU"])
def test_an_unknown_device_is_refused_in_a_sentence(wanted):
    with pytest.raises(ValueError, match=f"Device '{wanted}' is unknown; allowed: auto, cpu, cuda"):
        choose_device(wanted)


@pytest.mark.parametrize(
    ("wanted", "there", "words"), [("cuda", 0, "no GPU"), ("cuda:2", 2, "2 GPUs, numbered from 0")]
)
def test_a_gpu_that_is_not_there_is_refused(wanted, there, words, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    with pytest.raises(ValueError, match=f"sees {words}. Use --device auto or cpu"):
        choose_device(wanted)


def test_the_cpu_is_always_there():
    assert choose_device("cpu") == torch.device("cpu")
