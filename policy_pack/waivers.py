"""Waivers: violations that people accepted for a time, each for named resources, with a reason and an approver."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

LONGEST_DAYS = 90
"""Days from approval to expiry at most (handbook, risk assessment: an accepted risk expires)."""
NEVER_WAIVED = ("waivers_in_force", "waivers_needed")
"""The rules on waivers: one that could be waived would let the others outlive their day."""
_LEAST_LITERAL = 4
_URN_PARTS = 4


@dataclass(frozen=True)
class Waiver:
    """An accepted violation of one rule, by the resources whose URN matches, through the day it expires.

    `where` is the file and line that it was read from.
    """

    rule: str
    resource: str
    reason: str
    ticket: str
    requester: str
    approver: str
    approved: datetime.date
    expires: datetime.date
    where: str

    def covers(self, rule: str, urn: str) -> bool:
        """Return whether the waiver is for this rule and resource, in force or not."""
        return rule == self.rule and self._pattern.fullmatch(urn) is not None

    def is_of(self, stack_urn: str) -> bool:
        """Return whether the waiver is for the stack with this URN."""
        return self.resource.split("::")[:2] == stack_urn.split("::")[:2]

    def in_force(self, today: datetime.date) -> bool:
        """Return whether the waiver holds on a day."""
        return self.approved <= today <= self.expires

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(".*".join(map(re.escape, self.resource.split("*"))), re.DOTALL)

    def __str__(self) -> str:
        """Tell everything about it but the rule and the resource, in the form that every message has."""
        return (
            f"{self.expires}: {self.reason} "
            f"({self.ticket}, requested by {self.requester}, approved by {self.approver} on {self.approved})"
        )


def problems(waiver: Waiver) -> Iterator[str]:
    """Yield why a waiver may not stand, whatever the day is."""
    if waiver.rule in NEVER_WAIVED:
        yield f"{waiver.rule} can't be waived"
    if _plain(waiver.approver) == _plain(waiver.requester):
        yield "approver is the requester"
    if waiver.expires < waiver.approved:
        yield "expires before it is approved"
    if (waiver.expires - waiver.approved).days > LONGEST_DAYS:
        yield f"expires more than {LONGEST_DAYS} days after it is approved"
    parts = waiver.resource.split("::", _URN_PARTS - 1)
    if not waiver.resource.startswith("urn:pulumi:") or len(parts) != _URN_PARTS or not all(parts):
        yield "resource is no URN (urn:pulumi:STACK::PROJECT::TYPE::NAME)"
    elif any("*" in part for part in parts[:-1]):
        yield "resource is over-broad: stack, project and type are written out, * may stand in the name alone"
    elif "*" in parts[-1] and len(parts[-1].replace("*", "")) < _LEAST_LITERAL:
        yield f"resource is over-broad: a name with * has {_LEAST_LITERAL} other characters at least"


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
