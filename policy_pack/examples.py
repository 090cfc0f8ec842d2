"""What examples are written with where a table has more types than a reader wants to see spelt out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pulumi

from policy_pack.register_columns import SCHEMA
from policy_pack.register_files import parse
from policy_pack.registers import Registers
from policy_pack.vocabulary import Rows, rows_of

OWN_ACCOUNT = "111122223333"


def declare(token: str, properties: Mapping[str, Any] | None = None, /, **more: Any) -> pulumi.CustomResource:
    """Declare a resource of any type, its properties under their wire names. It is named after its type."""
    return pulumi.CustomResource(token, token.rpartition(":")[2], {**(properties or {}), **more})


def allow(action: Any = "*", **statement: Any) -> str:
    """Return a policy document with one statement that allows; `Action=None` and the like leave an element out."""
    given = {"Effect": "Allow", "Action": action, **statement}
    kept = {key: value for key, value in given.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


def declare_rows(table: Mapping[str, Rows], value: Any = None) -> None:
    """Declare a resource of every type of a table, with `value`, or with the first value that each row allows."""
    for token, rows in table.items():
        properties: dict[str, Any] = {}
        for row in rows_of(rows):
            least = row.allowed[0] if row.at_least is None else row.at_least
            _put(properties, row.path, least if value is None else value)
        declare(token, properties)


def _put(properties: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *above, last = (name.removesuffix("[]") for name in path)
    for name in above:
        properties = properties.setdefault(name, {})
    properties[last] = value


IN_ORDER = {"owner": "security", "since": "2025-03-15", "every": 365, "reviewed": "2026-01-15"}
# What the rows of a register hold where an example doesn't say it.
COLUMNS: dict[str, dict[str, Any]] = {
    "policies": {**IN_ORDER, "document": "https://example.com/policy"},
    "subprocessors": {
        **IN_ORDER,
        "id": "vendor/mail",
        "name": "a mail service",
        "purpose": "sends mail",
        "tier": "high",
        "accounts": ["444455556666"],
        "hosts": ["api.mail.example"],
        "announced": "2025-03-01",
        "agreement": "dpa/1",
    },
    "agreements": {**IN_ORDER, "parties": "a customer", "document": "https://example.com/agreement"},
    "transfers": {
        **IN_ORDER,
        "mechanism": "standard contractual clauses",
        "origins": ["EU", "EEA", "UK"],
        "destinations": ["us-west-2", "us-west-1"],
        "document": "https://example.com/clauses",
    },
    "access_reviews": {**IN_ORDER, "every": 90, "scope": "everybody's access"},
    "exercises": {**IN_ORDER, "every": 90, "scope": "all stores"},
    "waivers": {
        "rule": "kms_key_rotates_yearly",
        "resource": "urn:pulumi:stack::project::aws:kms/key:Key::legacy",
        "reason": "the key is replaced this month",
        "ticket": "SEC-1",
        "requester": "platform",
        "approver": "security",
        "approved": "2026-02-15",
        "expires": "2026-03-31",
    },
}


def kept(**changed: list[dict[str, Any]]) -> Registers:
    """Return registers that are in order on 2026-03-01, but for those whose rows are given."""
    import yaml

    from policy_pack.rules.governance import EXERCISES, HANDBOOK

    rows: dict[str, list[dict[str, Any]]] = {
        **{name: [] for name in SCHEMA},
        "policies": [{"id": name} for name in HANDBOOK],
        "agreements": [{"id": "dpa/1", "kind": "dpa"}, {"id": "nda/1", "kind": "nda"}],
        "transfers": [{"id": "scc-2021"}],
        "access_reviews": [{"id": "access"}],
        "exercises": [{"id": kind, "kind": kind} for kind in EXERCISES],
        **changed,
    }
    texts = {}
    for name, columns in SCHEMA.items():
        whole = [{**COLUMNS[name], **row} for row in rows[name]]
        for row in whole:
            row.update({key: date.fromisoformat(row[key]) for key in row if columns[key].kind == "day"})
        texts[name] = yaml.safe_dump(whole)
    return parse(texts, Path("registers"))
