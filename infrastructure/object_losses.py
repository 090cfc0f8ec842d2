"""Incident Response: objects that vanish from a bucket are noticed within minutes, and whatever else within days.

Enters: the alarm topic and a bucket. Leaves: `watch_objects`, which raises two alarms, as neither sees all:

- Deletions, by the bucket's request metrics, every five minutes. Sees whoever deletes through S3, in a versioned bucket
  too. Lifecycle rules make no requests, and a request to delete many objects counts once.
- The number of objects, by S3's daily storage metric. Sees a loss whatever its way, but late: the metric comes once a
  day, and versions and delete markers count, so that in a versioned bucket a deletion shows when the versions expire.
  An empty bucket has no metric at all: the alarm then has no data, and that is told as well.

Sources: "Amazon S3 CloudWatch metrics and dimensions" in the S3 user guide, "Using metric math" in that of CloudWatch.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_aws import cloudwatch, s3

from infrastructure.alarms import ALARM_PERIOD_SECONDS, SERVICE, AlarmTopic
from infrastructure.scope import DataClass

REQUESTS = "requests"
DELETIONS = 100
"""Proposed, for each period: more than an erasure of one customer's request sends, less than a bug that runs on."""

DROP_PERCENT = 10
"""Proposed: what a bucket loses from a day to the next beyond what expires, as newer objects take that one's place."""

DAY_SECONDS = 86_400
DAYS = 3
"""The metric of a day may come a day late; one drop within the days is enough."""


def watch_objects(topic: AlarmTopic, name: str, bucket: pulumi.Output[str]) -> None:
    """Tell the topic of deletions from the bucket of this name and of a drop in the number of its objects."""
    child = pulumi.ResourceOptions(parent=topic)
    metric = s3.BucketMetric(f"{name}-requests", bucket=bucket, name=REQUESTS, opts=child)
    common: dict[str, Any] = {
        "alarm_actions": [topic.arn],
        "tags": topic.scope.tags(SERVICE, DataClass.INTERNAL),
        "opts": pulumi.ResourceOptions(parent=topic, depends_on=[metric]),
    }
    cloudwatch.MetricAlarm(
        f"{name}-deletions-alarm",
        name=f"{topic.scope.prefix}-{name}-deletions",
        alarm_description=f"Objects are deleted from the bucket of {name}, more than is usual",
        namespace="AWS/S3",
        metric_name="DeleteRequests",
        dimensions={"BucketName": bucket, "FilterId": REQUESTS},
        statistic="Sum",
        period=ALARM_PERIOD_SECONDS,
        evaluation_periods=1,
        comparison_operator="GreaterThanOrEqualToThreshold",
        threshold=DELETIONS,
        treat_missing_data="notBreaching",
        **common,
    )
    cloudwatch.MetricAlarm(
        f"{name}-object-count-alarm",
        name=f"{topic.scope.prefix}-{name}-object-count",
        alarm_description=f"The bucket of {name} has fewer objects than the day before, or none",
        metric_queries=[
            {
                "id": "objects",
                "return_data": False,
                "metric": {
                    "namespace": "AWS/S3",
                    "metric_name": "NumberOfObjects",
                    "dimensions": {"BucketName": bucket, "StorageType": "AllStorageTypes"},
                    "period": DAY_SECONDS,
                    "stat": "Average",
                },
            },
            {
                "id": "change",
                "label": "Change in percent from the day before",
                "expression": "100 * DIFF(objects) / (objects - DIFF(objects))",
                "return_data": True,
            },
        ],
        evaluation_periods=DAYS,
        datapoints_to_alarm=1,
        comparison_operator="LessThanOrEqualToThreshold",
        threshold=-DROP_PERCENT,
        treat_missing_data="missing",
        insufficient_data_actions=[topic.arn],
        **common,
    )
