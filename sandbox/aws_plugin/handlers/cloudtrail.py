"""Trails."""

from sandbox.aws_plugin.handlers.records import Call, Record, Tagging

RECORDS = (
    Record(
        "aws:cloudtrail/trail:Trail",
        service="cloudtrail",
        noun="Trail",
        key={"Name": "{id}", "TrailName": "{id}"},
        id="TrailARN",
        create=Call("create_trail"),
        reads=(
            Call("get_trail", at="Trail", names={"enableLogFileValidation": "LogFileValidationEnabled"}),
            Call("get_trail_status", only=("enableLogging",), names={"enableLogging": "IsLogging"}),
            Call("get_event_selectors", only=("advancedEventSelectors", "eventSelectors")),
            Call("get_insight_selectors", only=("insightSelectors",)),
        ),
        updates=(
            Call("update_trail"),
            # A trail has either kind of event selectors: putting one takes the other away.
            Call("put_event_selectors", only=("eventSelectors",), when={"advancedEventSelectors": []}),
            Call("put_event_selectors", only=("advancedEventSelectors",), unless={"advancedEventSelectors": []}),
            Call("put_insight_selectors", only=("insightSelectors",)),
            Call("start_logging", only=("enableLogging",), when={"enableLogging": True}),
            Call("stop_logging", only=("enableLogging",), when={"enableLogging": False}),
        ),
        deletes=(Call("delete_trail"),),
        names={"cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn"},
        defaults={
            "advancedEventSelectors": [],
            "enableLogFileValidation": False,
            "enableLogging": True,
            "eventSelectors": [{"includeManagementEvents": True, "readWriteType": "All"}],
            "includeGlobalServiceEvents": True,
            "insightSelectors": [],
            "isMultiRegionTrail": False,
            "isOrganizationTrail": False,
        },
        initially={"enableLogging": False},
        replace_on=frozenset({"name"}),
        tagging=Tagging("add_tags", "remove_tags", "list_tags", {"ResourceId": "{id}"}),
    ),
)
