"""Where state lives: kept, locked, and open to the pipeline alone, as far as it needs it."""

import runpy
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime
import pytest

from infrastructure.scope import Deployment, Environment, Scope
from infrastructure.state import bucket_name
from tests.infrastructure.conftest import stack_config
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations, build

PROGRAM = Path(__file__).parents[2] / "bootstrap" / "__main__.py"
LONGEST = Scope("a" * 30, ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)


@pytest.fixture
def bootstrap(stack: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Registrations, dict[str, Any]]:
    """What the bootstrap program of each stack registers and exports."""
    exported: dict[str, Any] = {}
    monkeypatch.setattr(pulumi, "export", exported.__setitem__)
    monkeypatch.setattr("sys.path", ["."])
    pulumi.runtime.set_all_config(stack_config(stack))
    return build(lambda: runpy.run_path(str(PROGRAM)) and None, stack), exported


def _one(registered: Registrations, kind: str, name: str) -> Registered:
    return registered.one(f"s3/{kind[0].lower()}{kind[1:]}:{kind}", name)


def test_the_state_bucket_is_the_one_that_logins_and_policies_name(
    bootstrap: tuple[Registrations, dict[str, Any]], stack: str
) -> None:
    registered, exported = bootstrap
    name = f"hedgerow-{stack}-state-{ACCOUNT}"
    assert registered.one("s3/bucket:Bucket", "state").inputs["bucket"] == name
    key = f"alias/hedgerow-{stack}-stack-secrets"
    assert exported["secretsProvider"] == f"awskms://{key}?region=us-west-2&context_stack=hedgerow-{stack}"
    aliases = {alias.inputs["name"] for alias in registered.of("kms/alias:Alias")}
    assert f"alias/hedgerow-{stack}-stack-secrets" in aliases
    assert set(exported) == {"backend", "secretsProvider"}


def test_a_stack_with_the_longest_name_has_a_bucket_too() -> None:
    assert len(bucket_name(LONGEST)) <= 63


def test_state_is_locked_versioned_and_never_expires(
    bootstrap: tuple[Registrations, dict[str, Any]], stack: str
) -> None:
    registered, _ = bootstrap
    bucket = registered.one("s3/bucket:Bucket", "state")
    assert bucket.protect is (stack != "sandbox")
    lock = _one(registered, "BucketObjectLockConfiguration", "state-lock").inputs["rule"]["defaultRetention"]
    assert lock == {"mode": "GOVERNANCE" if stack == "sandbox" else "COMPLIANCE", "days": 30}
    assert _one(registered, "BucketVersioning", "state-versioning").inputs["versioningConfiguration"] == {
        "status": "Enabled"
    }
    (rule,) = _one(registered, "BucketLifecycleConfiguration", "state-lifecycle").inputs["rules"]
    assert rule.get("expiration") is None, "a stack that nobody changed for long would be forgotten"
    assert rule["noncurrentVersionExpiration"]["noncurrentDays"] >= lock["days"]


def test_nobody_deletes_what_state_was_but_pulumi_can_delete_its_locks(
    bootstrap: tuple[Registrations, dict[str, Any]],
) -> None:
    registered, _ = bootstrap
    statements = {one["Sid"]: one for one in _one(registered, "BucketPolicy", "state-policy").document()}
    denied = statements["NobodyDeletesVersions"]
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
    assert "s3:DeleteObjectVersion" in denied["Action"]
    assert "s3:DeleteObject" not in denied["Action"]
    assert "Condition" not in denied
    assert {"DenyPlainHttp", "DenyOldTls", "DenyOtherKeys"} <= statements.keys()


def test_state_is_access_logged_and_encrypted_under_another_key_than_its_secrets(
    bootstrap: tuple[Registrations, dict[str, Any]],
) -> None:
    registered, _ = bootstrap
    (rule,) = _one(registered, "BucketServerSideEncryptionConfiguration", "state-encryption").inputs["rules"]
    key = registered.one("kms/key:Key", "state-key")
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == key.state["arn"]
    assert {one.name for one in registered.of("kms/key:Key")} == {"state-key", "stack-secrets-key"}
    logs = registered.one("s3/bucket:Bucket", "access-logs").state["bucket"]
    assert _one(registered, "BucketLogging", "state-logging").inputs["targetBucket"] == logs


@pytest.mark.parametrize(
    ("purpose", "objects", "keys"),
    [
        ("preview", {"s3:GetObject"}, {"kms:Decrypt"}),
        (
            "deploy",
            {"s3:DeleteObject", "s3:GetObject", "s3:PutObject"},
            {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"},
        ),
    ],
)
def test_a_preview_reads_state_and_a_deployment_keeps_it(
    environment: Registrations, stack: str, purpose: str, objects: set[str], keys: set[str]
) -> None:
    statements = {
        one["Sid"]: one
        for one in environment.one("iam/policy:Policy", f"{purpose}-state").document()
        if "State" in one["Sid"] or "SecretsKey" in one["Sid"]
    }
    bucket = f"arn:aws:s3:::hedgerow-{stack}-state-{ACCOUNT}"
    assert statements["FindsState"]["Resource"] == bucket
    assert set(statements["ReadsOrKeepsState"]["Action"]) == objects
    assert statements["ReadsOrKeepsState"]["Resource"] == f"{bucket}/*"
    using = [statements["UsesStateKey"], statements["UsesSecretsKey"]]
    assert {action for one in using for action in one["Action"]} == keys
    for one, name in zip(using, ("state", "stack-secrets"), strict=True):
        assert one["Condition"] == {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/hedgerow-{stack}-{name}"}
        }
