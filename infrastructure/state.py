"""Where the state of a stack lives, and the key of the secrets in it: what `bootstrap/` creates, once for each stack.

Enters: the scope. Leaves: `create_state_store`, and `state_access`, the statements that let a pipeline's role at it.
The bucket's name and the keys' aliases are fixed, so that policies, logins and settings can name them beforehand.
"""

from __future__ import annotations

from typing import Any

import pulumi

from infrastructure.buckets import Lock, PrivateBucket, PrivateBucketArgs
from infrastructure.documents import Statement, account_root
from infrastructure.keys import Domain, alias, create_key
from infrastructure.logs import access_log_bucket
from infrastructure.scope import DataClass, Scope

SERVICE = "state"
SECRETS = "stack-secrets"
LOCK_DAYS = 30
"""Proposed: what was deployed in the last month can be gone back to, whoever wants it gone."""

VERSION_DAYS = 400
"""As long as log groups keep what they tell of the same time."""


def bucket_name(scope: Scope) -> str:
    """The name of the stack's state bucket; names of buckets are unique in all of AWS."""
    return f"{scope.prefix}-state-{scope.account}"


def create_state_store(scope: Scope) -> dict[str, Any]:
    """Register the bucket and both keys, and return what Pulumi is told of them."""
    bucket_key = create_key(scope, Domain(SERVICE, "State of Pulumi's stacks", DataClass.CONFIDENTIAL, via=("s3",)))
    create_key(
        scope,
        Domain(SECRETS, "Secrets in state and settings", DataClass.RESTRICTED, via=(), also=(_direct_use(scope),)),
    )
    mode = "GOVERNANCE" if scope.disposable else "COMPLIANCE"
    bucket = PrivateBucket(
        SERVICE,
        PrivateBucketArgs(
            scope=scope,
            tags=scope.tags(SERVICE, DataClass.CONFIDENTIAL),
            key_arn=bucket_key.arn,
            access_logs=access_log_bucket(scope),
            expire_after_days=None,
            noncurrent_days=VERSION_DAYS,
            lock=Lock(mode, LOCK_DAYS),
            statements=_versions_stay,
            bucket_name=bucket_name(scope),
        ),
    )
    return {
        "backend": pulumi.Output.concat("s3://", bucket.name, f"?region={scope.region}"),
        "secretsProvider": f"awskms://{alias(scope, SECRETS)}?region={scope.region}&context_stack={scope.prefix}",
    }


def state_access(scope: Scope, *, writes: bool) -> tuple[Statement, ...]:
    """What a role needs of the state to preview, or to deploy too. Deleting leaves a marker: Pulumi deletes its locks.

    Source: "DIY backends" and "Configuring secrets encryption" in Pulumi's documentation.
    """
    bucket = f"arn:aws:s3:::{bucket_name(scope)}"
    objects = ["s3:GetObject", *(["s3:DeleteObject", "s3:PutObject"] if writes else [])]
    return (
        {"Sid": "FindsState", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket},
        {"Sid": "ReadsOrKeepsState", "Effect": "Allow", "Action": objects, "Resource": f"{bucket}/*"},
        {
            **_with_key(scope, SERVICE, ["kms:Decrypt", *(["kms:GenerateDataKey"] if writes else [])]),
            "Sid": "UsesStateKey",
        },
        {**_with_key(scope, SECRETS, ["kms:Decrypt", *(["kms:Encrypt"] if writes else [])]), "Sid": "UsesSecretsKey"},
    )


def _with_key(scope: Scope, name: str, actions: list[str]) -> Statement:
    """Use of the key that has this alias, whose ARN another program's outputs hold."""
    return {
        "Effect": "Allow",
        "Action": actions,
        "Resource": scope.arn("kms", "key/*"),
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias(scope, name)}},
    }


def _direct_use(scope: Scope) -> Statement:
    """Pulumi asks KMS itself, by no service, and says for which stack: what it encrypts is of use for no other.

    Whom of the account IAM allows it: `state_access`, and who bootstraps. The provider's `context_stack` is KMS's
    encryption context (gocloud.dev/secrets/awskms, which Pulumi opens the provider with).
    """
    return {
        "Sid": "PulumiUsesIt",
        "Effect": "Allow",
        "Principal": account_root(scope.account),
        "Action": ["kms:Decrypt", "kms:Encrypt"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": scope.account, "kms:EncryptionContext:stack": scope.prefix}
        },
    }


def _versions_stay(arn: pulumi.Output[str]) -> list[Statement]:
    """Pulumi replaces and deletes objects; what they were leaves by lifecycle rule alone."""
    return [
        {
            "Sid": "NobodyDeletesVersions",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:BypassGovernanceRetention", "s3:DeleteObjectVersion"],
            "Resource": pulumi.Output.concat(arn, "/*"),
        }
    ]
