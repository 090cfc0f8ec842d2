"""Alarms that can go off: on metrics that a service, or a filter of the stack, fills."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policy_pack.rules.bucket_alarms import S3_DIMENSIONS
from policy_pack.rules.monitoring import ALARM, ALARMED, FILTER, metrics_of, reads_trail, trail_with_alarms
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    aws,
    each,
    rule,
)

# CloudWatch API Reference, PutMetricAlarm.
COMPARED = Row(
    ("comparisonOperator",),
    (
        "GreaterThanOrEqualToThreshold",
        "GreaterThanThreshold",
        "GreaterThanUpperThreshold",
        "LessThanLowerOrGreaterThanUpperThreshold",
        "LessThanLowerThreshold",
        "LessThanOrEqualToThreshold",
        "LessThanThreshold",
    ),
)
QUOTED = r"'[^']*'|\"[^\"]*\""
# Without these, the service has no metric of the name: "Available CloudWatch metrics for Amazon SQS" in its Developer
# Guide, "CloudWatch metrics" in the User Guides for Application and for Network Load Balancers.
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "AWS/ApplicationELB": ("LoadBalancer",),
    "AWS/NetworkELB": ("LoadBalancer",),
    "AWS/SQS": ("QueueName",),
}


@rule(
    on=(ALARM,),
    severity=Severity.MEDIUM,
    promise="incident-response",
    controls=("SH:CloudWatch.15",),
    fix="name a metric that the service, or a metric filter of the stack, fills, with its dimensions",
)
def alarm_watches_what_is_measured(alarm: Resource, graph: Graph) -> Iterator[Finding]:
    """An alarm on a metric that nothing fills is silent for ever, and looks like one that has nothing to tell."""
    if alarm.has("evaluationCriteria"):
        raise NotApplicable("it is about what a query in PromQL finds")
    queries = alarm.get("metricQueries", default=())
    if len(queries):
        yield from _wrong_queries(list(queries))
    elif not alarm.has("metricName"):
        yield "metricName and metricQueries name no metric"
    elif not alarm.has("period"):
        yield "period is not set"
    yield from COMPARED.judge(alarm)
    if not alarm.has("evaluationPeriods"):
        yield "evaluationPeriods is not set"
    if alarm.get("threshold") is None and not alarm.has("thresholdMetricId"):
        yield "threshold is not set"
    yield from each(metrics_of(alarm), lambda metric: _is_filled(metric, graph))


def _wrong_queries(queries: list[Props]) -> Iterator[Finding]:
    # CloudWatch API Reference, PutMetricAlarm: one of the metrics and expressions is what the alarm is about.
    returned = sum(query.get("returnData", default=False) is True for query in queries)
    if returned != 1:
        yield f"metricQueries return the data of {returned} queries; an alarm is about one"
    named = {query.get("id") for query in queries}
    for query in queries:
        expression = re.sub(QUOTED, "", str(query.get("expression", default="")))
        if not expression and not query.has("metric"):
            yield f"{query.where('metric')} is not set, and neither is expression"
        # CloudWatch User Guide, "Using metric math": ids begin with a small letter, and functions are in capitals.
        missing = set(re.findall(r"\b[a-z]\w*", expression)) - named if "SELECT" not in expression else ()
        for name in sorted(missing):
            yield f"{query.where('expression')} is about {name}, which is no query of the alarm"


def _is_filled(metric: Props, graph: Graph) -> Iterator[Finding]:
    namespace, name = metric.get("namespace"), metric.get("metricName")
    dimensions = metric.get("dimensions", default=Props({}))
    if namespace is None:
        yield f"{metric.where('namespace')} is not set"
    needed = DIMENSIONS.get(namespace, ())
    if namespace == "AWS/S3":
        needed = S3_DIMENSIONS.get(name, ())
        if not needed:
            yield f"{metric.where('metricName')} is {name}, which S3 doesn't measure"
    for key in needed:
        if key not in dimensions:
            yield f"{metric.where('dimensions')} lack {key}, without which there is no such metric"
    if str(namespace).startswith("AWS/"):
        return
    fill = [item for item in graph.of_type(FILTER) if item.get("metricTransformation", "namespace") == namespace]
    # A program may fill a namespace beside the filters of its log; nothing does beside those of the trail.
    if (
        fill
        and all(item.get("metricTransformation", "name") != name for item in fill)
        and all(reads_trail(item, graph) for item in fill)
    ):
        yield f"{metric.where('metricName')} is {name}, which no metric filter fills in {namespace}"


def _alarm(namespace: str, name: str | None, **dimensions: str) -> None:
    aws.cloudwatch.MetricAlarm("a", namespace=namespace, metric_name=name, dimensions=dimensions or None, **ALARMED)


def _filter(name: str) -> None:
    metric: Any = {"namespace": "web", "name": name, "value": "1"}
    aws.cloudwatch.LogMetricFilter(name, log_group_name="web", pattern="ERROR", metric_transformation=metric)


EACH = {"period": 60, "stat": "Average"}


def _queries(*returned: str) -> None:
    metric = {"namespace": "AWS/EC2", "metric_name": "CPUUtilization", **EACH}
    queries: Any = [{"id": name, "metric": metric, "return_data": name in returned} for name in ("first", "second")]
    aws.cloudwatch.MetricAlarm("a", metric_queries=queries, **ALARMED)


def _expression(expression: str | None) -> None:
    metrics = [{"id": name, "metric": {"namespace": "web", "metric_name": name, **EACH}} for name in ("errors", "hits")]
    queries: Any = [*metrics, {"id": "share", "expression": expression, "return_data": True}]
    aws.cloudwatch.MetricAlarm("a", metric_queries=queries, **ALARMED)


@alarm_watches_what_is_measured.passes
def figures_of_a_log_and_of_the_program_itself() -> None:
    _filter("errors")
    _alarm("web", "errors")
    aws.cloudwatch.MetricAlarm("orders", namespace="web", metric_name="orders", **ALARMED)


@alarm_watches_what_is_measured.passes
def figures_of_the_program_itself() -> None:
    _alarm("shop", "orders")


@alarm_watches_what_is_measured.passes
def deletions_from_a_bucket() -> None:
    _alarm("AWS/S3", "DeleteRequests", BucketName="data", FilterId="all")


@alarm_watches_what_is_measured.passes
def one_of_two_metrics() -> None:
    _queries("second")


@alarm_watches_what_is_measured.passes
def a_share_of_two_metrics() -> None:
    _expression("100 * errors / SUM([errors, hits])")


@alarm_watches_what_is_measured.passes
def a_query_over_many_metrics() -> None:
    _expression('SELECT MAX(CPUUtilization) FROM "AWS/EC2" WHERE state = 1')


@alarm_watches_what_is_measured.fails
def a_share_of_what_is_not_there() -> None:
    _expression("100 * failures / hits")


@alarm_watches_what_is_measured.fails
def a_query_for_nothing() -> None:
    _expression(None)


@alarm_watches_what_is_measured.fails
def a_name_without_a_namespace() -> None:
    aws.cloudwatch.MetricAlarm("a", metric_name="CPUUtilization", **ALARMED)


@alarm_watches_what_is_measured.fails
def a_name_that_no_filter_of_the_trail_fills() -> None:
    trail_with_alarms({"root": '{ $.userIdentity.type = "Root" }'})
    _alarm("trail", "roots")


@alarm_watches_what_is_measured.fails
def deletions_from_no_bucket() -> None:
    _alarm("AWS/S3", "DeleteRequests")


@alarm_watches_what_is_measured.fails
def what_s3_does_not_measure() -> None:
    _alarm("AWS/S3", "Deletions", BucketName="data", FilterId="all")


@alarm_watches_what_is_measured.fails
def compared_with_nothing() -> None:
    aws.cloudwatch.MetricAlarm(
        "a", namespace="shop", metric_name="orders", evaluation_periods=1, threshold=1, period=300
    )


@alarm_watches_what_is_measured.fails
def compared_over_no_time_with_no_figure() -> None:
    compared = ALARMED["comparison_operator"]
    aws.cloudwatch.MetricAlarm("a", namespace="shop", metric_name="orders", comparison_operator=compared)


@alarm_watches_what_is_measured.fails
def no_metric() -> None:
    _alarm("AWS/EC2", None)


@alarm_watches_what_is_measured.fails
def two_of_two_metrics() -> None:
    _queries("first", "second")
