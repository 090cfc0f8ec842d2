"""Detection: recorders, detectors and scanners that look at everything, in every account that has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policy_pack.rules.account_baseline import BASELINE, DETECTOR, RECORDER, sets_account_up
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import (
    Finding,
    Graph,
    Resource,
    Row,
    Severity,
    aws,
    each,
    rule,
    setting,
)

FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
STATUS = "aws:cfg/recorderStatus:RecorderStatus"
CHANNEL = "aws:cfg/deliveryChannel:DeliveryChannel"
GLOBAL_TYPES = ("recordingGroup", "includeGlobalResourceTypes")
FEATURES: list[str] = setting(
    [
        "S3_DATA_EVENTS",
        "EKS_AUDIT_LOGS",
        "EBS_MALWARE_PROTECTION",
        "RDS_LOGIN_EVENTS",
        "LAMBDA_NETWORK_LOGS",
        "RUNTIME_MONITORING",
    ],
    "features of GuardDuty that every detector has",
)
ACCOUNT_ID = re.compile(r"\d{12}")
AGENTS = ("EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT")
SCANNED: list[str] = setting(["EC2", "ECR", "LAMBDA", "LAMBDA_CODE"], "what Amazon Inspector scans")


@rule(
    on=(DETECTOR,),
    severity=Severity.HIGH,
    promise="incident-response",
    controls=("SH:GuardDuty.1",),
    fix='leave enable on, and set findingPublishingFrequency to "FIFTEEN_MINUTES"',
)
def detector_on(detector: Resource) -> Iterator[Finding]:
    """A finding that comes six hours later comes too late."""
    rows = (Row(("enable",), unset=True), Row(("findingPublishingFrequency",), ("FIFTEEN_MINUTES",), unset="SIX_HOURS"))
    yield from each(rows, lambda row: row.judge(detector))


@detector_on.passes
def published_at_once() -> None:
    aws.guardduty.Detector("all", finding_publishing_frequency="FIFTEEN_MINUTES")


@detector_on.fails
def suspended() -> None:
    aws.guardduty.Detector("all", enable=False, finding_publishing_frequency="FIFTEEN_MINUTES")


@detector_on.fails
def published_after_hours() -> None:
    aws.guardduty.Detector("all")


@rule(
    on=(DETECTOR,),
    severity=Severity.HIGH,
    promise="incident-response",
    controls=tuple(f"SH:GuardDuty.{number}" for number in (5, 6, 7, 8, 9, 10, 11, 12, 13)),
    fix="give the detector an aws.guardduty.DetectorFeature with the status ENABLED for each feature",
)
def detector_features_on(detector: Resource, graph: Graph, *, features: list[str] = FEATURES) -> Iterator[Finding]:
    """Each feature reads a source that no other does."""
    found = graph.children(detector, on=FEATURE, via="detectorId")

    def judge(name: str) -> Iterator[Finding]:
        enabled = [item for item in found if item.get("name") == name and item.get("status") == "ENABLED"]
        if not enabled:
            yield f"the feature {name} is not enabled"
        elif name == "RUNTIME_MONITORING":
            agents = enabled[0].get("additionalConfigurations", default=())
            on = [agent.get("name") for agent in agents if agent.get("status") == "ENABLED"]
            yield from (f"{name} does not install its agent: {agent}" for agent in AGENTS if agent not in on)

    yield from each(features, judge)


def _features(*names: str, agents: tuple[str, ...] = AGENTS) -> None:
    detector = aws.guardduty.Detector("all")
    for name in names:
        more: Any = [{"name": agent, "status": "ENABLED"} for agent in agents if name == "RUNTIME_MONITORING"]
        aws.guardduty.DetectorFeature(
            name, name=name, detector_id=detector.id, status="ENABLED", additional_configurations=more or None
        )


_ALL = (
    "S3_DATA_EVENTS",
    "EKS_AUDIT_LOGS",
    "EBS_MALWARE_PROTECTION",
    "RDS_LOGIN_EVENTS",
    "LAMBDA_NETWORK_LOGS",
    "RUNTIME_MONITORING",
)


@detector_features_on.passes
def every_feature() -> None:
    _features(*_ALL)


@detector_features_on.fails
def no_malware_scan() -> None:
    _features(*(name for name in _ALL if name != "EBS_MALWARE_PROTECTION"))


@detector_features_on.fails
def runtime_without_agents() -> None:
    _features(*_ALL, agents=())


@rule(
    on=(RECORDER,),
    severity=Severity.CRITICAL,
    promise="information-security",
    controls=("SH:Config.1", "CIS7:4.3"),
    fix="record all supported types, global ones in one region, with an enabled aws.cfg.RecorderStatus and a channel",
)
def recorder_complete(recorder: Resource, graph: Graph, *, baseline: str = BASELINE) -> Iterator[Finding]:
    """Who changed what, and what it was before, is asked after every incident."""
    # AWS Config API Reference, RecordingGroup: a recorder without a group records every regional type, and no global.
    if recorder.has("recordingGroup") and not recorder.get("recordingGroup", "allSupported", default=True):
        yield "recordingGroup.allSupported is false"
    everywhere = graph.of_type(RECORDER)
    if sets_account_up(graph, baseline) and not any(item.get(*GLOBAL_TYPES, default=False) for item in everywhere):
        yield f"{'.'.join(GLOBAL_TYPES)} is true of no recorder, so that nobody records users, roles and policies"
    status = graph.children(recorder, on=STATUS, via="name")
    if not any(item.get("isEnabled") for item in status):
        yield "no recorder status starts it"
    if not any(item.region == recorder.region for item in graph.of_type(CHANNEL)):
        yield "the stack has no delivery channel in its region, and without one nothing is recorded"


def _recorder(*, on: bool, elsewhere: bool | None = None, **group: bool) -> None:
    recorded: Any = {"all_supported": True, **group}
    recorder = aws.cfg.Recorder("all", name="all", role_arn="arn:role", recording_group=recorded)
    aws.cfg.RecorderStatus("all", name=recorder.name, is_enabled=on)
    aws.cfg.DeliveryChannel("all", s3_bucket_name="config")
    if elsewhere is not None:
        other = aws.cfg.Recorder("recovery", name="all", role_arn="arn:role", region="us-west-1")
        aws.cfg.RecorderStatus("recovery", name=other.name, is_enabled=elsewhere, region="us-west-1")
        aws.cfg.DeliveryChannel("recovery", s3_bucket_name="config", region="us-west-1")


@recorder_complete.passes
def recorded() -> None:
    _recorder(on=True)


@recorder_complete.passes
def recorded_in_both_regions() -> None:
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", is_multi_region_trail=True)
    _recorder(on=True, elsewhere=True, include_global_resource_types=True)


@recorder_complete.fails
def stopped() -> None:
    _recorder(on=False)


@recorder_complete.fails
def stopped_under_the_same_name_in_the_second_region() -> None:
    _recorder(on=True, elsewhere=False)


@recorder_complete.fails
def users_and_roles_left_out() -> None:
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", is_multi_region_trail=True)
    _recorder(on=True)


@recorder_complete.fails
def some_types_alone() -> None:
    _recorder(on=True, all_supported=False)


@recorder_complete.fails
def never_started() -> None:
    aws.cfg.Recorder("all", role_arn="arn:role")


@rule(
    on=("aws:inspector2/enabler:Enabler",),
    severity=Severity.HIGH,
    promise="vulnerability-management",
    controls=("SH:Inspector.1", "SH:Inspector.2", "SH:Inspector.3", "SH:Inspector.4"),
    fix="name the account in accountIds and every resource type in resourceTypes",
)
def inspector_scans_everything(enabler: Resource, *, scanned: list[str] = SCANNED) -> Iterator[Finding]:
    """What isn't scanned is patched when somebody happens to read of it."""
    types = enabler.get("resourceTypes", default=())
    for name in scanned:
        if name not in types:
            yield f"resourceTypes lacks {name}"
    accounts = enabler.get("accountIds", default=())
    if not len(accounts):
        yield "accountIds names no account"
    yield from (f"accountIds holds {name}, which is no account" for name in accounts if not ACCOUNT_ID.fullmatch(name))


def _inspector(*types: str, accounts: tuple[str, ...] = ("111122223333",)) -> None:
    aws.inspector2.Enabler("all", account_ids=list(accounts), resource_types=list(types))


@inspector_scans_everything.passes
def everything_scanned() -> None:
    _inspector("EC2", "ECR", "LAMBDA", "LAMBDA_CODE")


@inspector_scans_everything.fails
def functions_left_out() -> None:
    _inspector("EC2", "ECR")


@inspector_scans_everything.fails
def of_no_account() -> None:
    _inspector("EC2", "ECR", "LAMBDA", "LAMBDA_CODE", accounts=())


@inspector_scans_everything.fails
def of_every_account_as_aws_has_no_way_to_say() -> None:
    _inspector("EC2", "ECR", "LAMBDA", "LAMBDA_CODE", accounts=("*",))


@rule(
    on={
        "aws:macie2/account:Account": Row(
            ("status",), ("ENABLED",), unset="ENABLED", controls=("SH:Macie.1", "CIS7:3.1.3")
        ),
        "aws:msk/cluster:Cluster": Row(
            ("enhancedMonitoring",),
            ("PER_TOPIC_PER_BROKER", "PER_TOPIC_PER_PARTITION"),
            unset="DEFAULT",
            controls=("SH:MSK.2",),
        ),
    },
    severity=Severity.MEDIUM,
    promise="incident-response",
    fix="turn the service's own monitoring on",
)
def monitoring_on(resource: Resource, row: Row) -> Iterator[Finding]:
    """A service that watches nothing finds nothing."""
    yield from row.judge(resource)


def _monitored(status: str, level: str) -> None:
    aws.macie2.Account("all", status=status)
    nodes: Any = {"client_subnets": ["subnet-1"], "instance_type": "kafka.m7g.large", "security_groups": ["sg-1"]}
    aws.msk.Cluster(
        "events",
        kafka_version="3.8.x",
        number_of_broker_nodes=3,
        broker_node_group_info=nodes,
        enhanced_monitoring=level,
    )


@monitoring_on.passes
def monitored() -> None:
    _monitored("ENABLED", "PER_TOPIC_PER_BROKER")


@monitoring_on.fails
def paused() -> None:
    _monitored("PAUSED", "DEFAULT")


CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"


@rule(
    on=(DATABASE_INSTANCE, CLUSTER_INSTANCE),
    severity=Severity.LOW,
    promise="incident-response",
    controls=("SH:RDS.6",),
    fix="set monitoringInterval to 60 or less, with a monitoringRoleArn",
)
def database_monitored(database: Resource, graph: Graph) -> Iterator[Finding]:
    """The hypervisor's figures show neither which process was busy nor that memory ran out."""
    if database.get("monitoringInterval", default=0) == 0:
        clusters = (
            graph.targets(database, "clusterIdentifier", DATABASE_CLUSTER) if database.type == CLUSTER_INSTANCE else []
        )
        if not any(cluster.get("monitoringInterval", default=0) for cluster in clusters):
            yield "monitoringInterval is 0"


def _interval(seconds: int) -> None:
    role: Any = {"monitoring_interval": seconds, "monitoring_role_arn": "arn:role"}
    engine: Any = "aurora-postgresql"
    aws.rds.Instance("reports", instance_class="db.t4g.small", **role)
    aws.rds.ClusterInstance("orders", cluster_identifier="orders", engine=engine, instance_class="db.r7g.large", **role)


@database_monitored.passes
def every_minute() -> None:
    _interval(60)


@database_monitored.fails
def never() -> None:
    _interval(0)
