"""`python -m tests.policy_pack.aws_policies`: read what AWS's managed policies allow from moto, and write it down."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import fields

from moto.iam.aws_managed_policies import aws_managed_policies_data

from policy_pack.aws_policies import COLUMNS, FILE
from policy_pack.reach import Reach, reach_of
from policy_pack.values import Props


def render() -> str:
    """Return the lines of the file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_lines())
    return text.getvalue()


def _lines() -> Iterator[list[str]]:
    assert tuple(field.name for field in fields(Reach))[: len(COLUMNS) - 1] == COLUMNS[1:]
    for name, policy in sorted(json.loads(aws_managed_policies_data).items()):
        reach = reach_of(Props(policy), "Document")
        assert not reach.unknown, name
        yield [name, *(" ".join(sorted(getattr(reach, column))) for column in COLUMNS[1:])]


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} has {render().count(chr(10)) - 1} policies\n")
