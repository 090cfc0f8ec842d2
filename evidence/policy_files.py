"""What a stack says to the policy pack in files: its policy configuration in; what is switched off, waived and due out.

The registers lie in the folder that the configuration names, relative to the program's folder, where the pack reads
them. One that can't be read is an error here as it is there.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from evidence.console import EvidenceError
from evidence.report.records import RegisterEntry
from evidence.results import AcceptedViolation
from policy_pack.register_columns import SCHEMA
from policy_pack.register_files import FOLDER, RegisterError, locate, read
from policy_pack.registers import NO_REGISTERS, Registers, Row

_TOLD_BY = ("name", "scope", "parties")
"""The columns that tell people what a row is about, the first that it has."""


def disabled(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the rules that a policy configuration switches off."""
    levels = {
        rule: given.get("enforcementLevel") if isinstance(given, dict) else given for rule, given in config.items()
    }
    return frozenset(rule for rule, level in levels.items() if level == "disabled")


def registers(config: Mapping[str, Any], program: str) -> Registers:
    """Return the registers that a policy configuration names, or none where it names no folder.

    Args:
        config: the policy configuration.
        program: the folder of Pulumi.yaml.

    Raises:
        EvidenceError: one of them can't be read.
    """
    owner, name = FOLDER
    given = config.get(owner)
    named = given.get(name, "") if isinstance(given, dict) else ""
    if not named:
        return NO_REGISTERS
    folder = locate(str(named), Path(program))
    try:
        return _read(folder, tuple(_stamps(folder)))
    except RegisterError as error:
        raise EvidenceError(str(error)) from None


def waivers(kept: Registers, project: str, stack: str) -> Iterator[AcceptedViolation]:
    """Yield the waivers that are for a stack, whether they are in force or not."""
    for waiver in kept.waivers:
        if waiver.is_of(f"urn:pulumi:{stack}::{project}"):
            yield AcceptedViolation(
                rule=waiver.rule,
                resource=waiver.resource,
                reason=waiver.reason,
                ticket=waiver.ticket,
                requester=waiver.requester,
                approver=waiver.approver,
                approved=waiver.approved,
                expires=waiver.expires,
            )


def due(kept: Registers, day: datetime.date) -> Iterator[RegisterEntry]:
    """Yield the rows of registers that aren't history on a day, with the day on which each is due."""
    for name, rows in kept.rows.items():
        for row in rows:
            if not row.has_ended(day):
                yield RegisterEntry(name.replace("_", " "), _told(row), row.owner, row.reviewed, row.due)


def _told(row: Row) -> str:
    about = next((str(row.more[column]) for column in _TOLD_BY if column in row.more), "")
    return f"{row.id}: {about}" if about else row.id


@lru_cache(maxsize=64)
def _read(folder: Path, _stamps: tuple[tuple[str, int, int], ...]) -> Registers:
    """Read the registers once for all stacks that share them, and again when a file has changed."""
    return read(folder)


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    for name in SCHEMA:
        path = folder / f"{name}.yaml"
        if path.is_file():
            found = path.stat()
            yield name, found.st_mtime_ns, found.st_size
