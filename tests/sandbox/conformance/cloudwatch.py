"""Alarms."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_TOPIC = "arn:aws:sns:us-west-2:123456789012:alarms"


def _alarm(account: Account, name: str) -> dict[str, Any] | None:
    cloudwatch = account.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    if not alarms:
        return None
    [alarm] = alarms
    return {
        "metric": (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]),
        "threshold": (alarm["ComparisonOperator"], alarm["Threshold"], alarm["Period"], alarm["EvaluationPeriods"]),
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
            "metric": ("Case", "RootUse", "Sum"),
            "threshold": ("GreaterThanOrEqualToThreshold", 1.0, 300, 1),
            "missing": "notBreaching",
            "actions": (True, [_TOPIC]),
            "tags": {"owner": "security", "class": "confidential"},
        },
        update={"threshold": 5.0, "treatMissingData": None, "tags": {"owner": "web"}},
        updated={
            "metric": ("Case", "RootUse", "Sum"),
            "threshold": ("GreaterThanOrEqualToThreshold", 5.0, 300, 1),
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
