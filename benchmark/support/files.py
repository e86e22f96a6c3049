"""Files that appear whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PARTIAL = ".partial"  # ends the name of a folder that is still being written


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write strict JSON (no NaN) so that a reader sees the old file or the new one, never half."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    os.replace(partial, path)
