"""Log groups, and the metrics that are counted in them."""

from sandbox.aws_plugin.handlers.records import Call, Record, Tagging

RECORDS = (
    Record(
        "aws:cloudwatch/logGroup:LogGroup",
        service="logs",
        noun="logGroup",
        key={"logGroupName": "{name}"},
        id="{name}",
        create=Call("create_log_group"),
        reads=(
            Call(
                "describe_log_groups",
                at="logGroups[?logGroupName == '{name}'] | [0]",
                given={"logGroupNamePrefix": "{name}"},
            ),
        ),
        updates=(
            Call("put_retention_policy", unless={"retentionInDays": 0}),
            Call("delete_retention_policy", only=("retentionInDays",), when={"retentionInDays": 0}),
            Call("associate_kms_key", unless={"kmsKeyId": ""}),
            Call("disassociate_kms_key", only=("kmsKeyId",), when={"kmsKeyId": ""}),
            Call(
                "put_log_group_deletion_protection",
                only=("deletionProtectionEnabled",),
                given={"logGroupIdentifier": "{name}"},
            ),
        ),
        deletes=(Call("delete_log_group", unless={"skipDestroy": True}),),
        defaults={"retentionInDays": 0, "kmsKeyId": "", "deletionProtectionEnabled": False},
        flags=frozenset({"skipDestroy"}),
        computed={"arn": "arn:{partition}:logs:{region}:{account}:log-group:{name}"},
        tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"resourceArn": "{arn}"}),
    ),
    Record(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        service="logs",
        noun="filter",
        key={"logGroupName": "{logGroupName}", "filterName": "{name}"},
        id="{logGroupName}:{name}",
        create=(put := Call("put_metric_filter")),
        reads=(
            Call(
                "describe_metric_filters",
                at="metricFilters[?filterName == '{name}'] | [0]",
                given={"filterNamePrefix": "{name}"},
            ),
        ),
        updates=(put,),
        deletes=(Call("delete_metric_filter"),),
        names={f"metricTransformation.{part}": f"metric{part.capitalize()}" for part in ("name", "namespace", "value")},
    ),
)
