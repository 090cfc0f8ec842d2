"""The forms that values of settings have: how each is read, and what is allowed, in words.

Enters: what a setting may be, and the promise behind it. Leaves: the metadata of a field of `Settings`: `parse`, which
raises `ValueError`, `KeyError` or `TypeError` for any other text, `allowed` and `promise`.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from collections.abc import Iterable
from typing import Any

from infrastructure import promises
from infrastructure.papers import Papers, read_papers
from infrastructure.promises import Limit

_PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""RFC 1918."""


def text(pattern: str, allowed: str, promise: str) -> dict[str, Any]:
    """A text that matches a regular expression; `allowed` says the same in words."""

    def parse(raw: str) -> str:
        if not re.fullmatch(pattern, raw):
            raise ValueError
        return raw

    return {"parse": parse, "allowed": f"must be {allowed}", "promise": promise}


def one_of(choices: Iterable[str], promise: str) -> dict[str, Any]:
    """One of some texts, such as the members of an enumeration."""
    by_text = {str(choice): choice for choice in choices}
    return {"parse": by_text.__getitem__, "allowed": f"must be {' or '.join(by_text)}", "promise": promise}


def number(limit: Limit) -> dict[str, Any]:
    """A whole number within a limit."""

    def parse(raw: str) -> int:
        value = int(raw)
        if not limit.holds(value):
            raise ValueError
        return value

    return {"parse": parse, "allowed": f"must be {limit.allowed}", "promise": limit.promise}


def flag(promise: str) -> dict[str, Any]:
    """True or false."""
    return {"parse": {"true": True, "false": False}.__getitem__, "allowed": "must be true or false", "promise": promise}


def network() -> dict[str, Any]:
    """The address range of a network."""
    low, high = promises.VPC_PREFIX.low, promises.VPC_PREFIX.high

    def parse(raw: str) -> str:
        given = ipaddress.IPv4Network(raw)
        private = any(given.subnet_of(ipaddress.IPv4Network(block)) for block in _PRIVATE_NETWORKS)
        if not private or not low <= given.prefixlen <= high:
            raise ValueError
        return raw

    allowed = f"must be a private IPv4 network, /{low} to /{high}, with no host bits set"
    return {"parse": parse, "allowed": allowed, "promise": promises.VPC_PREFIX.promise}


def zones() -> dict[str, Any]:
    """The zones of the home region that a stack spans."""

    def parse(raw: str) -> tuple[str, ...]:
        given = json.loads(raw)
        if not isinstance(given, list) or not len(given) == len(set(given)) == promises.ZONES.low:
            raise ValueError
        if any(re.fullmatch(f"{promises.HOME_REGION}[a-d]", zone) is None for zone in given):
            raise ValueError
        return tuple(given)

    allowed = f"must be a list of three different zones of {promises.HOME_REGION}, a to d"
    return {"parse": parse, "allowed": allowed, "promise": promises.ZONES.promise}


def accounts() -> dict[str, Any]:
    """Ids of AWS accounts."""

    def parse(raw: str) -> tuple[str, ...]:
        given = json.loads(raw)
        if not isinstance(given, list) or len(given) != len(set(given)):
            raise ValueError
        if any(not isinstance(account, str) or re.fullmatch(r"\d{12}", account) is None for account in given):
            raise ValueError
        return tuple(given)

    return {
        "parse": parse,
        "allowed": "must be a list of different AWS account ids, each a text of twelve digits",
        "promise": "System Access Control: people come from accounts that are named",
    }


def papers() -> dict[str, Any]:
    """The papers of diagnostic access."""

    def parse(raw: str) -> Papers:
        return read_papers(json.loads(raw), datetime.datetime.now(datetime.UTC))

    allowed = "must be an object with ticket, dpa, nda, scc, accessor, country, externalId, source, begins and ends"
    return {"parse": parse, "allowed": allowed, "promise": promises.DIAGNOSTIC_DAYS.promise}
