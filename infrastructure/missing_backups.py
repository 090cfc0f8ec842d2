"""Backup: a daily backup that a store makes by itself, and that is not there, is noticed within hours.

Enters: the alarm topic and the bucket in which a store notes each backup that it has completed. Leaves:
`watch_backups`, which raises an alarm where no note has come in time. AWS Backup tells of its own jobs
(`alarms.backup_failures`); nobody tells of a job that never ran.

The notes are counted by the bucket's request metrics, as silence has to count: without data, the alarm is raised. The
metrics are delivered "on a best-effort basis" ("Metrics and dimensions" in the S3 user guide): one that is lost is an
alarm too many, which the next day ends, never one too few.
"""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
from pulumi_aws import cloudwatch, s3

from infrastructure.alarms import SERVICE, AlarmTopic
from infrastructure.scope import DataClass

HOUR_SECONDS = 3_600
LATE_HOURS = 26
"""A day, and what one backup may take longer than the one before. Proposed: half a night is left to make up for it."""


def watch_backups(topic: AlarmTopic, name: str, bucket: pulumi.Output[str], notes: Iterable[str]) -> None:
    """Tell the topic when one of the prefixes `notes` of a store's bucket has had no new object for `LATE_HOURS`."""
    for part, prefix in enumerate(notes, start=1):
        metric = s3.BucketMetric(
            f"{name}-{part}-completed-backups",
            bucket=bucket,
            name=f"completed-{part}",
            filter={"prefix": prefix},
            opts=pulumi.ResourceOptions(parent=topic),
        )
        cloudwatch.MetricAlarm(
            f"{name}-{part}-backup-missing-alarm",
            name=f"{topic.scope.prefix}-{name}-{part}-backup-missing",
            alarm_description=f"Part {part} of {name} has completed no backup of its own for {LATE_HOURS} hours",
            namespace="AWS/S3",
            metric_name="PutRequests",
            dimensions={"BucketName": bucket, "FilterId": metric.name},
            statistic="Sum",
            period=HOUR_SECONDS,
            evaluation_periods=LATE_HOURS,
            datapoints_to_alarm=LATE_HOURS,
            comparison_operator="LessThanThreshold",
            threshold=1,
            treat_missing_data="breaching",
            alarm_actions=[topic.arn],
            tags=topic.scope.tags(SERVICE, DataClass.INTERNAL),
            opts=pulumi.ResourceOptions(parent=topic, depends_on=[metric]),
        )
