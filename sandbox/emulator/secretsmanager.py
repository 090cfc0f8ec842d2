"""Secrets Manager as documented, where moto differs: rotation runs the function, and a replica has a key of its own."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.utils import get_backend
from moto.secretsmanager.exceptions import InvalidRequestException, ResourceNotFoundException
from moto.secretsmanager.models import FakeSecret, ReplicaSecret, SecretsManagerBackend

from sandbox.emulator import function
from sandbox.emulator.extensions import put

_rotate, _describe, _replicate = SecretsManagerBackend.rotate_secret, FakeSecret.to_dict, FakeSecret.create_replicas
_move_stage = SecretsManagerBackend.update_secret_version_stage
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def install() -> None:
    """Correct moto's operations."""
    put(SecretsManagerBackend, rotate_secret, update_secret_version_stage)
    put(FakeSecret, to_dict, create_replicas)


def rotate_secret(  # noqa: PLR0913, PLR0917 - as moto has it
    self: SecretsManagerBackend,
    secret_id: str,
    client_request_token: str | None = None,
    rotation_lambda_arn: str | None = None,
    rotation_rules: dict[str, Any] | None = None,
    rotate_immediately: bool = True,  # noqa: FBT001, FBT002 - as moto has it
) -> str:
    """Rotation is asynchronous: what the function makes of it does not change the answer.

    A secret without a value is given its first one; moto takes it for an error.
    """
    secret: Any = self.describe_secret(secret_id)
    arn = rotation_lambda_arn or getattr(secret, "rotation_lambda_arn", "")
    if not arn or isinstance(secret, ReplicaSecret) or secret.is_deleted():
        return _rotate(self, secret_id, client_request_token, rotation_lambda_arn, rotation_rules, rotate_immediately)
    if any(v["version_stages"] == ["AWSPENDING"] and "secret_string" in v for v in secret.versions.values()):
        raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
    try:
        code = get_backend(self.account_id, self.region_name).get_function(arn)
    except UnknownFunctionException:
        raise ResourceNotFoundException(f"Lambda function {arn} does not exist") from None
    rules = rotation_rules or getattr(secret, "rotation_rules", {})
    secret.rotation_requested = secret.rotation_enabled = True
    secret.rotation_lambda_arn, secret.rotation_rules = arn, rules
    secret.auto_rotate_after_days = rules.get("AutomaticallyAfterDays", 0)
    if rotate_immediately:
        _run(self, secret, code, client_request_token or str(uuid.uuid4()))
    return json.dumps({"ARN": secret.arn, "Name": secret.name, "VersionId": secret.default_version_id})


def _run(backend: SecretsManagerBackend, secret: Any, code: Any, token: str) -> None:
    """Run the four steps on a new version, which has no value yet."""
    secret.remove_version_stages_from_old_versions(["AWSPENDING"])
    secret.versions[token] = {"createdate": int(time.time()), "version_id": token, "version_stages": ["AWSPENDING"]}
    events = [{"SecretId": secret.arn, "ClientRequestToken": token, "Step": step} for step in STEPS]
    function.run(code.code_bytes, code.handler, backend.region_name, events)
    current = [key for key, version in secret.versions.items() if "AWSCURRENT" in version["version_stages"]]
    secret.default_version_id = current[0] if current else secret.default_version_id
    secret.last_rotation_date = int(time.time())


def update_secret_version_stage(
    self: SecretsManagerBackend,
    secret_id: str,
    version_stage: str,
    remove_from_version_id: str,
    move_to_version_id: str,
) -> tuple[str, str]:
    """A first version takes AWSCURRENT from no other; moto looks for one all the same."""
    secret = self.describe_secret(secret_id)
    version = secret.versions.get(move_to_version_id)
    if version and not any(version_stage in other["version_stages"] for other in secret.versions.values()):
        version["version_stages"].append(version_stage)
        return secret.arn, secret.name
    return _move_stage(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)


def to_dict(self: FakeSecret) -> dict[str, Any]:
    """The rules as they were given: in days, or as a schedule."""
    described = _describe(self)
    if rules := getattr(self, "rotation_rules", None):
        described["RotationRules"] = rules
    return described


def create_replicas(
    self: FakeSecret,
    replica_regions: list[dict[str, str]],
    force_overwrite: bool,  # noqa: FBT001 - as moto has it
) -> list[ReplicaSecret]:
    """A replica is encrypted under the key that was asked for."""
    replicas = _replicate(self, replica_regions, force_overwrite)
    for replica, asked in zip(replicas, replica_regions or [], strict=True):
        replica.config["KmsKeyId"] = asked.get("KmsKeyId") or replica.config["KmsKeyId"]
    return replicas
