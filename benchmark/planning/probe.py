"""How fast is this machine? Some steps of the preset's classifier say what a run of erm takes."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmark.planning.costs import Costs
from benchmark.planning.environment import package_version
from benchmark.planning.plan import PlannedRun
from benchmark.planning.run_spec import RunSpec
from benchmark.support.cache import digest
from benchmark.support.files import write_json

MEMORY = "probes.json"  # in the user's cache: seconds of a run of erm, by machine and settings
LONGEST = 3.0  # seconds of training steps, and as many again of predicting
MOST_STEPS = 12
REST = 1.3  # augmentation, averaging of weights, reading and asking, as a factor on the network


def costs_here(planned: Sequence[PlannedRun], runs: Path, *, measure: bool = False) -> Costs:
    """Learn from the finished runs of a folder; of a preset that has none, from a probe.

    measure: probe the machine now if it never was; else only what it remembers counts.
    """
    costs, (first, *_) = Costs.of(runs), planned
    to_do = any(run.status != "done" for run in planned)
    if to_do and not costs.knows(first.spec.preset.name):
        ask = probed_seconds if measure else remembered_seconds
        costs.erm = ask(first.spec, str(first.config.environment["device"]))
    return costs


def probed_seconds(spec: RunSpec, device: str) -> float:
    """Return what a run of erm takes here, in seconds; probed once per machine and preset.

    It takes under ten seconds, and is off where the machine is busy with other work just now.
    """
    known = remembered_seconds(spec, device)
    if known is not None:
        return known
    seconds = _probe(spec, device)
    spec.cache.mkdir(parents=True, exist_ok=True)
    write_json(spec.cache / MEMORY, {**_memory(spec.cache), _key(spec, device): seconds})
    return seconds


def remembered_seconds(spec: RunSpec, device: str) -> float | None:
    """Return what an earlier probe of this machine and preset said; None: there was none."""
    seconds = _memory(spec.cache).get(_key(spec, device))
    return float(seconds) if isinstance(seconds, int | float) else None


def _memory(cache: Path) -> dict[str, Any]:
    """Read the memory; what cannot be read is as good as none: it is measured again."""
    try:
        found = json.loads((cache / MEMORY).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _key(spec: RunSpec, device: str) -> str:
    preset = spec.preset.as_dict()
    machine = [platform.node(), platform.processor(), os.cpu_count(), device]
    settings = [preset["source"], preset["classifier"], preset["run"]["threads"]]
    return digest([*machine, *settings, package_version("torch")])


def _probe(spec: RunSpec, device: str) -> float:
    """Time training steps and predictions of the preset's classifier on noise."""
    import timm
    import torch

    from benchmark.support.devices import choose_precision

    settings, sizes, place = spec.preset.classifier, spec.preset.source, torch.device(device)
    bfloat16 = choose_precision(place) == "bfloat16"
    before = torch.get_num_threads()
    torch.set_num_threads(spec.preset.run.threads)
    generator = torch.Generator().manual_seed(0)
    shape = (settings.batch_size, 1, sizes.image_size, sizes.image_size)
    images = torch.randn(shape, generator=generator).to(place)
    network: torch.nn.Module = timm.create_model(settings.backbone, in_chans=1, num_classes=2)
    network = network.to(place).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)

    def step() -> None:
        with torch.autocast(place.type, torch.bfloat16, enabled=bfloat16):
            loss: torch.Tensor = network(images).float().square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        loss.item()  # waits for a GPU

    def predict() -> None:
        with torch.inference_mode():
            network(images).sum().item()

    try:
        training, predicting = _seconds_each(step), _seconds_each(predict)
    finally:
        torch.set_num_threads(before)
    asked = sizes.val * (settings.evaluations + 1) + sizes.test + sizes.recruited
    forward = predicting * asked / settings.batch_size
    return REST * (training * settings.steps + forward)


def _seconds_each(work: Callable[[], None]) -> float:
    """Return the seconds of one call, after one that warms up."""
    work()
    started, done = time.perf_counter(), 0
    while done < MOST_STEPS and (not done or time.perf_counter() - started < LONGEST):
        work()
        done += 1
    return (time.perf_counter() - started) / done
