"""Keys and aliases."""

import json
from typing import Any
from unittest.mock import ANY

from tests.sandbox.conformance.case import Account, Case, tags_of


def _policy(sid: str) -> dict[str, Any]:
    root = {"AWS": "arn:aws:iam::123456789012:root"}
    statement = {"Sid": sid, "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _key(account: Account, key: str) -> dict[str, Any] | None:
    kms = account.client("kms")
    found = kms.describe_key(KeyId=key)["KeyMetadata"]
    if found["KeyState"] == "PendingDeletion":
        return None
    rotation = kms.get_key_rotation_status(KeyId=key)
    return {
        "description": found["Description"],
        "enabled": found["Enabled"],
        "rotates": rotation["KeyRotationEnabled"] and rotation["RotationPeriodInDays"],
        "tags": tags_of(kms.list_resource_tags(KeyId=key)["Tags"]),
        "policy": json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]),
    }


def _alias(account: Account, name: str) -> dict[str, Any] | None:
    aliases = account.client("kms").list_aliases()["Aliases"]
    return next(({"key": alias["TargetKeyId"]} for alias in aliases if alias["AliasName"] == name), None)


CASES = (
    Case(
        "aws:kms/key:Key",
        inputs=lambda _: {
            "description": "first",
            "enableKeyRotation": True,
            "rotationPeriodInDays": 180,
            "deletionWindowInDays": 7,
            "policy": json.dumps(_policy("Root"), indent=2),
            "tags": {"class": "restricted", "owner": "data"},
        },
        seen=_key,
        created={
            "description": "first",
            "enabled": True,
            "rotates": 180,
            "tags": {"class": "restricted", "owner": "data"},
            "policy": _policy("Root"),
        },
        update={
            "description": None,
            "enableKeyRotation": None,
            "rotationPeriodInDays": None,
            "isEnabled": False,
            "tags": {"class": "public", "service": "web"},
            "policy": json.dumps(_policy("Base")),
        },
        updated={
            "description": "",
            "enabled": False,
            "rotates": False,
            "tags": {"class": "public", "service": "web"},
            "policy": _policy("Base"),
        },
        drift=lambda account, key: account.client("kms").enable_key(KeyId=key),
        drifted={"isEnabled": True},
        outputs=("arn", "keyId", "keyUsage", "policy", "region", "tagsAll"),
        never="00000000-0000-0000-0000-000000000000",
    ),
    Case(
        "aws:kms/alias:Alias",
        inputs=lambda account: {"name": "alias/case", "targetKeyId": account.key()},
        seen=_alias,
        created=lambda inputs: {"key": inputs["targetKeyId"].rpartition("/")[2]},
        update=lambda account: {"targetKeyId": account.key()},
        updated=lambda inputs: {"key": inputs["targetKeyId"].rpartition("/")[2]},
        drift=lambda account, name: account.client("kms").update_alias(AliasName=name, TargetKeyId=account.key()),
        drifted={"targetKeyId": ANY},
        outputs=("arn", "name", "targetKeyArn", "targetKeyId", "region"),
        never="alias/never",
    ),
)
