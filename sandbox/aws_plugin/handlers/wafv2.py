"""AWS WAF: web ACLs, where their log goes, and what they guard."""

from typing import Any

from sandbox.aws_plugin.handlers import calls, models, translate
from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_READ = Call("get_web_acl", at="WebACL")
_LOGGING = {
    name: f"LoggingConfiguration.{name[0].upper()}{name[1:]}"
    for name in ("logDestinationConfigs", "loggingFilter", "redactedFields", "resourceArn")
}


def _get(scope: Scope) -> dict[str, Any] | None:
    """GetWebACL needs a name and a scope beside the id: where only that is known, they are looked up."""
    for where in (scope["scope"],) if "scope" in scope else ("REGIONAL", "CLOUDFRONT"):
        for acl in scope.call("list_web_acls", Scope=where)["WebACLs"]:
            if acl["Id"] == scope["id"]:
                return scope.call("get_web_acl", Id=acl["Id"], Name=acl["Name"], Scope=where) | {"Scope": where}
    return None


def _read(scope: Scope, _old: Props) -> Props | None:
    answer = _get(scope)
    if answer is None:
        return None
    props = calls.properties(_WEB_ACL, _READ, answer, scope)[1]
    return {**props, "name": answer["WebACL"]["Name"], "scope": answer["Scope"], "lockToken": answer["LockToken"]}


def _lock(scope: Scope) -> Props:
    return {"LockToken": (_get(scope) or {}).get("LockToken", "")}


def _whole(scope: Scope) -> Props:
    """An update replaces the whole: what it leaves out is gone."""
    shape = models.members_of("wafv2", "update_web_acl")["Rules"]
    return {**_lock(scope), "Rules": translate.to_aws(scope.get("rules") or [], shape, {}, "rules")}


_WEB_ACL = Record(
    "aws:wafv2/webAcl:WebAcl",
    service="wafv2",
    key={"Id": "{id}", "Name": "{name}", "Scope": "{scope}"},
    id="Id",
    create=Call("create_web_acl", at="Summary"),
    reads=(
        Code(
            (
                "arn",
                "capacity",
                "defaultAction",
                "description",
                "lockToken",
                "name",
                "rules",
                "scope",
                "visibilityConfig",
            ),
            _read,
        ),
    ),
    updates=(Call("update_web_acl", send=_whole),),
    deletes=(Call("delete_web_acl", send=_lock),),
    tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"ResourceARN": "{arn}"}),
)

RECORDS = (
    _WEB_ACL,
    Record(
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        service="wafv2",
        key={"ResourceArn": "{resourceArn}"},
        id="{resourceArn}",
        create=Call("put_logging_configuration", at="LoggingConfiguration", names=_LOGGING),
        reads=(Call("get_logging_configuration", at="LoggingConfiguration"),),
        updates=(Call("put_logging_configuration", names=_LOGGING),),
        deletes=(Call("delete_logging_configuration"),),
    ),
    Record(
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        service="wafv2",
        key={"ResourceArn": "{resourceArn}"},
        id="{webAclArn},{resourceArn}",
        create=Call("associate_web_acl"),
        reads=(Call("get_web_acl_for_resource", at="WebACL"),),
        deletes=(Call("disassociate_web_acl"),),
    ),
)
