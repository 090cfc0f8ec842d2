"""Alarms of buckets: what vanishes from them is told, at once where requests are counted, and when nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.monitoring import ALARM, ALARMED, metrics_of, periods_until_told
from policy_pack.tokens import BUCKETS
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, aws, rule, setting

BUCKET_METRIC = "aws:s3/bucketMetric:BucketMetric"
# Amazon S3 User Guide, "Amazon S3 metrics and dimensions": once a day, by storage class; and each minute, by filter.
STORED = ("BucketSizeBytes", "NumberOfObjects")
REQUESTED = (
    "4xxErrors",
    "5xxErrors",
    "AllRequests",
    "BytesDownloaded",
    "BytesUploaded",
    "DeleteRequests",
    "FirstByteLatency",
    "GetRequests",
    "HeadRequests",
    "ListRequests",
    "PostRequests",
    "PutRequests",
    "SelectBytesReturned",
    "SelectBytesScanned",
    "SelectRequests",
    "TotalRequestLatency",
)
REPLICATED = (
    "BytesPendingReplication",
    "OperationsFailedReplication",
    "OperationsPendingReplication",
    "ReplicationLatency",
)
S3_DIMENSIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(STORED, ("BucketName", "StorageType")),
    **dict.fromkeys(REQUESTED, ("BucketName", "FilterId")),
    **dict.fromkeys(REPLICATED, ("SourceBucket", "DestinationBucket", "RuleId")),
}


@rule(
    on=(ALARM,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:ALARM-BACKUP",),
    fix='name whom to tell in insufficientDataActions, or set treatMissingData to "breaching"',
)
def alarm_tells_of_an_empty_bucket(
    alarm: Resource,
    *,
    most_days: int = setting(1, "days that a bucket is too small for until somebody hears of it", minimum=1),
) -> Iterator[Finding]:
    """S3 measures no bucket that holds nothing: who has lost every object gets no figure that is too small.

    It measures once a day, so that an alarm which waits for several figures waits for as many days.
    """
    if not any(
        metric.get("namespace") == "AWS/S3" and metric.get("metricName") in STORED for metric in metrics_of(alarm)
    ) or not str(alarm.get("comparisonOperator")).startswith("LessThan"):
        raise NotApplicable("it tells of no bucket that grows smaller")
    if alarm.get("treatMissingData", default="missing") != "breaching" and not alarm.has("insufficientDataActions"):
        yield "insufficientDataActions is empty, and missing data is not breaching"
    days = periods_until_told(alarm)
    if days > most_days:
        yield f"the bucket has to be too small on {days} days, more than {most_days}"


def _count(**missing: Any) -> None:
    aws.cloudwatch.MetricAlarm(
        "objects",
        namespace="AWS/S3",
        metric_name="NumberOfObjects",
        dimensions={"BucketName": "data", "StorageType": "AllStorageTypes"},
        **{**ALARMED, "comparison_operator": "LessThanThreshold", **missing},
    )


@alarm_tells_of_an_empty_bucket.passes
def somebody_told_of_no_data() -> None:
    _count(insufficient_data_actions=ALARMED["alarm_actions"])
    aws.cloudwatch.MetricAlarm("many", namespace="AWS/S3", metric_name="NumberOfObjects", **ALARMED)


@alarm_tells_of_an_empty_bucket.passes
def no_data_is_too_little() -> None:
    _count(treat_missing_data="breaching")


@alarm_tells_of_an_empty_bucket.passes
def one_day_of_three() -> None:
    _count(treat_missing_data="breaching", evaluation_periods=3, datapoints_to_alarm=1)


@alarm_tells_of_an_empty_bucket.fails
def three_days_of_three() -> None:
    _count(treat_missing_data="breaching", evaluation_periods=3)


@alarm_tells_of_an_empty_bucket.fails
def no_data_and_nobody_told() -> None:
    _count(treat_missing_data="notBreaching")


MOST_MINUTES: int = setting(60, "minutes that requests go on for until somebody hears of them", minimum=1)
MOST_REQUESTS: int = setting(1_000, "requests within a period of an alarm that nobody need hear of", minimum=1)
MOST_HOURS: int = setting(48, "hours without the requests that are waited for until somebody hears of it", minimum=1)


@rule(
    on=(BUCKET_METRIC,),
    severity=Severity.LOW,
    promise="backup",
    controls=("PH:ALARM-BACKUP",),
    fix="give the requests that the metric counts an alarm, by the bucket's name and the metric's own as FilterId: one "
    "that goes off within the hour, or one that misses requests where they stay away",
)
def bucket_requests_raise_alarm(
    counted: Resource,
    graph: Graph,
    *,
    most_minutes: int = MOST_MINUTES,
    most_requests: int = MOST_REQUESTS,
    most_hours: int = MOST_HOURS,
) -> Iterator[Finding]:
    """Requests to a bucket are counted by the minute to hear of deletions before the day's number of objects tells.

    Or of what is not written any more, such as backups: S3 then has no figure at all, so that missing data must be
    breaching.
    """
    buckets = graph.targets(counted, "bucket", *BUCKETS)
    for alarm in graph.of_type(ALARM):
        threshold, seconds = (
            alarm.get("threshold", default=0),
            periods_until_told(alarm) * alarm.get("period", default=0),
        )
        if str(alarm.get("comparisonOperator")).startswith("LessThan"):
            missed = alarm.get("treatMissingData") == "breaching" and threshold >= 1
            in_time = missed and seconds <= 3_600 * most_hours
        else:
            in_time = threshold <= most_requests and seconds <= 60 * most_minutes
        if in_time and any(_is_about(metric, alarm, counted, buckets, graph) for metric in metrics_of(alarm)):
            return
    yield "no alarm tells in time of the requests that it counts"


def _is_about(metric: Props, alarm: Resource, counted: Resource, buckets: list[Resource], graph: Graph) -> bool:
    alone = metric is alarm
    return (
        metric.get("namespace") == "AWS/S3"
        and metric.get("metricName") in REQUESTED
        and (not alone or alarm.get("statistic") == "Sum")
        and metric.get("dimensions", "FilterId") == counted.get("name")
        and all(graph.refers(alarm, "dimensions" if alone else "metricQueries", bucket) for bucket in buckets)
    )


def _requests(filter_id: str, *, of: str = "data", **more: Any) -> None:
    buckets = {name: aws.s3.Bucket(name, bucket=name) for name in ("data", "other")}
    aws.s3.BucketMetric("all", bucket=buckets["data"].id, name="all")
    dimensions: Any = {"BucketName": buckets[of].bucket, "FilterId": filter_id}
    aws.cloudwatch.MetricAlarm(
        "deletions", namespace="AWS/S3", metric_name="DeleteRequests", dimensions=dimensions, **{**ALARMED, **more}
    )


@bucket_requests_raise_alarm.passes
def deletions_told() -> None:
    _requests("all")


ABSENT: dict[str, Any] = {"comparison_operator": "LessThanThreshold", "period": 3600, "evaluation_periods": 25}


@bucket_requests_raise_alarm.passes
def backups_missed_after_a_day() -> None:
    _requests("all", **ABSENT, treat_missing_data="breaching")


@bucket_requests_raise_alarm.fails
def backups_whose_absence_is_no_data() -> None:
    _requests("all", **ABSENT)


@bucket_requests_raise_alarm.fails
def backups_missed_after_a_week() -> None:
    _requests("all", **{**ABSENT, "evaluation_periods": 168}, treat_missing_data="breaching")


@bucket_requests_raise_alarm.fails
def deletions_by_another_filter() -> None:
    _requests("everything")


@bucket_requests_raise_alarm.fails
def deletions_that_go_on_for_a_working_day() -> None:
    _requests("all", period=300, evaluation_periods=96)


@bucket_requests_raise_alarm.fails
def deletions_of_a_million_objects() -> None:
    _requests("all", threshold=1_000_000)


@bucket_requests_raise_alarm.fails
def deletions_from_another_bucket() -> None:
    _requests("all", of="other")
