"""AWS's own managed policies: a name in, how far the policy reaches out.

`aws_policies.csv` has a line for each of them, and in it only the actions that some way to more rights takes, with
spaces between them. Its source is the AWS Managed Policy Reference as moto keeps it, from which
`python -m tests.policy_pack.aws_policies` writes it anew.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from policy_pack.reach import Reach

FILE = Path(__file__).with_name("aws_policies.csv")
COLUMNS = ("policy", "somewhere", "everywhere", "passes", "denied")


@cache
def reach_of(name: str) -> Reach | None:
    """Return how far a policy reaches, by its name without a path; None where AWS has none of that name."""
    line = _lines().get(name)
    if line is None:
        return None
    somewhere, everywhere, passes, denied = (frozenset(line[column].split()) for column in COLUMNS[1:])
    return Reach(somewhere, everywhere, passes, denied)


@cache
def _lines() -> Mapping[str, Mapping[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return {line[COLUMNS[0]]: line for line in csv.DictReader(file, strict=True)}
