"""How long does it take to make the test populations of a digital task, by number of cores?

    python docs/measurements/populations.py quick 1 2     # a preset, then numbers of cores

Prints seconds by the clock and of the processor; where other work shares the machine only the
latter mean something. Checks that the images do not depend on the number of cores.
"""

import dataclasses
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmark.api.data import Source
from benchmark.cohorts.identity import split_digest
from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.presets.load import load_preset


def make(name: str, source: Source) -> list[str]:
    """Load a task's splits, which makes them, and return the digests of its test populations."""
    task = load_task(find_tasks()[name])
    splits = task.load(source, task.knobs.variant(), 100)
    return [split_digest(splits.parts()[part]) for part in ("test", "recruited")]


def measure(name: str, preset: str, cores: int) -> list[str]:
    """Make the populations of a preset with so many cores, and print what it took."""
    os.sched_setaffinity(0, set(range(cores)))
    settings = dataclasses.replace(load_preset(preset).source, train=4, val=4)
    with tempfile.TemporaryDirectory() as folder:
        source = Source(cache=Path(folder), **dataclasses.asdict(settings))
        clock, processor = time.monotonic(), time.process_time()
        digests = make(name, source)
        clock, processor = time.monotonic() - clock, time.process_time() - processor
    n = settings.test + settings.recruited
    print(f"{name}: {n} patients, {cores} core(s): {clock:.0f} s, {processor:.0f} s of processor")
    return digests


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    for name in sorted(find_tasks()):
        found = [measure(name, sys.argv[1], int(cores)) for cores in sys.argv[2:]]
        if any(digests != found[0] for digests in found):
            sys.exit(f"{name}: the images depend on the number of cores")
