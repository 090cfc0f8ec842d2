"""Secrets, their replicas and their rotation."""

import io
import zipfile
from typing import Any

from tests.sandbox.conformance.case import TRUST, Account, Case, tags_of

_FIRST_VALUE = """
import boto3

def handler(event, context):
    if event["Step"] == "finishSecret":
        secrets = boto3.client("secretsmanager")
        secrets.put_secret_value(
            SecretId=event["SecretId"],
            ClientRequestToken=event["ClientRequestToken"],
            SecretString="made by the function",
            VersionStages=["AWSCURRENT"],
        )
"""


def _secret(account: Account, arn: str) -> dict[str, Any] | None:
    found = account.client("secretsmanager").describe_secret(SecretId=arn)
    if "DeletedDate" in found:
        return None
    return {
        "description": found.get("Description"),
        "key": found["KmsKeyId"],
        "replicas": {one["Region"]: one["KmsKeyId"] for one in found.get("ReplicationStatus", [])},
        "tags": tags_of(found["Tags"]),
    }


def _describe_by_hand(account: Account, arn: str) -> None:
    account.client("secretsmanager").update_secret(SecretId=arn, Description="by hand")


def _function(account: Account, name: str = "case-rotation") -> str:
    """The ARN of a function that gives a secret its value."""
    role = f"{name}-role"
    account.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=TRUST % "lambda.amazonaws.com")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("rotate.py", _FIRST_VALUE)
    created = account.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=f"arn:aws:iam::123456789012:role/{role}",
        Handler="rotate.handler",
        Code={"ZipFile": buffer.getvalue()},
    )
    return str(created["FunctionArn"])


def _empty_secret(account: Account) -> str:
    return str(account.client("secretsmanager").create_secret(Name="case-rotated")["ARN"])


def _rotation(account: Account, arn: str) -> dict[str, Any] | None:
    secrets = account.client("secretsmanager")
    found = secrets.describe_secret(SecretId=arn)
    if not found.get("RotationEnabled"):
        return None
    return {
        "function": found["RotationLambdaARN"].rpartition(":")[2],
        "rules": found["RotationRules"],
        "value": secrets.get_secret_value(SecretId=arn)["SecretString"],
    }


def _rotate_yearly(account: Account, arn: str) -> None:
    account.client("secretsmanager").rotate_secret(
        SecretId=arn, RotationRules={"AutomaticallyAfterDays": 365}, RotateImmediately=False
    )


CASES = (
    Case(
        "aws:secretsmanager/secret:Secret",
        inputs=lambda account: {
            "name": "case-secret",
            "description": "first",
            "kmsKeyId": account.key(),
            "recoveryWindowInDays": 7,
            "replicas": [{"region": "us-west-1", "kmsKeyId": "alias/case"}],
            "tags": {"class": "restricted", "owner": "data"},
        },
        seen=_secret,
        created=lambda inputs: {
            "description": "first",
            "key": inputs["kmsKeyId"],
            "replicas": {"us-west-1": "alias/case"},
            "tags": {"class": "restricted", "owner": "data"},
        },
        update={
            "description": "second",
            "replicas": [{"region": "us-west-1", "kmsKeyId": "alias/other"}],
            "tags": {"class": "internal"},
        },
        updated=lambda inputs: {
            "description": "second",
            "key": inputs["kmsKeyId"],
            "replicas": {"us-west-1": "alias/other"},
            "tags": {"class": "internal"},
        },
        drift=_describe_by_hand,
        drifted={"description": "by hand"},
        outputs=("arn", "kmsKeyId", "name", "region", "tagsAll"),
        never="arn:aws:secretsmanager:us-west-2:123456789012:secret:never-a1b2c3",
    ),
    Case(
        "aws:secretsmanager/secretRotation:SecretRotation",
        inputs=lambda account: {
            "secretId": _empty_secret(account),
            "rotationLambdaArn": _function(account),
            "rotationRules": {"automaticallyAfterDays": 30},
        },
        seen=_rotation,
        created={
            "function": "case-rotation",
            "rules": {"AutomaticallyAfterDays": 30},
            "value": "made by the function",
        },
        update={"rotationRules": {"scheduleExpression": "rate(10 days)"}},
        updated={
            "function": "case-rotation",
            "rules": {"ScheduleExpression": "rate(10 days)"},
            "value": "made by the function",
        },
        drift=_rotate_yearly,
        drifted={"rotationRules": {"automaticallyAfterDays": 365}},
        outputs=("secretId", "rotationLambdaArn", "rotationRules", "rotationEnabled", "region"),
        never="arn:aws:secretsmanager:us-west-2:123456789012:secret:never-a1b2c3",
    ),
)
