"""Regions: what a resource belongs to, or works with, is where it is itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from policy_pack.rules.account_baseline import DETECTOR, RECORDER
from policy_pack.rules.event_routes import EVENT_RULE, EVENT_TARGET
from policy_pack.rules.monitoring import SUBSCRIPTION, TOPIC
from policy_pack.rules.privacy import values_at
from policy_pack.rules.restore_tests import RESTORE_PLAN
from policy_pack.tokens import KEY, VAULT
from policy_pack.vocabulary import Finding, Graph, Resource, Severity, aws, each, rule


class Link(NamedTuple):
    """A property that names something of a type, and where the region that this must be in is written."""

    via: str
    token: str
    region: tuple[str, ...] = ()
    """The path to it inside the resource; the resource's own where there is none."""


Links = tuple[Link, ...]
BESIDE: dict[str, Links] = {
    VAULT: (Link("kmsKeyArn", KEY),),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": (Link("backupVaultName", VAULT),),
    "aws:backup/vaultNotifications:VaultNotifications": (Link("backupVaultName", VAULT), Link("snsTopicArn", TOPIC)),
    "aws:backup/vaultPolicy:VaultPolicy": (Link("backupVaultName", VAULT),),
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": (Link("restoreTestingPlanName", RESTORE_PLAN),),
    "aws:cfg/recorderStatus:RecorderStatus": (Link("name", RECORDER),),
    EVENT_TARGET: (Link("rule", EVENT_RULE), Link("arn", TOPIC)),
    "aws:ebs/defaultKmsKey:DefaultKmsKey": (Link("keyArn", KEY),),
    "aws:guardduty/detectorFeature:DetectorFeature": (Link("detectorId", DETECTOR),),
    TOPIC: (Link("kmsMasterKeyId", KEY),),
    "aws:sns/topicPolicy:TopicPolicy": (Link("arn", TOPIC),),
    SUBSCRIPTION: (Link("topic", TOPIC),),
    "aws:secretsmanager/secret:Secret": (Link("replicas", KEY, ("replicas", "region")),),
}


@rule(
    on=BESIDE,
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("PH:REGION",),
    fix="give both the same region",
)
def part_is_beside_its_whole(part: Resource, graph: Graph, row: Links) -> Iterator[Finding]:
    """A lock, a key or a target in another region protects nothing, and tells nobody: what is meant is not there."""

    def judge(link: Link) -> Iterator[Finding]:
        regions = list(values_at(part, link.region)) if link.region else [part.region]
        for target in graph.targets(part, link.via, link.token) if regions else ():
            if target.region not in regions:
                yield f"{link.via} names {target.name}, which is in {target.region} and not in {' or '.join(regions)}"

    yield from each(row, judge)


def _in_recovery_region(region: str | None, *, locked: str | None = "us-west-1") -> None:
    key = aws.kms.Key("copies", region="us-west-1")
    vault = aws.backup.Vault("copies", name="copies", kms_key_arn=key.arn, region=region)
    beside: Any = {"backup_vault_name": vault.name, "region": locked}
    aws.backup.VaultLockConfiguration("copies", **beside)
    aws.backup.VaultPolicy("copies", policy="{}", **beside)
    topic = aws.sns.Topic("alarms", kms_master_key_id=key.arn, region=region)
    aws.sns.TopicPolicy("alarms", arn=topic.arn, policy="{}", region=region)
    aws.sns.TopicSubscription(
        "alarms", topic=topic.arn, protocol="email", endpoint="security@example.com", region=region
    )
    aws.backup.VaultNotifications("copies", sns_topic_arn=topic.arn, backup_vault_events=["COPY_JOB_FAILED"], **beside)
    item = aws.cloudwatch.EventRule("failures", name="failures", event_pattern="{}", region=region)
    aws.cloudwatch.EventTarget("failures", rule=item.name, arn=topic.arn, region=region)
    replica: Any = {"region": region or "us-west-2", "kms_key_id": key.arn}
    aws.secretsmanager.Secret("token", replicas=[replica])
    aws.ebs.DefaultKmsKey("disks", key_arn=key.arn, region=region)
    for name, where in (("home", None), ("recovery", region)):
        recorder = aws.cfg.Recorder(name, name="all", role_arn="arn:role", region=where)
        aws.cfg.RecorderStatus(name, name=recorder.name, is_enabled=True, region=where)
    detector = aws.guardduty.Detector("recovery", region=region)
    aws.guardduty.DetectorFeature(
        "objects", detector_id=detector.id, name="S3_DATA_EVENTS", status="ENABLED", region=region
    )
    selection: Any = {
        "algorithm": "LATEST_WITHIN_WINDOW",
        "include_vaults": ["*"],
        "recovery_point_types": ["SNAPSHOT"],
    }
    plan = aws.backup.RestoreTestingPlan(
        "all", name="all", recovery_point_selection=selection, schedule_expression="rate(30 days)", region=region
    )
    aws.backup.RestoreTestingSelection(
        "disks",
        name="disks",
        restore_testing_plan_name=plan.name,
        protected_resource_type="EBS",
        iam_role_arn="arn:aws:iam::111122223333:role/restore",
        region=region,
    )


@part_is_beside_its_whole.passes
def all_in_the_second_region() -> None:
    _in_recovery_region("us-west-1")


@part_is_beside_its_whole.fails
def all_but_the_key_at_home() -> None:
    _in_recovery_region(None, locked=None)


@part_is_beside_its_whole.fails
def a_lock_for_no_vault_of_its_region() -> None:
    _in_recovery_region("us-west-1", locked=None)
