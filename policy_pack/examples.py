"""What examples are written with where a table has more types than a reader wants to see spelt out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi

from policy_pack.vocabulary import Row

OWN_ACCOUNT = "111122223333"


def declare(token: str, properties: Mapping[str, Any] | None = None, /, **more: Any) -> pulumi.CustomResource:
    """Declare a resource of any type, its properties under their wire names. It is named after its type."""
    return pulumi.CustomResource(token, token.rpartition(":")[2], {**(properties or {}), **more})


def allow(action: Any = "*", **statement: Any) -> str:
    """Return a policy document with one statement that allows; `Action=None` and the like leave an element out."""
    given = {"Effect": "Allow", "Action": action, **statement}
    kept = {key: value for key, value in given.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


def declare_rows(table: Mapping[str, Row]) -> None:
    """Declare a resource of every type of a table, with the first value that its row allows."""
    for token, row in table.items():
        name, *inside = row.path
        value = row.allowed[0]
        for key in reversed(inside):
            value = {key: value}
        declare(token, {name: value})
