"""Log groups and metric filters."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case


def _group(account: Account, name: str) -> dict[str, Any] | None:
    logs = account.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if not groups:
        return None
    [group] = groups
    return {
        "days": group.get("retentionInDays"),
        "key": group.get("kmsKeyId"),
        "tags": logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"],
    }


def _grouped(account: Account) -> dict[str, Any]:
    account.client("logs").create_log_group(logGroupName="/case/audit")
    return {
        "logGroupName": "/case/audit",
        "name": "root-use",
        "pattern": '{$.userIdentity.type = "Root"}',
        "metricTransformation": {"name": "RootUse", "namespace": "Case", "value": "1"},
    }


def _filter(account: Account, thing_id: str) -> dict[str, Any] | None:
    group, name = thing_id.split(":")
    filters = account.client("logs").describe_metric_filters(logGroupName=group, filterNamePrefix=name)
    if not filters["metricFilters"]:
        return None
    [found] = filters["metricFilters"]
    return {"pattern": found["filterPattern"], "metric": found["metricTransformations"]}


def _redefine(account: Account, thing_id: str) -> None:
    group, name = thing_id.split(":")
    metric = {"metricName": "Renamed", "metricNamespace": "Case", "metricValue": "1"}
    account.client("logs").put_metric_filter(
        logGroupName=group, filterName=name, filterPattern="by hand", metricTransformations=[metric]
    )


CASES = (
    Case(
        "aws:cloudwatch/logGroup:LogGroup",
        inputs=lambda account: {
            "name": "/case/flow",
            "kmsKeyId": account.key(),
            "retentionInDays": 365,
            "tags": {"owner": "data", "class": "internal"},
        },
        seen=_group,
        created=lambda inputs: {"days": 365, "key": inputs["kmsKeyId"], "tags": {"owner": "data", "class": "internal"}},
        update=lambda account: {"retentionInDays": None, "kmsKeyId": account.key(), "tags": {"owner": "web"}},
        updated=lambda inputs: {"days": None, "key": inputs["kmsKeyId"], "tags": {"owner": "web"}},
        drift=lambda account, name: account.client("logs").tag_log_group(logGroupName=name, tags={"owner": "by hand"}),
        drifted={"tags": {"owner": "by hand"}},
        outputs=("arn", "name", "region", "tagsAll"),
        never="/never",
    ),
    Case(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        inputs=_grouped,
        seen=_filter,
        created={
            "pattern": '{$.userIdentity.type = "Root"}',
            "metric": [{"metricName": "RootUse", "metricNamespace": "Case", "metricValue": "1"}],
        },
        update={"pattern": "ERROR", "metricTransformation": {"name": "Renamed", "namespace": "Case", "value": "1"}},
        updated={
            "pattern": "ERROR",
            "metric": [{"metricName": "Renamed", "metricNamespace": "Case", "metricValue": "1"}],
        },
        drift=_redefine,
        drifted={"pattern": "by hand"},
        outputs=("name", "pattern", "region"),
        never="/case/audit:never",
    ),
)
