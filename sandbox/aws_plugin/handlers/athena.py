"""Athena's workgroups."""

from sandbox.aws_plugin.handlers.records import Call, Record, Tagging

_CONFIGURATION = "configuration.resultConfiguration"

RECORDS = (
    Record(
        "aws:athena/workgroup:Workgroup",
        service="athena",
        key={"WorkGroup": "{name}"},
        id="{name}",
        create=Call("create_work_group"),
        reads=(Call("get_work_group", at="WorkGroup"),),
        updates=(
            Call(
                "update_work_group",
                names={"configuration": "ConfigurationUpdates", _CONFIGURATION: "ResultConfigurationUpdates"},
            ),
        ),
        deletes=(Call("delete_work_group", names={"forceDestroy": "RecursiveDeleteOption"}),),
        names={f"{_CONFIGURATION}.encryptionConfiguration.kmsKeyArn": "KmsKey"},
        defaults={
            "description": "",
            "state": "ENABLED",
            "configuration.engineVersion": {
                "effectiveEngineVersion": "Athena engine version 3",
                "selectedEngineVersion": "AUTO",
            },
        },
        flags=frozenset({"forceDestroy"}),
        computed={"arn": "arn:{partition}:athena:{region}:{account}:workgroup/{name}"},
        tagging=Tagging(
            "tag_resource",
            "untag_resource",
            "list_tags_for_resource",
            {"ResourceARN": "arn:{partition}:athena:{region}:{account}:workgroup/{name}"},
        ),
    ),
)
