"""Alarms."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_TOPIC = "arn:aws:sns:us-west-2:123456789012:alarms"

_CHANGE = [
    {
        "id": "objects",
        "returnData": False,
        "metric": {
            "namespace": "AWS/S3",
            "metricName": "NumberOfObjects",
            "dimensions": {"BucketName": "case-bucket"},
            "period": 86400,
            "stat": "Average",
        },
    },
    {"id": "change", "expression": "DIFF(objects)", "label": "Change", "returnData": True},
]
_CHANGE_SEEN = [
    {
        "Id": "objects",
        "ReturnData": False,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/S3",
                "MetricName": "NumberOfObjects",
                "Dimensions": [{"Name": "BucketName", "Value": "case-bucket"}],
            },
            "Period": 86400,
            "Stat": "Average",
        },
    },
    {"Id": "change", "Expression": "DIFF(objects)", "Label": "Change", "ReturnData": True},
]


def _alarm(account: Account, name: str) -> dict[str, Any] | None:
    cloudwatch = account.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    if not alarms:
        return None
    [alarm] = alarms
    return {
        "metric": tuple(alarm.get(name) for name in ("Namespace", "MetricName", "Statistic", "Period")),
        "dimensions": {each["Name"]: each["Value"] for each in alarm.get("Dimensions", ())},
        "metrics": alarm.get("Metrics", []),
        "threshold": (alarm["ComparisonOperator"], alarm["Threshold"], alarm["EvaluationPeriods"]),
        "missing": alarm["TreatMissingData"],
        "actions": (alarm["ActionsEnabled"], alarm["AlarmActions"]),
        "tags": tags_of(cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]),
    }


CASES = (
    Case(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        inputs=lambda _account: {
            "name": "root-use",
            "alarmDescription": "The root user acted",
            "namespace": "Case",
            "metricName": "RootUse",
            "dimensions": {"Trail": "audit"},
            "statistic": "Sum",
            "comparisonOperator": "GreaterThanOrEqualToThreshold",
            "threshold": 1.0,
            "period": 300,
            "evaluationPeriods": 1,
            "treatMissingData": "notBreaching",
            "alarmActions": [_TOPIC],
            "tags": {"owner": "security", "class": "confidential"},
        },
        seen=_alarm,
        created={
            "metric": ("Case", "RootUse", "Sum", 300),
            "dimensions": {"Trail": "audit"},
            "metrics": [],
            "threshold": ("GreaterThanOrEqualToThreshold", 1.0, 1),
            "missing": "notBreaching",
            "actions": (True, [_TOPIC]),
            "tags": {"owner": "security", "class": "confidential"},
        },
        update={
            **dict.fromkeys(("namespace", "metricName", "dimensions", "statistic", "period", "treatMissingData")),
            "metricQueries": _CHANGE,
            "threshold": 5.0,
            "tags": {"owner": "web"},
        },
        updated={
            "metric": (None, None, None, None),
            "dimensions": {},
            "metrics": _CHANGE_SEEN,
            "threshold": ("GreaterThanOrEqualToThreshold", 5.0, 1),
            "missing": "missing",
            "actions": (True, [_TOPIC]),
            "tags": {"owner": "web"},
        },
        drift=lambda account, name: account.client("cloudwatch").tag_resource(
            ResourceARN=f"arn:aws:cloudwatch:us-west-2:123456789012:alarm:{name}",
            Tags=[{"Key": "owner", "Value": "by hand"}],
        ),
        drifted={"tags": {"owner": "by hand"}},
        outputs=("arn", "name", "region", "tagsAll"),
        never="never",
    ),
)
