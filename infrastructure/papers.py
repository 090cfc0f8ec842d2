"""The papers of a diagnostic access to a self-hosted installation: who looks, from where, how long, by what right.

Enters: the setting's value and the time. Leaves: `Papers`, in order, or one line that says what is wrong with them.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from infrastructure.promises import DIAGNOSTIC_DAYS


class PapersError(ValueError):
    """What is wrong with the papers, in a few words."""


_REFERENCE = r"[A-Za-z0-9][A-Za-z0-9./#-]{0,62}"
_PATTERNS = {
    "ticket": (_REFERENCE, "the reference of a ticket"),
    "dpa": (_REFERENCE, "the reference of the data processing agreement"),
    "nda": (_REFERENCE, "the reference of the mutual NDA"),
    "scc": (_REFERENCE, "the reference of the standard contractual clauses, or none outside the US"),
    "accessor": (r"arn:aws:iam::\d{12}:(user|role)/[\w+=,.@/-]{1,128}", "the ARN of one user or role in IAM"),
    "country": (r"[A-Z]{2}", "the accessor's country in two capital letters"),
    "external_id": (r"[A-Za-z0-9+=,.@:/-]{8,64}", "an external id of 8 to 64 characters"),
    "source": (r"[0-9.]+/(3[0-2]|2[4-9])", "an IPv4 network of /24 or smaller"),
    "begins": (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "a time in UTC, as 2026-03-01T08:00:00Z"),
    "ends": (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "a time in UTC, as 2026-03-01T08:00:00Z"),
}


@dataclass(frozen=True)
class Papers:
    """One access: who, from where, from when until when, and by which documents. `scc` is `none` outside the US."""

    ticket: str
    dpa: str
    nda: str
    scc: str
    accessor: str
    country: str
    external_id: str
    source: str
    begins: str
    ends: str

    def problems(self, now: datetime.datetime) -> Iterator[str]:
        """What is wrong with the papers at this moment, each in a few words."""
        for field in fields(self):
            pattern, meaning = _PATTERNS[field.name]
            if re.fullmatch(pattern, getattr(self, field.name), re.ASCII) is None:
                yield f"{_wire(field.name)} must be {meaning}"
                return
        if not _is_network(self.source):
            yield f"source must be {_PATTERNS['source'][1]}"
        for name in ("dpa", "nda", "ticket"):
            if getattr(self, name) == "none":
                yield f"{name} must be given"
        if self.country == "US" and self.scc == "none":
            yield "scc must be given for an accessor in the US"
        yield from self._time_problems(now)

    def _time_problems(self, now: datetime.datetime) -> Iterator[str]:
        try:
            begins, ends = (datetime.datetime.fromisoformat(moment) for moment in (self.begins, self.ends))
        except ValueError:
            yield "begins and ends must be times that there are"
            return
        if not begins < ends <= begins + datetime.timedelta(days=DIAGNOSTIC_DAYS.high):
            yield f"ends must be after begins, by {DIAGNOSTIC_DAYS.high} days at most"
        elif ends <= now:
            yield "ends is over: take the setting out, and the role goes with it"


def _is_network(text: str) -> bool:
    try:
        ipaddress.IPv4Network(text)

    except ValueError:
        return False
    return True


def read_papers(given: object, now: datetime.datetime) -> Papers:
    """Papers from a setting's value. Raises `PapersError` that says what is wrong."""
    names = {_wire(field.name): field.name for field in fields(Papers)}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise PapersError("it must be an object of texts")
    if given.keys() != names.keys():
        missing, unknown = sorted(names.keys() - given.keys()), sorted(given.keys() - names.keys())
        raise PapersError(f"{missing[0]} is missing" if missing else f"{unknown[0]} is none of its members")
    papers = Papers(**{names[key]: value for key, value in given.items()})
    for problem in papers.problems(now):
        raise PapersError(problem)
    return papers


def _wire(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
