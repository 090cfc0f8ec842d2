"""Encryption keys: rotated, of a kind that stays strong, and usable by nobody unknown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policy_pack.callers import is_public, lets_any_service_in
from policy_pack.documents import name_of, statements
from policy_pack.tokens import KEY
from policy_pack.vocabulary import (
    Changes,
    Finding,
    NotApplicable,
    Props,
    Resource,
    Row,
    Rows,
    Severity,
    aws,
    each,
    judge_rows,
    rule,
    setting,
)

EXTERNAL_KEY = "aws:kms/externalKey:ExternalKey"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
REPLICA = "aws:kms/replicaKey:ReplicaKey"


@rule(
    on=(KEY,),
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:KMS.4", "CIS7:4.6", "PH:KMS-PERIOD"),
    fix="set enableKeyRotation to true, and rotationPeriodInDays to a year or less",
)
def kms_key_rotates_yearly(
    key: Resource, *, longest_period_days: int = setting(365, "days between two rotations at most", minimum=90)
) -> Iterator[Finding]:
    """A key that leaked unnoticed must not open what is written years later."""
    if key.get("keyUsage", default="ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT" or (
        key.get("customerMasterKeySpec", default="SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT"
    ):
        raise NotApplicable("KMS rotates symmetric encryption keys only")
    if key.get("enableKeyRotation") is not True:
        yield "enableKeyRotation is not true"
    # AWS KMS API Reference, EnableKeyRotation: the period is 365 days where none is given.
    period = key.get("rotationPeriodInDays", default=365)
    if period > longest_period_days:
        yield f"rotationPeriodInDays is {period}, more than {longest_period_days}"


@kms_key_rotates_yearly.passes
def rotated_every_year() -> None:
    aws.kms.Key("data", enable_key_rotation=True)
    aws.kms.Key("signing", customer_master_key_spec="ECC_NIST_P256", key_usage="SIGN_VERIFY")


@kms_key_rotates_yearly.fails
def rotation_left_at_the_default() -> None:
    aws.kms.Key("data")


@kms_key_rotates_yearly.fails
def rotated_every_two_years() -> None:
    aws.kms.Key("data", enable_key_rotation=True, rotation_period_in_days=730)


@kms_key_rotates_yearly.remedy
def rotate(key: Resource, *, longest_period_days: int) -> Changes:
    """turns rotation on, and shortens a period that is too long"""
    changes: dict[tuple[str, ...], Any] = {("enableKeyRotation",): True}
    if key.get("rotationPeriodInDays", default=0) > longest_period_days:
        changes["rotationPeriodInDays",] = longest_period_days
    return changes


@rule(
    on=(KEY, KEY_POLICY),
    severity=Severity.CRITICAL,
    promise="encryption",
    controls=("SH:KMS.5", "CIS7:2.21"),
    fix="name the accounts or roles that may use the key, or bind * with kms:CallerAccount or aws:PrincipalOrgID",
)
def kms_key_policy_not_public(key: Resource) -> Iterator[Finding]:
    """A key that anybody may use protects nothing."""

    def judge(statement: Props) -> Iterator[Finding]:
        if is_public(statement):
            yield f"{name_of(statement)} lets anybody use the key"
        elif lets_any_service_in(statement):
            yield f"{name_of(statement)} lets every service use the key that acts for a known source"

    yield from each(statements(key, "policy"), judge)


def _key_policy(principal: object, condition: Mapping[str, object] | None = None) -> str:
    statement = {"Sid": "Use", "Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}
    )


@kms_key_policy_not_public.passes
def for_the_account_alone() -> None:
    aws.kms.Key("data", policy=_key_policy({"AWS": "arn:aws:iam::111122223333:root"}))
    key = aws.kms.Key("shared")
    own_account = {"StringEquals": {"kms:CallerAccount": "111122223333"}}
    aws.kms.KeyPolicy("shared", key_id=key.id, policy=_key_policy("*", own_account))


@kms_key_policy_not_public.fails
def for_everybody() -> None:
    aws.kms.Key("data", policy=_key_policy({"AWS": "*"}))


@kms_key_policy_not_public.fails
def for_everybody_through_one_service() -> None:
    through_s3 = {"StringEquals": {"kms:ViaService": "s3.us-west-2.amazonaws.com"}}
    aws.kms.Key("data", policy=_key_policy("*", through_s3))


@kms_key_policy_not_public.fails
def for_every_service_that_acts_for_us() -> None:
    aws.kms.Key("data", policy=_key_policy("*", {"StringEquals": {"aws:SourceAccount": "111122223333"}}))


@kms_key_policy_not_public.undetermined
def for_a_role_created_with_it() -> None:
    role = aws.iam.Role("reader", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
    aws.kms.Key("data", policy=role.arn.apply(lambda arn: _key_policy({"AWS": arn})))


# AWS KMS API Reference, ScheduleKeyDeletion: 7 to 30 days, 30 where nothing is said.
LONGEST_WINDOW = Row(("deletionWindowInDays",), at_least=30, unset=30, controls=("SH:KMS.3",))


@rule(
    on=dict.fromkeys((KEY, REPLICA, EXTERNAL_KEY), LONGEST_WINDOW),
    severity=Severity.CRITICAL,
    promise="encryption",
    fix="leave deletionWindowInDays at 30",
)
def kms_key_deletion_waits(key: Resource, row: Row) -> Iterator[Finding]:
    """What a deleted key has encrypted is lost, so there must be time to notice."""
    yield from row.judge(key)


@kms_key_deletion_waits.passes
def thirty_days() -> None:
    aws.kms.Key("data", deletion_window_in_days=30)
    aws.kms.ReplicaKey("data", primary_key_arn="key")
    aws.kms.ExternalKey("imported")


@kms_key_deletion_waits.fails
def a_week() -> None:
    aws.kms.ReplicaKey("data", primary_key_arn="key", deletion_window_in_days=7)


STRONG_SPECS = (
    "SYMMETRIC_DEFAULT",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_NIST_EDWARDS25519",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
)
SAFETY_CHECK = Row(("bypassPolicyLockoutSafetyCheck",), (False,), unset=False, controls=("PH:KMS-BYPASS",))


@rule(
    on={
        KEY: (
            SAFETY_CHECK,
            Row(("customerMasterKeySpec",), STRONG_SPECS, unset="SYMMETRIC_DEFAULT", controls=("PH:KMS-SPEC",)),
        ),
        KEY_POLICY: SAFETY_CHECK,
        REPLICA: SAFETY_CHECK,
        EXTERNAL_KEY: SAFETY_CHECK,
    },
    severity=Severity.HIGH,
    promise="encryption",
    fix="choose a key of 128 bits of security or more, and let AWS check that its policy keeps somebody in charge",
)
def kms_key_strong_and_manageable(key: Resource, row: Rows) -> Iterator[Finding]:
    """A weak key can be broken, and one that nobody can administer can't be withdrawn."""
    yield from judge_rows(row, key)


@kms_key_strong_and_manageable.passes
def strong() -> None:
    aws.kms.Key("data")
    aws.kms.Key("tokens", key_usage="GENERATE_VERIFY_MAC", customer_master_key_spec="HMAC_256")
    aws.kms.KeyPolicy("data", key_id="data", policy=_key_policy({"AWS": "arn:aws:iam::111122223333:root"}))
    aws.kms.ReplicaKey("data", primary_key_arn="key")
    aws.kms.ExternalKey("imported", bypass_policy_lockout_safety_check=False)


@kms_key_strong_and_manageable.fails
def rsa_2048() -> None:
    aws.kms.Key("signing", key_usage="SIGN_VERIFY", customer_master_key_spec="RSA_2048")


@kms_key_strong_and_manageable.fails
def check_passed_over() -> None:
    aws.kms.Key("data", bypass_policy_lockout_safety_check=True)
