"""Systems Manager: documents, and the settings of a service."""

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_LATEST = "$LATEST"


def _default_to_latest(scope: Scope, _old: Props) -> None:
    """A new version is used only once it is the default one."""
    latest = scope.call("describe_document", Name=scope["name"], DocumentVersion=_LATEST)["Document"]
    scope.call("update_document_default_version", Name=scope["name"], DocumentVersion=latest["DocumentVersion"])


RECORDS = (
    Record(
        "aws:ssm/document:Document",
        service="ssm",
        noun="Document",
        key={"Name": "{name}"},
        id="{name}",
        create=Call("create_document", at="DocumentDescription"),
        reads=(Call("describe_document", at="Document"), Call("get_document", only=("content",))),
        updates=(
            Call("update_document", only=("content", "documentFormat"), given={"DocumentVersion": _LATEST}),
            Code(("content",), _default_to_latest),
        ),
        deletes=(Call("delete_document"),),
        defaults={"documentFormat": "JSON"},
        computed={"arn": "arn:{partition}:ssm:{region}:{account}:document/{name}"},
        tagging=Tagging(
            "add_tags_to_resource",
            "remove_tags_from_resource",
            "list_tags_for_resource",
            {"ResourceType": "Document", "ResourceId": "{name}"},
        ),
    ),
    Record(
        "aws:ssm/serviceSetting:ServiceSetting",
        service="ssm",
        key={"SettingId": "{settingId}"},
        id="{settingId}",
        create=(setting := Call("update_service_setting")),
        reads=(Call("get_service_setting", at="ServiceSetting"),),
        gone="Status == 'Default'",
        updates=(setting,),
        deletes=(Call("reset_service_setting"),),
    ),
)
