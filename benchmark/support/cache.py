"""A folder of finished things, each under the hash of what it was made from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from benchmark.support.files import PARTIAL


def digest(value: Any) -> str:
    """Return 16 hex digits that identify a JSON-ready value; key order does not matter."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ContentCache:
    """Builds a folder once, whoever asks first; others wait for it and read it."""

    root: Path

    def folder(
        self,
        kind: str,
        key: Mapping[str, Any],
        build: Callable[[Path], None],
        *,
        resumes: bool = False,
    ) -> Path:
        """Return the finished folder for key, calling build(folder) if there is none.

        A build is made beside its place and renamed when whole. One that raises leaves nothing
        behind, unless it resumes: then the next build of this key finds what there is. What a
        killed build left is removed before the next.
        """
        target = self.root / f"{kind}-{digest(key)}"
        if target.is_dir():
            return target
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock"):
            if not target.is_dir():
                partial = Path(f"{target}{PARTIAL}")
                if not resumes:
                    shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(exist_ok=True)
                try:
                    build(partial)
                except BaseException:
                    if not resumes:
                        shutil.rmtree(partial, ignore_errors=True)
                    raise
                (partial / "key.json").write_text(json.dumps(key, sort_keys=True, indent=1))
                os.replace(partial, target)
        return target
