"""Functions, their code and who may invoke them."""

import io
import json
import zipfile
from typing import Any

from sandbox.aws_plugin.values import Props
from tests.sandbox.conformance.case import Account, Case


def _code(text: str) -> Props:
    """An archive of one text as the engine hands it to a plugin; the tests have no engine that would hash it."""
    signature = "4dabf18193072939515e22adb298388d"
    asset = {signature: "c44067f5952c0a294b673a41bacd8c17", "text": text, "hash": text}
    return {signature: "0def7320c3a5731c473e5ecbe6d01bc7", "assets": {"main.py": asset}, "hash": text}


def _function(account: Account, name: str) -> dict[str, Any]:
    functions = account.client("lambda")
    found = functions.get_function(FunctionName=name)
    configuration = found["Configuration"]
    return {
        "size": configuration["CodeSize"] > 0,
        "runtime": configuration["Runtime"],
        "memory": configuration["MemorySize"],
        "tracing": configuration["TracingConfig"]["Mode"],
        "logs": configuration["LoggingConfig"]["LogGroup"],
        "subnets": len(configuration["VpcConfig"]["SubnetIds"]),
        "tags": functions.list_tags(Resource=configuration["FunctionArn"])["Tags"],
    }


def _inputs(account: Account) -> Props:
    vpc = account.vpc()
    group = account.client("ec2").create_security_group(GroupName="case", Description="Case", VpcId=vpc)["GroupId"]
    return {
        "name": "case-function",
        "architectures": ["arm64"],
        "code": _code("first = 1"),
        "handler": "main.handler",
        "loggingConfig": {"logFormat": "JSON", "logGroup": "/case/first"},
        "memorySize": 256,
        "role": f"arn:aws:iam::123456789012:role/{account.role('lambda.amazonaws.com')}",
        "runtime": "python3.12",
        "tags": {"class": "internal", "owner": "data"},
        "tracingConfig": {"mode": "Active"},
        "vpcConfig": {"subnetIds": account.subnets(vpc), "securityGroupIds": [group]},
    }


def _resize_by_hand(account: Account, name: str) -> None:
    account.client("lambda").update_function_configuration(FunctionName=name, MemorySize=1024)


def _bare_function(account: Account) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("main.py", "")
    account.client("lambda").create_function(
        FunctionName="case-invoked",
        Runtime="python3.13",
        Role=f"arn:aws:iam::123456789012:role/{account.role('lambda.amazonaws.com', 'case-invoked-role')}",
        Handler="main.handler",
        Code={"ZipFile": buffer.getvalue()},
    )
    return "case-invoked"


def _permission(account: Account, thing: str) -> dict[str, Any] | None:
    function, _, sid = thing.partition("/")
    policy = json.loads(account.client("lambda").get_policy(FunctionName=function)["Policy"])
    return next(
        (
            {"principal": one["Principal"], "action": one["Action"], "condition": one["Condition"]}
            for one in policy["Statement"]
            if one["Sid"] == sid
        ),
        None,
    )


_SECRET = "arn:aws:secretsmanager:us-west-2:123456789012:secret:case-a1b2c3"  # noqa: S105 - a name

CASES = (
    Case(
        "aws:lambda/function:Function",
        inputs=_inputs,
        seen=_function,
        created={
            "size": True,
            "runtime": "python3.12",
            "memory": 256,
            "tracing": "Active",
            "logs": "/case/first",
            "subnets": 3,
            "tags": {"class": "internal", "owner": "data"},
        },
        update={
            "code": _code("second = 2"),
            "loggingConfig": {"logFormat": "JSON", "logGroup": "/case/second"},
            "memorySize": 512,
            "runtime": "python3.13",
            "tags": {"class": "public"},
            "tracingConfig": {"mode": "PassThrough"},
        },
        updated={
            "size": True,
            "runtime": "python3.13",
            "memory": 512,
            "tracing": "PassThrough",
            "logs": "/case/second",
            "subnets": 3,
            "tags": {"class": "public"},
        },
        drift=_resize_by_hand,
        drifted={"memorySize": 1024},
        outputs=("arn", "architectures", "codeSha256", "handler", "name", "role", "runtime", "region"),
        never="case-never",
    ),
    Case(
        "aws:lambda/permission:Permission",
        inputs=lambda account: {
            "function": _bare_function(account),
            "statementId": "case",
            "action": "lambda:InvokeFunction",
            "principal": "secretsmanager.amazonaws.com",
            "sourceAccount": "123456789012",
            "sourceArn": _SECRET,
        },
        seen=_permission,
        created={
            "principal": {"Service": "secretsmanager.amazonaws.com"},
            "action": "lambda:InvokeFunction",
            "condition": {
                "ArnLike": {"AWS:SourceArn": _SECRET},
                "StringEquals": {"AWS:SourceAccount": "123456789012"},
            },
        },
        outputs=("action", "function", "principal", "sourceAccount", "sourceArn", "statementId", "region"),
        never="case-never/never",
    ),
)
