"""What all records share: a frozen model, read and validated in one way."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from benchmark.support.files import write_text
from benchmark.support.validation import problems_of

SCHEMA: Literal[3] = 3
READABLE = (2, 3)  # 2 lacks fields that have a default now
SHOWN = 3  # problems of a file that are told

R = TypeVar("R", bound="Record")


def _finite(value: Any) -> Any:
    """Refuse a value that holds NaN, infinity or a whole number too large for a float."""
    if isinstance(value, dict):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_finite, value))
    if isinstance(value, int | float) and not abs(value) <= sys.float_info.max:
        raise ValueError("must hold finite numbers only")
    return value


# The type Any takes every number, also under allow_inf_nan=False; JSON has no word for these.
AnyValues = Annotated[dict[str, Any], AfterValidator(_finite)]


class Part(BaseModel):
    """A part of a record: no unknown names, no NaN, no other types."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True
    )


class Record(Part):
    """The content of one file of a run folder, with the version of its form."""

    version: Literal[2, 3] = Field(default=SCHEMA, alias="schema")


class UnreadableRecord(ValueError):
    """A file of a run folder is not what this version writes; the text says what to do."""


def read_record(path: Path, kind: type[R], repair: str = "Do the run again") -> R:
    """Read a JSON file; raises UnreadableRecord with the path, what is wrong and what to do."""
    try:
        content = path.read_bytes()
        found = json.loads(content)
        schema = found.get("schema") if isinstance(found, dict) else None
        if schema in READABLE:
            return kind.model_validate_json(content)
        words = f"it has schema {schema!r}, this version reads {' and '.join(map(str, READABLE))}"
    except ValidationError as error:
        problems = problems_of(error)
        more = f"; {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        words = "; ".join(problems[:SHOWN]) + more
    except OSError as error:
        words = f"it cannot be opened ({type(error).__name__})"
    except (ValueError, RecursionError):
        words = "it holds no JSON"
    raise UnreadableRecord(
        f"{path} cannot be read: {words}. {repair}, or read it with the version of Equipoise that "
        "wrote it."
    )


def write_record(path: Path, record: Record) -> None:
    """Write a record as JSON, whole or not at all."""
    write_text(path, record.model_dump_json(indent=1, by_alias=True) + "\n")
