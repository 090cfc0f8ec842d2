"""Classification and inventory: every resource says whose it is, and every store what kind of data it holds."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi

from policy_pack.tokens import (
    BUCKETS,
    DATABASE_CLUSTER,
    DATABASE_INSTANCE,
    KEY,
    ROLE,
    SECURITY_GROUP,
    SUBNET,
    TRAIL,
    VAULT,
    VPC,
)
from policy_pack.vocabulary import Changes, Finding, Resource, Severity, Unknown, aws, rule, setting

HOLDS_DATA = tuple(
    dict.fromkeys(
        (
            *BUCKETS,
            VAULT,
            "aws:cloudwatch/logGroup:LogGroup",
            "aws:ebs/volume:Volume",
            "aws:efs/fileSystem:FileSystem",
            DATABASE_CLUSTER,
            DATABASE_INSTANCE,
            "aws:secretsmanager/secret:Secret",
            "aws:sns/topic:Topic",
            "aws:sqs/queue:Queue",
            "aws:dynamodb/table:Table",
        )
    )
)
CLASS_TAG: str = setting("data-class", "key of the tag that holds the class", owner="data_store_classified")
CLASSES: list[str] = setting(["public", "internal", "confidential", "restricted"], "classes that data may have")
INVENTORY_TAGS: list[str] = setting(["owner", "environment", "service"], "keys of the tags that every resource carries")
FILL: list[str] = setting([], "tags that the remedy adds where they are missing, as key=value")
TAGGED = (*HOLDS_DATA, KEY, VPC, SECURITY_GROUP, SUBNET, ROLE, TRAIL)


@rule(
    on=HOLDS_DATA,
    severity=Severity.HIGH,
    promise="data-classification",
    controls=("PH:TAG-CLASS",),
    fix="tag the store with the class of the data it holds",
)
def data_store_classified(
    store: Resource,
    *,
    tag: str = CLASS_TAG,
    classes: list[str] = CLASSES,
) -> Iterator[Finding]:
    """The class decides key, backup, retention and exposure; what has none is protected by chance."""
    value = store.tag(tag)
    if value not in classes:
        yield f"tag {tag} is {value or 'not set'}; it must be {', '.join(classes[:-1])} or {classes[-1]}"


def _stores(tags: dict[str, str]) -> None:
    aws.s3.Bucket("data", tags=tags)
    aws.s3.BucketV2("old", tags=tags)
    aws.backup.Vault("daily", tags=tags)
    aws.cloudwatch.LogGroup("web", tags=tags)
    aws.dynamodb.Table("sessions", hash_key="id", attributes=[{"name": "id", "type": "S"}], tags=tags)
    aws.ebs.Volume("data", availability_zone="us-west-2a", tags=tags)
    aws.efs.FileSystem("shared", tags=tags)
    aws.rds.Cluster("orders", engine="aurora-postgresql", tags=tags)
    aws.rds.Instance("reports", instance_class="db.t4g.small", tags=tags)
    aws.secretsmanager.Secret("token", tags=tags)
    aws.sns.Topic("alarms", tags=tags)
    aws.sqs.Queue("events", tags=tags)


@data_store_classified.passes
def classified() -> None:
    _stores({"data-class": "restricted"})


@data_store_classified.fails
def not_classified() -> None:
    aws.s3.Bucket("data")


@data_store_classified.fails
def a_class_nobody_knows() -> None:
    aws.s3.Bucket("data", tags={"data-class": "secret"})


@rule(
    on=TAGGED,
    severity=Severity.MEDIUM,
    promise="asset-management",
    controls=("PH:TAG-OWNER",),
    fix="add the tags, best as the provider's default tags",
)
def resource_has_inventory_tags(
    resource: Resource,
    *,
    tags: list[str] = INVENTORY_TAGS,
    fill: list[str] = FILL,  # noqa: ARG001 - its remedy's
) -> Iterator[Finding]:
    """What nobody owns, nobody patches, pays for or deletes."""
    for key in tags:
        try:
            if not resource.tag(key):
                yield f"tag {key} is not set"
        except Unknown as unknown:
            yield unknown


@resource_has_inventory_tags.passes
def tagged() -> None:
    tags = {"owner": "platform", "environment": "production", "service": "orders"}
    _stores(tags)
    aws.kms.Key("data", tags=tags)
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", tags=tags)
    aws.ec2.SecurityGroup("web", vpc_id=vpc.id, tags=tags)
    aws.ec2.Subnet("data", vpc_id=vpc.id, cidr_block="10.0.1.0/24", tags=tags)
    aws.iam.Role("web", assume_role_policy="{}", tags=tags)
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", tags=tags)


@resource_has_inventory_tags.passes
def tagged_by_the_provider() -> None:
    tags = {"owner": "platform", "environment": "production", "service": "orders"}
    west = aws.Provider("west", region="us-west-2", default_tags={"tags": tags})
    aws.kms.Key("data", opts=pulumi.ResourceOptions(provider=west))


@resource_has_inventory_tags.fails
def owner_missing() -> None:
    aws.kms.Key("data", tags={"environment": "production", "service": "orders"})


@resource_has_inventory_tags.remedy
def add_tags(resource: Resource, *, tags: list[str], fill: list[str]) -> Changes:
    """adds those missing tags whose values `fill` names"""
    values = dict(entry.split("=", 1) for entry in fill if "=" in entry)
    return {("tags", key): values[key] for key in tags if key in values and not resource.tag(key)}
