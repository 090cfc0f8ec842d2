"""What is told of one judgement of a stack: it goes to a file, and comes back from a file that nobody vouches for.

A job that may write comments reads summaries that a job without that right has written, next to the program under
review. Whatever isn't exactly a summary is refused.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

FILE = "summary.json"
LARGEST_FILE = 8 * 1024 * 1024
"""Bytes: some ten thousand findings."""


class SummaryError(ValueError):
    """A file is no summary; the text says why, in a line."""


class Outcome(StrEnum):
    """Whether a change may go on. Only `PASSED` lets it."""

    PASSED = "passed"
    BLOCKED = "blocked"
    DRIFTED = "drifted"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


@dataclass(frozen=True)
class Change:
    """What the engine would do, or did, with one resource."""

    operation: str
    type: str
    name: str


@dataclass(frozen=True)
class Finding:
    """A result that someone has to look at; `line` is 0 where the constructor's place is not known."""

    rule: str
    verdict: str
    severity: str
    blocking: bool
    type: str
    name: str
    message: str
    fix: str
    path: str
    line: int


@dataclass(frozen=True)
class Summary:
    """One judgement of one stack; `verdicts` counts results, `problems` says why it is not to be relied on."""

    stack: str
    commit: str
    outcome: Outcome
    verdicts: dict[str, int]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    problems: tuple[str, ...]


def encode(summary: Summary) -> str:
    """Return a summary as JSON."""
    return json.dumps(asdict(summary), indent=1, sort_keys=True) + "\n"


def load(path: Path) -> Summary:
    """Return the summary in a file.

    Raises:
        SummaryError: it isn't one.
        OSError: the file can't be read.
    """
    if path.is_symlink():
        raise SummaryError(f"{path} is a link")
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise SummaryError(f"{path} is longer than {LARGEST_FILE // 2**20} MiB")
    try:
        summary = _decode(Summary, json.loads(data))
    except (ValueError, RecursionError) as error:
        raise SummaryError(f"{path} is no summary: {error}") from None
    return typing.cast(Summary, summary)


def _decode(kind: Any, value: Any) -> Any:
    """Return a value as a type's; every field must be there, of its type, and no other."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and isinstance(value, list):
        return tuple(_decode(arguments[0], item) for item in value)
    if origin is dict and isinstance(value, dict):
        return {key: _decode(arguments[1], item) for key, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, Outcome) and isinstance(value, str):
        return kind(value)
    if is_dataclass(kind) and isinstance(value, dict):
        return _record(typing.cast(type, kind), value)
    if not isinstance(kind, types.GenericAlias) and type(value) is kind:
        return value
    raise ValueError(f"{type(value).__name__} where {getattr(kind, '__name__', kind)} belongs")


def _record(kind: Any, value: Mapping[str, Any]) -> Any:
    hints = typing.get_type_hints(kind)
    names = {field.name for field in fields(kind)}
    if value.keys() != names:
        raise ValueError(f"{kind.__name__} lacks or adds {', '.join(sorted(value.keys() ^ names))[:100]}")
    return kind(**{name: _decode(hints[name], value[name]) for name in names})
