import subprocess
import sys
import threading
import time

import pytest

from benchmark.support.cache import ContentCache, digest


def test_the_order_of_keys_does_not_change_the_digest():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert len(digest({})) == 16


def test_nan_has_no_digest():
    with pytest.raises(ValueError):
        digest({"a": float("nan")})


def test_a_folder_is_built_once_per_key(tmp_path):
    built = []

    def build(folder):
        built.append(folder)
        (folder / "thing").write_text("x")

    cache = ContentCache(tmp_path)
    first = cache.folder("kind", {"a": 1}, build)
    assert cache.folder("kind", {"a": 1}, build) == first
    assert cache.folder("kind", {"a": 2}, build) != first
    assert len(built) == 2
    assert (first / "thing").read_text() == "x"


def test_a_build_that_fails_leaves_nothing_and_may_be_tried_again(tmp_path):
    cache = ContentCache(tmp_path)

    def fail(folder):
        (folder / "half").touch()
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        cache.folder("kind", {}, fail)
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == []
    folder = cache.folder("kind", {}, lambda folder: (folder / "whole").touch())
    assert sorted(p.name for p in folder.iterdir()) == ["key.json", "whole"]


def test_threads_that_ask_together_get_one_build(tmp_path):
    built = []

    def build(folder):
        time.sleep(0.1)
        built.append(folder)

    ask = [
        threading.Thread(target=ContentCache(tmp_path).folder, args=("kind", {}, build))
        for _ in range(4)
    ]
    for thread in ask:
        thread.start()
    for thread in ask:
        thread.join()
    assert len(built) == 1


KILLED = """
import os, sys
from pathlib import Path
from benchmark.support.cache import ContentCache

def build(folder):
    (folder / "half").touch()
    os._exit(9)

ContentCache(Path(sys.argv[1])).folder("kind", {}, build)
"""


def test_a_killed_build_does_not_block_or_spoil_the_next(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == 9
    folder = ContentCache(tmp_path).folder("kind", {}, lambda folder: (folder / "whole").touch())
    assert sorted(p.name for p in folder.iterdir()) == ["key.json", "whole"]


def test_a_build_that_resumes_finds_what_a_killed_one_left(tmp_path):
    def half(folder):
        (folder / "half").touch()
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        ContentCache(tmp_path).folder("kind", {}, half, resumes=True)
    found = []
    build = lambda folder: found.extend(p.name for p in folder.iterdir())  # noqa: E731
    ContentCache(tmp_path).folder("kind", {}, build, resumes=True)
    assert found == ["half"]
