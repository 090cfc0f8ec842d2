"""The Lambda function that rotates secrets which only the application knows: random values in place of old ones.

Enters: the step, the secret and the token of the new version, from Secrets Manager. Leaves: nothing but what the steps
do; no value is returned or logged. There is no service to tell a new value to, so that `setSecret` has nothing to do. A
secret without a value is given its first one, so that no program ever holds it. It runs by itself: the runtime has
boto3, and nothing of this repository. Source: "Rotation by Lambda function" in the Secrets Manager user guide.
"""

from __future__ import annotations

from typing import Any

import boto3
from botocore.exceptions import ClientError

LENGTH = 64
"""Django warns of a signing key that is shorter than 50 characters."""


def handler(event: dict[str, str], _context: object) -> None:
    """Take one of the four steps of a rotation. Each may come twice, and does nothing then that was done before."""
    secrets = boto3.client("secretsmanager")
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    described = secrets.describe_secret(SecretId=secret)
    versions = described.get("VersionIdsToStages", {})
    if token not in versions and step != "createSecret":
        raise ValueError(f"the version {token} is no version of the secret")
    if "AWSCURRENT" in versions.get(token, ()):
        return
    if step == "createSecret":
        _create(secrets, secret, token)
    elif step == "testSecret":
        if len(secrets.get_secret_value(SecretId=secret, VersionId=token)["SecretString"]) < LENGTH:
            raise ValueError("the new value is too short")
    elif step == "finishSecret":
        _finish(secrets, secret, token, versions)
    elif step != "setSecret":
        raise ValueError(f"{step} is not a step of a rotation")


def _create(secrets: Any, secret: str, token: str) -> None:
    try:
        secrets.get_secret_value(SecretId=secret, VersionId=token, VersionStage="AWSPENDING")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        value = secrets.get_random_password(PasswordLength=LENGTH)["RandomPassword"]
        secrets.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
        )


def _finish(secrets: Any, secret: str, token: str, versions: dict[str, list[str]]) -> None:
    current = next((version for version, stages in versions.items() if "AWSCURRENT" in stages), None)
    moved = {} if current is None else {"RemoveFromVersionId": current}
    secrets.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, **moved)
