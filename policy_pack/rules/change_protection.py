"""Change protection: nothing that holds data, or that others stand on, is destroyed by a slip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi

from policy_pack.rules.classification import CLASS_TAG
from policy_pack.tokens import BUCKETS, DATABASE_CLUSTER, DATABASE_INSTANCE, KEY, TRAIL, VAULT
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Row, Severity, aws, each, rule, setting

LOAD_BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
DISPOSABLE: bool = setting(
    default=False,
    description="whether the stack may be destroyed with everything in it: nothing in it is protected from that then",
    owner="deletion_protection_on",
)


def refuse_disposable(*, disposable: bool) -> None:
    """Say that a rule about deletion has nothing to say of a stack that is there to be destroyed."""
    if disposable:
        raise NotApplicable("the stack may be destroyed with everything in it")


@rule(
    on={
        DATABASE_CLUSTER: Row(("deletionProtection",), unset=False, controls=("SH:RDS.7",)),
        DATABASE_INSTANCE: Row(("deletionProtection",), unset=False, controls=("SH:RDS.8",)),
        "aws:rds/globalCluster:GlobalCluster": Row(("deletionProtection",), unset=False, controls=("SH:RDS.7",)),
        "aws:docdb/cluster:Cluster": Row(("deletionProtection",), unset=False),
        "aws:neptune/cluster:Cluster": Row(("deletionProtection",), unset=False),
        "aws:dynamodb/table:Table": Row(("deletionProtectionEnabled",), unset=False, controls=("SH:DynamoDB.6",)),
        "aws:eks/cluster:Cluster": Row(("deletionProtection",), unset=False, controls=("PH:EKS-DELPROT",)),
        "aws:cognito/userPool:UserPool": Row(("deletionProtection",), ("ACTIVE",), unset="INACTIVE"),
        "aws:networkfirewall/firewall:Firewall": Row(
            ("deleteProtection",), unset=False, controls=("SH:NetworkFirewall.9",)
        ),
        **dict.fromkeys(LOAD_BALANCERS, Row(("enableDeletionProtection",), unset=False, controls=("SH:ELB.6",))),
    },
    severity=Severity.MEDIUM,
    promise="business-continuity",
    fix="turn deletion protection on",
)
def deletion_protection_on(resource: Resource, row: Row, *, disposable: bool = DISPOSABLE) -> Iterator[Finding]:
    """One wrong command must not end a service: deleting it takes a change that somebody reviewed first."""
    refuse_disposable(disposable=disposable)
    yield from row.judge(resource)


def _protected(*, on: bool) -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", deletion_protection=on)
    aws.rds.Instance("reports", instance_class="db.t4g.small", deletion_protection=on)
    aws.rds.GlobalCluster("orders", global_cluster_identifier="orders", deletion_protection=on)
    aws.docdb.Cluster("documents", deletion_protection=on)
    aws.neptune.Cluster("graph", deletion_protection=on)
    aws.dynamodb.Table(
        "sessions", hash_key="id", attributes=[{"name": "id", "type": "S"}], deletion_protection_enabled=on
    )
    vpc_config: Any = {"subnet_ids": ["subnet-1"]}
    aws.eks.Cluster(
        "workers", role_arn="arn:aws:iam::111122223333:role/eks", vpc_config=vpc_config, deletion_protection=on
    )
    aws.cognito.UserPool("people", deletion_protection="ACTIVE" if on else "INACTIVE")
    aws.networkfirewall.Firewall("edge", firewall_policy_arn="arn:policy", delete_protection=on)
    aws.lb.LoadBalancer("web", enable_deletion_protection=on)
    aws.alb.LoadBalancer("old", enable_deletion_protection=on)


@deletion_protection_on.passes
def protected() -> None:
    _protected(on=True)


@deletion_protection_on.fails
def switched_off() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", deletion_protection=False)


@deletion_protection_on.fails
def left_at_the_default() -> None:
    aws.lb.LoadBalancer("web")


@rule(
    on=("aws:networkfirewall/firewall:Firewall",),
    severity=Severity.MEDIUM,
    promise="business-continuity",
    controls=("SH:NetworkFirewall.10",),
    fix="set subnetChangeProtection to true",
)
def firewall_subnets_protected(firewall: Resource) -> Iterator[Finding]:
    """A firewall that is taken out of a subnet lets the subnet's traffic past it."""
    yield from Row(("subnetChangeProtection",), unset=False).judge(firewall)


@firewall_subnets_protected.passes
def subnets_fixed() -> None:
    aws.networkfirewall.Firewall("edge", firewall_policy_arn="arn:policy", subnet_change_protection=True)


@firewall_subnets_protected.fails
def subnets_free() -> None:
    aws.networkfirewall.Firewall("edge", firewall_policy_arn="arn:policy")


@rule(
    on={
        **dict.fromkeys(BUCKETS, Row(("forceDestroy",), (False,), unset=False)),
        "aws:s3/directoryBucket:DirectoryBucket": Row(("forceDestroy",), (False,), unset=False),
        VAULT: Row(("forceDestroy",), (False,), unset=False),
        "aws:ecr/repository:Repository": Row(("forceDelete",), (False,), unset=False),
        "aws:athena/workgroup:Workgroup": Row(("forceDestroy",), (False,), unset=False),
    },
    severity=Severity.MEDIUM,
    promise="business-continuity",
    controls=("PH:FORCEDESTROY",),
    fix="leave forceDestroy and forceDelete out",
)
def deleted_only_when_empty(resource: Resource, row: Row, *, disposable: bool = DISPOSABLE) -> Iterator[Finding]:
    """A bucket, vault, repository or workgroup that Pulumi may empty is lost with everything in it."""
    refuse_disposable(disposable=disposable)
    yield from row.judge(resource)


@deleted_only_when_empty.passes
def kept_while_full() -> None:
    aws.s3.Bucket("data")
    aws.s3.BucketV2("old", force_destroy=False)
    aws.s3.DirectoryBucket("fast", bucket="fast--usw2-az1--x-s3", location={"name": "usw2-az1"})
    aws.backup.Vault("daily")
    aws.ecr.Repository("images", force_delete=False)
    aws.athena.Workgroup("analysts")


@deleted_only_when_empty.fails
def emptied_by_pulumi() -> None:
    aws.s3.Bucket("data", force_destroy=True)


@deleted_only_when_empty.fails
def images_deleted_with_the_repository() -> None:
    aws.ecr.Repository("images", force_delete=True)


@rule(
    on=("aws:ec2/instance:Instance",),
    severity=Severity.MEDIUM,
    promise="business-continuity",
    controls=("PH:EC2-TERM",),
    fix="set disableApiTermination and disableApiStop to true",
)
def stateful_instance_kept_running(
    instance: Resource, graph: Graph, *, disposable: bool = DISPOSABLE
) -> Iterator[Finding]:
    """A machine with volumes of its own is a database, not one of many."""
    refuse_disposable(disposable=disposable)
    attached = graph.children(instance, on="aws:ec2/volumeAttachment:VolumeAttachment", via="instanceId")
    if not attached and not instance.has("ebsBlockDevices"):
        raise NotApplicable("it has no volume beside the one that it starts from")
    rows = (Row(("disableApiTermination",), unset=False), Row(("disableApiStop",), unset=False))
    yield from each(rows, lambda row: row.judge(instance))


@stateful_instance_kept_running.passes
def database_machine() -> None:
    node = aws.ec2.Instance("clickhouse", disable_api_termination=True, disable_api_stop=True)
    aws.ec2.VolumeAttachment("data", device_name="/dev/sdf", instance_id=node.id, volume_id="vol-1")


@stateful_instance_kept_running.fails
def machine_that_anybody_stops() -> None:
    node = aws.ec2.Instance("clickhouse", disable_api_termination=True)
    aws.ec2.VolumeAttachment("data", device_name="/dev/sdf", instance_id=node.id, volume_id="vol-1")


@stateful_instance_kept_running.fails
def volume_inline() -> None:
    aws.ec2.Instance("clickhouse", ebs_block_devices=[{"device_name": "/dev/sdf", "volume_size": 100}])


@rule(
    on=("aws:ecs/capacityProvider:CapacityProvider",),
    severity=Severity.MEDIUM,
    promise="business-continuity",
    controls=("SH:ECS.19",),
    fix='set autoScalingGroupProvider.managedTerminationProtection to "ENABLED" and turn managed scaling on',
)
def ecs_instances_kept_while_in_use(provider: Resource) -> Iterator[Finding]:
    """Scaling in must not take away a machine that still runs tasks."""
    if not provider.has("autoScalingGroupProvider"):
        raise NotApplicable("it scales no group of machines")
    rows = (
        Row(("autoScalingGroupProvider", "managedTerminationProtection"), ("ENABLED",), unset="DISABLED"),
        # Amazon ECS API Reference, AutoScalingGroupProvider: termination protection takes managed scaling, or it
        # does nothing.
        Row(("autoScalingGroupProvider", "managedScaling", "status"), ("ENABLED",), unset="DISABLED"),
    )
    yield from each(rows, lambda row: row.judge(provider))


def _capacity(protection: str) -> None:
    group: Any = {
        "auto_scaling_group_arn": "arn:aws:autoscaling:us-west-2:111122223333:autoScalingGroup:1:workers",
        "managed_termination_protection": protection,
        "managed_scaling": {"status": "ENABLED"},
    }
    aws.ecs.CapacityProvider("workers", auto_scaling_group_provider=group)


@ecs_instances_kept_while_in_use.passes
def kept_while_in_use() -> None:
    _capacity("ENABLED")


@ecs_instances_kept_while_in_use.fails
def taken_away() -> None:
    _capacity("DISABLED")


@rule(
    on=(
        KEY,
        VAULT,
        DATABASE_CLUSTER,
        DATABASE_INSTANCE,
        "aws:dynamodb/table:Table",
        "aws:efs/fileSystem:FileSystem",
        *BUCKETS,
    ),
    severity=Severity.MEDIUM,
    promise="business-continuity",
    controls=("PH:PROTECT",),
    fix="give the resource the option protect",
)
def store_protected_by_pulumi(store: Resource, graph: Graph, *, disposable: bool = DISPOSABLE) -> Iterator[Finding]:
    """A renamed resource is a deleted one; `protect` makes Pulumi refuse, replacements too."""
    refuse_disposable(disposable=disposable)
    if store.type in BUCKETS and not graph.children(store, on=TRAIL, via="s3BucketName"):
        raise NotApplicable("no trail writes to the bucket, and S3 deletes no bucket that holds objects")
    if not store.protected:
        yield "the resource option protect is not set"


@store_protected_by_pulumi.passes
def protected_by_pulumi() -> None:
    kept = pulumi.ResourceOptions(protect=True)
    aws.kms.Key("data", opts=kept)
    aws.backup.Vault("daily", opts=kept)
    aws.rds.Cluster("orders", engine="aurora-postgresql", opts=kept)
    aws.rds.Instance("reports", instance_class="db.t4g.small", opts=kept)
    aws.dynamodb.Table("sessions", hash_key="id", attributes=[{"name": "id", "type": "S"}], opts=kept)
    aws.efs.FileSystem("shared", opts=kept)
    audit = aws.s3.Bucket("audit", opts=kept)
    aws.cloudtrail.Trail("account", s3_bucket_name=audit.id)
    aws.s3.BucketV2("scratch")


@store_protected_by_pulumi.fails
def key_free_to_go() -> None:
    aws.kms.Key("data")


@store_protected_by_pulumi.fails
def audit_bucket_free_to_go() -> None:
    audit = aws.s3.Bucket("audit")
    aws.cloudtrail.Trail("account", s3_bucket_name=audit.id)


PROTECTED_LOGS: list[str] = setting(
    ["confidential", "restricted"], "classes of the log groups that are protected, whatever writes to them"
)


@rule(
    on=(LOG_GROUP,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("PH:LOG-PROTECT",),
    fix="set deletionProtectionEnabled to true",
)
def audit_log_group_protected(
    group: Resource,
    graph: Graph,
    *,
    disposable: bool = DISPOSABLE,
    tag: str = CLASS_TAG,
    classes: list[str] = PROTECTED_LOGS,
) -> Iterator[Finding]:
    """Whoever has something to hide starts with the log: of the trail, and of every access to what is confidential."""
    refuse_disposable(disposable=disposable)
    if group.tag(tag) not in classes and not graph.children(group, on=TRAIL, via="cloudWatchLogsGroupArn"):
        raise NotApplicable("no trail writes to it, and its class is not one that is protected")
    # skipDestroy binds Pulumi alone; this binds everybody, Pulumi too (CloudWatch Logs, PutLogGroupDeletionProtection).
    yield from Row(("deletionProtectionEnabled",), unset=False).judge(group)


def _audit_group(**protection: Any) -> None:
    group = aws.cloudwatch.LogGroup("trail", **protection)
    aws.cloudtrail.Trail(
        "account", s3_bucket_name="trails", cloud_watch_logs_group_arn=pulumi.Output.concat(group.arn, ":*")
    )


@audit_log_group_protected.passes
def audit_log_kept() -> None:
    _audit_group(deletion_protection_enabled=True)
    aws.cloudwatch.LogGroup("web", tags={"data-class": "internal"})


@audit_log_group_protected.fails
def log_of_confidential_accesses_free_to_go() -> None:
    aws.cloudwatch.LogGroup("flows", tags={"data-class": "confidential"})


@audit_log_group_protected.fails
def audit_log_free_to_go() -> None:
    _audit_group()
