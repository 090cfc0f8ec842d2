"""Alarms: what must not go unnoticed, and whom it reaches.

Enters: a key, the audit trail's log group and the subscriber. Leaves: `AlarmTopic`, the encrypted topic that all alarms
of a region go to, `cis_alarms` and `break_glass_alarm`, which watch the trail, `backup_failures` and `database_events`;
`notify` sends further events to the topic.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, rds, sns

from infrastructure.cis import ALARMS
from infrastructure.documents import Statement, account_root, document
from infrastructure.guard import BREAK_GLASS, role_arn
from infrastructure.scope import DataClass, Scope

SERVICE = "alarms"
ALARM_PERIOD_SECONDS = 300
"""Proposed: soon enough to act on, and the period of the CIS benchmark's own example alarms."""


DATABASE_EVENTS = {
    "db-cluster": ("failover", "failure", "maintenance"),
    "db-instance": ("configuration change", "failure", "maintenance"),
    "db-parameter-group": ("configuration change",),
}
"""Security Hub's controls RDS.19 to 21: what of which source must be told."""


def topic_arn(scope: Scope, region: str | None = None) -> str:
    """The ARN of the stack's topic in a region, which the policy of its key names before it exists."""
    return scope.arn("sns", f"{scope.prefix}-alarms", region)


@dataclass(frozen=True)
class AlarmTopicArgs:
    """`subscriber` is an e-mail address, which has to confirm, or an HTTPS URL."""

    scope: Scope
    key_arn: pulumi.Output[str]
    subscriber: str
    region: str | None = None
    """Set where it is not the provider's: SNS takes notifications of its own region's services and keys alone."""


class AlarmTopic(pulumi.ComponentResource):
    """The topic, who may publish to it, and its subscriber."""

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:alarms:AlarmTopic", name, {}, opts)
        self.scope, self.region = args.scope, args.region
        topic = sns.Topic(
            f"{name}-topic",
            name=f"{args.scope.prefix}-alarms",
            kms_master_key_id=args.key_arn,
            region=args.region,
            tags=args.scope.tags(SERVICE, DataClass.CONFIDENTIAL),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = topic.arn
        policy = sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=document(*_topic_policy(args.scope, args.region)),
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        sns.TopicSubscription(
            f"{name}-subscription",
            topic=topic.arn,
            protocol="https" if args.subscriber.startswith("https://") else "email",
            endpoint=args.subscriber,
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.register_outputs({"arn": self.arn})


def _topic_policy(scope: Scope, region: str | None) -> list[Statement]:
    """This stack's alarms, event rules, vaults and databases publish, its account administers, and all of it over TLS.

    Source: "Example cases for Amazon SNS access control" in the SNS developer guide, "Cross-service confused deputy
    prevention" in that of AWS Backup, "Granting permissions to publish notifications" in the RDS user guide.
    """
    topic = topic_arn(scope, region)
    publishers = {
        "CloudWatchAlarms": ("cloudwatch.amazonaws.com", scope.arn("cloudwatch", f"alarm:{scope.prefix}-*", region)),
        "EventRules": ("events.amazonaws.com", scope.arn("events", f"rule/{scope.prefix}-*", region)),
        "BackupVaults": ("backup.amazonaws.com", scope.arn("backup", "backup-vault:*", region)),
        "Databases": ("events.rds.amazonaws.com", scope.arn("rds", f"es:{scope.prefix}-*", region)),
    }
    return [
        {
            "Sid": "AccountAdministers",
            "Effect": "Allow",
            "Principal": account_root(scope.account),
            "Action": [
                "sns:DeleteTopic",
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
                "sns:SetTopicAttributes",
                "sns:Subscribe",
            ],
            "Resource": topic,
        },
        *(
            {
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sns:Publish",
                "Resource": topic,
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": scope.account},
                    "ArnLike": {"aws:SourceArn": source},
                },
            }
            for sid, (service, source) in publishers.items()
        ),
        {
            "Sid": "DenyPlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]


def cis_alarms(topic: AlarmTopic, trail_log_group: pulumi.Input[str]) -> None:
    """A metric filter on the trail's log group for each row of `cis.ALARMS`, and an alarm on its first match."""
    for alarm in ALARMS:
        meaning = f"{alarm.meaning} (CIS AWS Foundations Benchmark 5.0, {alarm.control})"
        _watch_trail(topic, trail_log_group, kind="cis", name=alarm.name, meaning=meaning, pattern=alarm.pattern)


def break_glass_alarm(topic: AlarmTopic, trail_log_group: pulumi.Input[str]) -> None:
    """The role for emergencies was assumed, or somebody tried, through whichever region's STS.

    A filter on the trail, not an event rule: the trail is of all regions, EventBridge tells of its own region's calls.
    """
    role = role_arn(topic.scope, BREAK_GLASS)
    call = '($.eventSource = "sts.amazonaws.com") && ($.eventName = "AssumeRole*")'
    pattern = f'{{ {call} && ($.requestParameters.roleArn = "{role}") }}'
    meaning = f"The role {BREAK_GLASS} was assumed, or somebody tried"
    _watch_trail(topic, trail_log_group, kind="access", name="break-glass-assumed", meaning=meaning, pattern=pattern)


def role_use(topic: AlarmTopic, trail_log_group: pulumi.Input[str], purpose: str, meaning: str) -> None:
    """An alarm whenever somebody takes the role of a purpose, tries to, or does something with it."""
    arn = role_arn(topic.scope, purpose)
    taken, used = "$.requestParameters.roleArn", "$.userIdentity.sessionContext.sessionIssuer.arn"
    pattern = f'{{({taken}="{arn}") || ({used}="{arn}")}}'
    _watch_trail(topic, trail_log_group, kind="access", name=f"{purpose}-use", meaning=meaning, pattern=pattern)


def _watch_trail(  # noqa: PLR0913 - a filter and its alarm say one thing together
    topic: AlarmTopic, log_group: pulumi.Input[str], *, kind: str, name: str, meaning: str, pattern: str
) -> None:
    """Count the trail's events that match `pattern`, and raise an alarm at the first."""
    scope = topic.scope
    metric = cloudwatch.LogMetricFilter(
        f"{name}-filter",
        name=f"{scope.prefix}-{name}",
        log_group_name=log_group,
        pattern=pattern,
        metric_transformation={"name": name, "namespace": f"{scope.prefix}/{kind}", "value": "1"},
        opts=pulumi.ResourceOptions(parent=topic),
    )
    cloudwatch.MetricAlarm(
        f"{name}-alarm",
        name=f"{scope.prefix}-{name}",
        alarm_description=meaning,
        namespace=f"{scope.prefix}/{kind}",
        metric_name=name,
        statistic="Sum",
        period=ALARM_PERIOD_SECONDS,
        evaluation_periods=1,
        comparison_operator="GreaterThanOrEqualToThreshold",
        threshold=1,
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
        tags=scope.tags(SERVICE, DataClass.INTERNAL),
        opts=pulumi.ResourceOptions(parent=topic, depends_on=[metric]),
    )


def backup_failures(topic: AlarmTopic) -> None:
    """Backups, copies and restores of the topic's region that did not succeed, restore tests included.

    Events of restores say `status`, the others `state`: "Monitoring AWS Backup events using Amazon EventBridge".
    """
    failed: Mapping[str, Any] = {"state": ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"]}
    not_restored: Mapping[str, Any] = {"status": ["ABORTED", "FAILED"]}
    jobs = [f"{job} Job State Change" for job in ("Backup", "Copy", "Restore")]
    notify(
        topic,
        "recovery-backup-failures" if topic.region else "backup-failures",
        "Backup, copy and restore jobs that did not succeed",
        {"source": ["aws.backup"], "detail-type": jobs, "detail": {"$or": [failed, not_restored]}},
    )


def database_events(topic: AlarmTopic) -> None:
    """What happens to databases, by subscription and by event rule.

    Security Hub asks for subscriptions, but "RDS event notification is only available for unencrypted SNS topics"
    (CreateEventSubscription). The topic and its key let RDS in, should that change; EventBridge gets in now.
    """
    scope = topic.scope
    for source, categories in DATABASE_EVENTS.items():
        rds.EventSubscription(
            f"{source}-events",
            name=f"{scope.prefix}-{source}",
            sns_topic=topic.arn,
            source_type=source,
            event_categories=list(categories),
            tags=scope.tags(SERVICE, DataClass.INTERNAL),
            opts=pulumi.ResourceOptions(parent=topic),
        )
    notify(
        topic,
        "database-events",
        "Failures, failovers, maintenance and changes of configuration of databases",
        {
            "source": ["aws.rds"],
            "detail-type": ["RDS DB Cluster Event", "RDS DB Instance Event", "RDS DB Parameter Group Event"],
            "detail": {"EventCategories": sorted({name for of in DATABASE_EVENTS.values() for name in of})},
        },
    )


def notify(topic: AlarmTopic, name: str, description: str, pattern: Mapping[str, Any]) -> None:
    """Send every event that matches `pattern` to the topic."""
    scope = topic.scope
    rule = cloudwatch.EventRule(
        f"{name}-rule",
        name=f"{scope.prefix}-{name}",
        description=description,
        event_pattern=json.dumps(pattern),
        region=topic.region,
        tags=scope.tags(SERVICE, DataClass.INTERNAL),
        opts=pulumi.ResourceOptions(parent=topic),
    )
    cloudwatch.EventTarget(
        f"{name}-target",
        rule=rule.name,
        target_id="alarms",
        arn=topic.arn,
        region=topic.region,
        opts=pulumi.ResourceOptions(parent=rule),
    )
