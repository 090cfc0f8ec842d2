"""What a restore test reaches, and where it puts what it restored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy_pack.rules.restore_tests import BACKUP_TAG, RESTORE_SELECTION, TESTED_AS
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    Unknown,
    aws,
    each,
    rule,
)


@rule(
    on=(RESTORE_SELECTION,),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("PH:RESTORE-SEL",),
    fix='set protectedResourceArns to ["*"], or name stores of the stack there or in protectedResourceConditions',
)
def restore_test_reaches_stores(selection: Resource, graph: Graph, *, tag: str = BACKUP_TAG) -> Iterator[Finding]:
    """A test that finds nothing to restore fails nobody, and proves nothing."""
    arns = selection.get("protectedResourceArns", default=())
    if not len(arns) and not selection.has("protectedResourceConditions"):
        yield "protectedResourceArns and protectedResourceConditions are not set: it restores nothing"
        return
    types = TESTED_AS.get(selection.get("protectedResourceType"), ())
    stores = [store for store in graph.of_type(*types) if store.tag(tag)]
    if not stores:
        raise NotApplicable("the stack backs up no store of the kind")
    if not any(_reaches(selection, graph, store) for store in stores):
        yield "it reaches none of the stores of the kind that the stack backs up"


def _reaches(selection: Resource, graph: Graph, store: Resource) -> bool:
    """Return whether a selection tests a store.

    AWS Backup API Reference, RestoreTestingSelectionForCreate: ARNs name stores, or "*" does, which conditions narrow.
    """
    named = graph.refers(selection, "protectedResourceArns", store)
    if not named and selection.has("protectedResourceArns") and "*" not in selection.get("protectedResourceArns"):
        return False
    conditions = selection.get("protectedResourceConditions", default=Props({}))
    return all(_has_tag(store, part) for part in conditions.get("stringEquals", default=())) and not any(
        _has_tag(store, part) for part in conditions.get("stringNotEquals", default=())
    )


def _has_tag(store: Resource, part: Props) -> bool:
    return store.tag(str(part.get("key")).removeprefix("aws:ResourceTag/")) == str(part.get("value"))


def _selects(**by: Any) -> None:
    for name in ("exports", "recordings"):
        aws.s3.Bucket(name, bucket=name, tags={"backup": "daily", "service": name})
    aws.backup.RestoreTestingSelection(
        "buckets", restore_testing_plan_name="all", protected_resource_type="S3", iam_role_arn="arn:role", **by
    )


@restore_test_reaches_stores.passes
def whatever_there_is() -> None:
    _selects(protected_resource_arns=["*"])


@restore_test_reaches_stores.passes
def one_by_name() -> None:
    bucket = aws.s3.Bucket("data", tags={"backup": "daily"})
    _selects(protected_resource_arns=[bucket.arn])


@restore_test_reaches_stores.passes
def one_by_tag() -> None:
    only: Any = {"string_equals": [{"key": "aws:ResourceTag/service", "value": "exports"}]}
    _selects(protected_resource_conditions=only)


@restore_test_reaches_stores.fails
def whatever_has_a_tag_that_none_has() -> None:
    only: Any = {"string_equals": [{"key": "aws:ResourceTag/service", "value": "export"}]}
    _selects(protected_resource_arns=["*"], protected_resource_conditions=only)


@restore_test_reaches_stores.fails
def a_bucket_of_the_past() -> None:
    _selects(protected_resource_arns=["arn:aws:s3:::archive"])


@restore_test_reaches_stores.fails
def nothing_in_particular() -> None:
    _selects()


# By kind, what AWS Backup takes from the account's defaults where it isn't said, and the values that keep the promise:
# the default VPC and the keys of AWS. Source: "Restore testing inferred metadata" in its developer guide.
_NETWORK: dict[str, tuple[str, ...]] = {"dbSubnetGroupName": (), "vpcSecurityGroupIds": ()}
OVERRIDES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Aurora": _NETWORK,
    "DynamoDB": {"encryptionType": ("KMS",), "kmsMasterKeyArn": ()},
    "EBS": {"kmsKeyId": ()},
    "EFS": {"kmsKeyId": ()},
    "RDS": _NETWORK,
    "S3": {"encryptionType": ("SSE-KMS",), "kmsKey": ()},
}


@rule(
    on=(RESTORE_SELECTION,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("PH:RESTORE-SEL",),
    fix="name in restoreMetadataOverrides a key of your own, and for a database its subnet group and security groups",
)
def restored_data_stays_private(selection: Resource) -> Iterator[Finding]:
    """What is restored to be tested is production data: unless told, on the default network and under AWS's key."""
    kind = selection.get("protectedResourceType")
    if kind not in OVERRIDES:
        raise NotApplicable("what is restored of this kind takes its settings from the backup")
    overrides = selection.get("restoreMetadataOverrides", default=Props({}))
    given = {name.lower(): name for name in overrides}

    def judge(wanted: tuple[str, tuple[str, ...]]) -> Iterator[Finding]:
        name, allowed = wanted
        try:
            value = overrides.get(given[name.lower()]) if name.lower() in given else None
        except Unknown:
            if allowed:
                raise
            return  # whatever it becomes, it is told
        if not value or (allowed and str(value) not in allowed):
            must = f"it must be {' or '.join(allowed)}" if allowed else "AWS Backup takes the account's default"
            yield f"restoreMetadataOverrides.{name} is {value or 'not set'}; {must}"

    yield from each(OVERRIDES[kind].items(), judge)


def _restored(kind: str, **overrides: Any) -> None:
    aws.backup.RestoreTestingSelection(
        kind,
        restore_testing_plan_name="all",
        protected_resource_type=kind,
        iam_role_arn="arn:role",
        restore_metadata_overrides=overrides,
    )


@restored_data_stays_private.passes
def under_a_key_on_a_closed_network() -> None:
    group = aws.ec2.SecurityGroup("restored", vpc_id="vpc-1")
    _restored("Aurora", dbSubnetGroupName="isolated", vpcSecurityGroupIds=group.id.apply(lambda name: f'["{name}"]'))
    _restored("S3", encryptionType="SSE-KMS", kmsKey=aws.kms.Key("data").arn)
    _restored("EBS", KmsKeyId="alias/data")


@restored_data_stays_private.fails
def database_on_the_default_network() -> None:
    _restored("RDS", dbSubnetGroupName="isolated")


@restored_data_stays_private.fails
def bucket_under_the_key_of_s3() -> None:
    _restored("S3", encryptionType="SSE-S3")


@restored_data_stays_private.fails
def volume_under_the_key_of_aws() -> None:
    _restored("EBS")
