"""Lambda: functions whose code the program carries as an archive, and who may invoke them."""

import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, NotEmulated, Record, Tagging
from sandbox.aws_plugin.values import Props

_NOT_AN_INPUT = "-"
"""No member has this name: the VPC of a function's subnets is the service's to say."""

_UNCHANGING = (1980, 1, 1, 0, 0, 0)
"""The same files make the same archive, whose hash Lambda tells."""


def _archive(code: Props) -> bytes:
    """An archive of texts and files as the engine hands it over, zipped."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, asset in sorted((code.get("assets") or {}).items()):
            if "text" in asset:
                content = asset["text"].encode()
            elif "path" in asset:
                content = Path(asset["path"]).read_bytes()
            else:
                raise NotEmulated("the sandbox takes a function's code as an archive of texts and files")
            entry = zipfile.ZipInfo(name, _UNCHANGING)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    if not code.get("assets"):
        raise NotEmulated("the sandbox takes a function's code as an archive of texts and files")
    return buffer.getvalue()


def _read_code(scope: Scope, _old: Props) -> Props:
    """The code as it was given, if it is what runs. Lambda tells its hash; the engine's state has no more of it."""
    actual = scope.call("get_function_configuration", FunctionName=scope["name"])["CodeSha256"]
    given = scope.get("code")
    known: str | None = scope.get("codeSha256")
    if given and given.get("assets"):
        known = base64.b64encode(hashlib.sha256(_archive(given)).digest()).decode()
    return {"codeSha256": actual, **({"code": given} if given and known == actual else {})}


def _read_permission(scope: Scope, _old: Props) -> Props | None:
    policy = json.loads(scope.call("get_policy", FunctionName=scope["function"])["Policy"])
    for statement in policy["Statement"]:
        if statement["Sid"] == scope["statementId"]:
            return _permission(statement)
    return None


def _permission(statement: dict[str, Any]) -> Props:
    principal, condition = statement["Principal"], statement.get("Condition", {})
    found = {
        "action": statement["Action"],
        "principal": principal if isinstance(principal, str) else next(iter(principal.values())),
        "sourceAccount": condition.get("StringEquals", {}).get("AWS:SourceAccount"),
        "sourceArn": condition.get("ArnLike", {}).get("AWS:SourceArn"),
    }
    return {name: value for name, value in found.items() if value is not None}


_CONFIGURATION = (
    "description",
    "environment",
    "handler",
    "kmsKeyArn",
    "loggingConfig",
    "memorySize",
    "role",
    "runtime",
    "timeout",
    "tracingConfig",
    "vpcConfig",
)
_FUNCTION = {"FunctionName": "{name}"}
_PERMISSION = ("action", "principal", "sourceAccount", "sourceArn")

RECORDS = (
    Record(
        "aws:lambda/function:Function",
        service="lambda",
        noun="Function",
        key=_FUNCTION,
        id="{name}",
        create=Call(
            "create_function",
            only=(*_CONFIGURATION, "architectures", "code"),
            names={"code": "Code.ZipFile"},
            send=lambda scope: {"Code": {"ZipFile": _archive(scope["code"])}},
        ),
        reads=(
            Call(
                "get_function",
                at="Configuration",
                only=(*_CONFIGURATION, "architectures", "arn"),
                names={"vpcConfig.vpcId": _NOT_AN_INPUT},
            ),
            Code(("code", "codeSha256"), _read_code),
        ),
        updates=(
            Call("update_function_configuration", only=_CONFIGURATION),
            Call(
                "update_function_code",
                only=("code",),
                names={"code": "ZipFile"},
                send=lambda scope: {"ZipFile": _archive(scope["code"])},
            ),
        ),
        deletes=(Call("delete_function"),),
        defaults={
            "architectures": ["x86_64"],
            "description": "",
            "memorySize": 128,
            "timeout": 3,
            "tracingConfig": {"mode": "PassThrough"},
        },
        tagging=Tagging("tag_resource", "untag_resource", "list_tags", {"Resource": "{arn}"}),
    ),
    Record(
        "aws:lambda/permission:Permission",
        service="lambda",
        key={"FunctionName": "{function}", "StatementId": "{statementId}"},
        id="{function}/{statementId}",
        create=Call("add_permission", only=_PERMISSION),
        reads=(Code(_PERMISSION, _read_permission),),
        deletes=(Call("remove_permission", only=("function", "statementId")),),
    ),
)
