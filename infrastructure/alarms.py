"""Alarms: what must not go unnoticed, and whom it reaches.

Enters: the logs key, the audit trail's log group and the subscriber. Leaves: `AlarmTopic`, the encrypted topic that all
alarms go to, `cis_alarms`, which watch the trail, and `backup_failures`; `notify` sends further events to the topic.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, sns

from infrastructure.cis import ALARMS
from infrastructure.documents import Statement, account_root, document
from infrastructure.scope import DataClass, Scope

SERVICE = "alarms"
ALARM_PERIOD_SECONDS = 300
"""Proposed: soon enough to act on, and the period of the CIS benchmark's own example alarms."""


def topic_arn(scope: Scope) -> str:
    """The ARN of the stack's topic, which the policy of its key names before it exists."""
    return scope.arn("sns", f"{scope.prefix}-alarms")


@dataclass(frozen=True)
class AlarmTopicArgs:
    """`subscriber` is an e-mail address, which has to confirm, or an HTTPS URL."""

    scope: Scope
    key_arn: pulumi.Output[str]
    subscriber: str


class AlarmTopic(pulumi.ComponentResource):
    """The topic, who may publish to it, and its subscriber."""

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:alarms:AlarmTopic", name, {}, opts)
        self.scope = args.scope
        topic = sns.Topic(
            f"{name}-topic",
            name=f"{args.scope.prefix}-alarms",
            kms_master_key_id=args.key_arn,
            tags=args.scope.tags(SERVICE, DataClass.CONFIDENTIAL),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = topic.arn
        policy = sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=document(*_topic_policy(args.scope)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        sns.TopicSubscription(
            f"{name}-subscription",
            topic=topic.arn,
            protocol="https" if args.subscriber.startswith("https://") else "email",
            endpoint=args.subscriber,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.register_outputs({"arn": self.arn})


def _topic_policy(scope: Scope) -> list[Statement]:
    """This stack's alarms and event rules publish, its account administers, and all of it over TLS.

    Source: "Example cases for Amazon SNS access control" in the SNS developer guide.
    """
    topic = topic_arn(scope)
    publishers = {
        "CloudWatchAlarms": ("cloudwatch.amazonaws.com", scope.arn("cloudwatch", f"alarm:{scope.prefix}-*")),
        "EventRules": ("events.amazonaws.com", scope.arn("events", f"rule/{scope.prefix}-*")),
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
    scope = topic.scope
    for alarm in ALARMS:
        metric = cloudwatch.LogMetricFilter(
            f"{alarm.name}-filter",
            name=f"{scope.prefix}-{alarm.name}",
            log_group_name=trail_log_group,
            pattern=alarm.pattern,
            metric_transformation={"name": alarm.name, "namespace": f"{scope.prefix}/cis", "value": "1"},
            opts=pulumi.ResourceOptions(parent=topic),
        )
        cloudwatch.MetricAlarm(
            f"{alarm.name}-alarm",
            name=f"{scope.prefix}-{alarm.name}",
            alarm_description=f"{alarm.meaning} (CIS AWS Foundations Benchmark 5.0, {alarm.control})",
            namespace=f"{scope.prefix}/cis",
            metric_name=alarm.name,
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
    """Backups, copies and restores that did not succeed, restore tests included.

    Some of AWS Backup's events say `state` and some `status`: "Monitoring AWS Backup events using Amazon EventBridge".
    """
    failed = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"]
    jobs = [f"{job} Job State Change" for job in ("Backup", "Copy", "Restore")]
    notify(
        topic,
        "backup-failures",
        "Backup, copy and restore jobs that did not succeed",
        {"source": ["aws.backup"], "detail-type": jobs, "detail": {"$or": [{"state": failed}, {"status": failed}]}},
    )


def notify(topic: AlarmTopic, name: str, description: str, pattern: Mapping[str, Any]) -> None:
    """Send every event that matches `pattern` to the topic."""
    scope = topic.scope
    rule = cloudwatch.EventRule(
        f"{name}-rule",
        name=f"{scope.prefix}-{name}",
        description=description,
        event_pattern=json.dumps(pattern),
        tags=scope.tags(SERVICE, DataClass.INTERNAL),
        opts=pulumi.ResourceOptions(parent=topic),
    )
    cloudwatch.EventTarget(
        f"{name}-target",
        rule=rule.name,
        target_id="alarms",
        arn=topic.arn,
        opts=pulumi.ResourceOptions(parent=rule),
    )
