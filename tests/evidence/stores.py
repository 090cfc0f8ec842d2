"""Stores of bundles for tests: what is in them, what they answer, and what `verify` finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from bench.event_logs import TYPES, urn
from evidence import options
from evidence.history import ask
from evidence.signing import load_public_key
from evidence.verification import verify_all
from policy_pack.pack import PACK

Collect: TypeAlias = Callable[..., str]
Run: TypeAlias = Callable[..., tuple[int, str, str]]
URL = "s3://evidence/of/stacks"
"""A store in the bucket."""
BROKEN = (
    next(rule.id for rule in PACK.rules_on(TYPES[5]) if rule.controls and not rule.needs_graph),
    urn("dev", TYPES[5], "r5"),
)
"""The violation in the logs: the rule, and the resource."""
DOCUMENTATION = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
DOCUMENTED = re.findall(r"```sql\n(.*?)```", DOCUMENTATION, re.DOTALL)
"""The queries that it shows."""


def answer(where: Path | str, sql: str) -> tuple[list[str], list[Any]]:
    """What answers a query: the names of the columns, and the rows."""
    with ask(str(where), sql, options.MEMORY) as (names, rows):
        return names, list(rows)


def bundles(store: Path) -> list[Path]:
    """The folders of the bundles, oldest first."""
    return sorted((store / "bundles").iterdir())


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def keys(client: Any) -> list[str]:
    """The keys of everything in the bucket."""
    return [entry["Key"] for entry in client.list_objects_v2(Bucket="evidence").get("Contents", ())]


def wrong(where: Path, key: Path) -> list[str]:
    """What `verify` finds, a line each."""
    public = load_public_key(key.with_suffix(".pub.pem"))
    return [f"{bundle.name}: {problem}" for bundle in verify_all(str(where), public) for problem in bundle.wrong]
