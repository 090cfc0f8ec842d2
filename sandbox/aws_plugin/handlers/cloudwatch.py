"""Alarms."""

from sandbox.aws_plugin.handlers.records import Call, Record, Tagging

_METRIC = ("Dimensions", "MetricName", "Namespace")

RECORDS = (
    Record(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        service="cloudwatch",
        noun="Alarm",
        key={"AlarmName": "{name}"},
        id="{name}",
        create=(put := Call("put_metric_alarm")),
        reads=(Call("describe_alarms", at="MetricAlarms[?AlarmName == '{name}'] | [0]"),),
        updates=(put,),
        deletes=(Call("delete_alarms"),),
        names={
            "metricQueries": "Metrics",
            "metricQueries.metric": "MetricStat",
            **{f"metricQueries.metric.{name[0].lower()}{name[1:]}": f"Metric.{name}" for name in _METRIC},
        },
        defaults={
            "actionsEnabled": True,
            "alarmActions": [],
            "alarmDescription": "",
            "insufficientDataActions": [],
            "okActions": [],
            "treatMissingData": "missing",
        },
        tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"ResourceARN": "{arn}"}),
    ),
)
