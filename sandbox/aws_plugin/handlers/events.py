"""EventBridge: rules and what they send events to."""

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Record, Tagging
from sandbox.aws_plugin.values import Props


def _target(scope: Scope) -> Props:
    """The one target that the type is about, of the list that the operation takes."""
    given = {"Id": scope["targetId"], "Arn": scope["arn"], "Input": scope.get("input")}
    return {"Targets": [{name: value for name, value in given.items() if value}]}


RECORDS = (
    Record(
        "aws:cloudwatch/eventRule:EventRule",
        service="events",
        key={"Name": "{name}"},
        id="{name}",
        create=(put := Call("put_rule")),
        reads=(Call("describe_rule"),),
        updates=(put,),
        deletes=(Call("delete_rule"),),
        defaults={"description": "", "state": "ENABLED"},
        replace_on=frozenset({"eventBusName"}),
        flags=frozenset({"forceDestroy"}),
        tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"ResourceARN": "{arn}"}),
    ),
    Record(
        "aws:cloudwatch/eventTarget:EventTarget",
        service="events",
        key={"Rule": "{rule}", "Ids": "{targetId}"},
        id="{rule}/{targetId}",
        create=(send := Call("put_targets", only=("arn", "input"), send=_target)),
        reads=(Call("list_targets_by_rule", at="Targets[?Id == '{targetId}'] | [0]"),),
        updates=(send,),
        deletes=(Call("remove_targets", only=("rule", "targetId")),),
        defaults={"input": ""},
    ),
)
