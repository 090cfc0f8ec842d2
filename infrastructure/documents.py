"""Policy documents in the IAM language, as JSON text.

Enters: statements as plain dictionaries. Leaves: the text that AWS takes. Statements name accounts, regions and
physical names rather than ARNs that AWS hands out, so that most documents are known, and judged, at preview.
"""

from __future__ import annotations

from typing import Any

import pulumi

Statement = dict[str, Any]


def document(*statements: Statement) -> pulumi.Output[str]:
    """A policy document; the statements may hold outputs of other resources."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


def trust(service: str, conditions: dict[str, dict[str, str]] | None = None) -> pulumi.Output[str]:
    """A trust policy that lets one AWS service assume a role, under `conditions` where the service sends them."""
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document({**statement, "Condition": conditions} if conditions else statement)


def account_root(account: str) -> dict[str, str]:
    """The account itself as a principal: whom its own IAM policies allow, and nobody else."""
    return {"AWS": f"arn:aws:iam::{account}:root"}
