"""Functions: on the network where they reach data, and with logs that can be searched and are kept as others are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.documents import statements
from policy_pack.examples import OWN_ACCOUNT, allow
from policy_pack.permissions import granted, spell
from policy_pack.tokens import ROLE
from policy_pack.values import UNKNOWN, raw
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Rows,
    Severity,
    Unknown,
    aws,
    each,
    judge_rows,
    rule,
)

FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
POLICY = "aws:iam/policy:Policy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
# What hands out a secret, or what a store on the private network holds.
READS = frozenset(
    {
        "elasticache:connect",
        "kafka-cluster:readdata",
        "neptune-db:readdataviaquery",
        "rds-data:executestatement",
        "rds-db:connect",
        "redshift-data:executestatement",
        "secretsmanager:batchgetsecretvalue",
        "secretsmanager:getsecretvalue",
    }
)


@rule(
    on=(FUNCTION,),
    severity=Severity.LOW,
    promise="data-protection",
    controls=("SH:Lambda.3",),
    fix="set vpcConfig.subnetIds to private subnets",
)
def function_that_reads_stores_in_vpc(function: Resource, graph: Graph) -> Iterator[Finding]:
    """What its role may read tells whether a function touches data: outside the network, it can send that anywhere."""
    if function.has("vpcConfig", "subnetIds"):
        return
    where = "vpcConfig.subnetIds is not set"

    def judge(statement: Props) -> Iterator[Finding]:
        reads = granted(statement, READS)
        if reads:
            yield f"{where}, and its role allows {spell(reads)}"

    rotations = graph.children(function, on=ROTATION, via="rotationLambdaArn")
    for rotation in rotations:
        yield f"{where}, and it rotates the secret of {rotation.name}"
    found: list[Finding] = []
    for role in graph.targets(function, "role", ROLE):
        found += each(_documents_of(role, graph), lambda holder: each(statements(holder, "policy"), judge))
    if not rotations and not found:
        raise NotApplicable("it reads no store or secret that the stack knows of")
    yield from found


def _documents_of(role: Resource, graph: Graph) -> Iterator[Props]:
    """Yield what holds a policy document of a role, as far as the stack has it."""
    yield from role.get("inlinePolicies", default=())
    yield from graph.children(role, on=ROLE_POLICY, via="role")
    for attachment in graph.children(role, on=ATTACHMENT, via="role"):
        yield from graph.targets(attachment, "policyArn", POLICY)


def _reads(action: str, *, attached: bool = False, **more: Any) -> aws.lambda_.Function:
    role = aws.iam.Role("report", assume_role_policy="{}")
    document = allow(action, Resource="*")
    if attached:
        policy = aws.iam.Policy("report", policy=document)
        aws.iam.RolePolicyAttachment("report", role=role.name, policy_arn=policy.arn)
    else:
        aws.iam.RolePolicy("report", role=role.name, policy=document)
    return aws.lambda_.Function("report", role=role.arn, **more)


def _rotates(function: aws.lambda_.Function) -> None:
    key = aws.secretsmanager.Secret("key").id
    rules: Any = {"automatically_after_days": 30}
    aws.secretsmanager.SecretRotation("key", secret_id=key, rotation_lambda_arn=function.arn, rotation_rules=rules)


@function_that_reads_stores_in_vpc.passes
def on_the_network() -> None:
    inside: Any = {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}
    _rotates(_reads("secretsmanager:GetSecretValue", vpc_config=inside))


@function_that_reads_stores_in_vpc.fails
def that_rotates_a_secret() -> None:
    _rotates(aws.lambda_.Function("rotate", role=f"arn:aws:iam::{OWN_ACCOUNT}:role/rotate"))


@function_that_reads_stores_in_vpc.fails
def that_reads_a_secret() -> None:
    _reads("secretsmanager:Get*")


@function_that_reads_stores_in_vpc.fails
def that_reads_a_database_by_an_attached_policy() -> None:
    _reads("rds-db:connect", attached=True)


@function_that_reads_stores_in_vpc.undetermined
def that_may_read_what_is_not_known_yet() -> None:
    role = aws.iam.Role("report", assume_role_policy="{}")
    topic = aws.sns.Topic("done")
    aws.iam.RolePolicy("report", role=role.name, policy=topic.arn.apply(lambda arn: allow("sns:*", Resource=arn)))
    aws.lambda_.Function("report", role=role.arn)


# Lambda API Reference, LoggingConfig: text where nothing is said, and INFO where JSON names no level. Of the system's
# events, starts and ends of invocations are of the level INFO (Developer Guide, "Log level filtering").
LOGGING = (
    Row(("loggingConfig", "logFormat"), ("JSON",), unset="Text"),
    Row(("loggingConfig", "applicationLogLevel"), ("TRACE", "DEBUG", "INFO", "WARN", "ERROR"), unset="INFO"),
    Row(("loggingConfig", "systemLogLevel"), ("DEBUG", "INFO"), unset="INFO"),
)


@rule(
    on={FUNCTION: LOGGING},
    severity=Severity.LOW,
    promise="information-security",
    controls=("SH:Lambda.7",),
    fix='set loggingConfig.logFormat to "JSON", and leave the levels at INFO',
)
def function_log_searchable(function: Resource, row: Rows) -> Iterator[Finding]:
    """After an incident the question is which request did it: lines that nothing can parse, or left out, don't say."""
    yield from judge_rows(row, function)


def _function(**settings: Any) -> None:
    logging: Any = settings or None
    aws.lambda_.Function("report", role="arn:aws:iam::111122223333:role/report", logging_config=logging)


@function_log_searchable.passes
def as_json() -> None:
    _function(log_format="JSON")


@function_log_searchable.fails
def as_text() -> None:
    _function()


@function_log_searchable.fails
def without_the_invocations() -> None:
    _function(log_format="JSON", system_log_level="WARN")


@function_log_searchable.fails
def without_errors() -> None:
    _function(log_format="JSON", application_log_level="FATAL")


@rule(
    on=(FUNCTION,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:CloudWatch.16", "PH:CWL-CMK"),
    fix="name a log group of the stack in loggingConfig.logGroup, or declare one with /aws/lambda/ before its name",
)
def function_log_group_declared(function: Resource, graph: Graph) -> Iterator[Finding]:
    """Lambda makes the group that is missing: kept for ever, and under no key of the customer's."""
    if function.has("loggingConfig", "logGroup"):
        if not graph.targets(function, "loggingConfig", LOG_GROUP):
            raise Unknown("how long the group of loggingConfig is kept, which is not part of the stack")
        return
    groups = graph.remember(_groups)
    if UNKNOWN in groups and graph.children(function, on=LOG_GROUP, via="name"):
        return
    name = function.get("name") or function.outputs.get("name")
    if f"/aws/lambda/{name}" in groups:
        return
    if UNKNOWN in groups:
        raise Unknown("whether one of the stack's log groups has its name")
    yield "loggingConfig.logGroup is not set, and the stack declares no log group for it"


def _groups(graph: Graph) -> frozenset[Any]:
    return frozenset(raw(group).get("name") for group in graph.of_type(LOG_GROUP))


@function_log_group_declared.passes
def group_that_it_names() -> None:
    group = aws.cloudwatch.LogGroup("report")
    _function(log_format="JSON", log_group=group.name)


@function_log_group_declared.passes
def group_of_its_name() -> None:
    aws.cloudwatch.LogGroup("report", name="/aws/lambda/report")
    aws.lambda_.Function("report", name="report", role="arn:aws:iam::111122223333:role/report")
    other = aws.lambda_.Function("other", role="arn:aws:iam::111122223333:role/other")
    aws.cloudwatch.LogGroup("other", name=other.name.apply(lambda name: f"/aws/lambda/{name}"))


@function_log_group_declared.fails
def group_that_lambda_makes() -> None:
    aws.cloudwatch.LogGroup("another", name="/aws/lambda/another")
    _function()


@function_log_group_declared.undetermined
def group_of_another_stack() -> None:
    _function(log_format="JSON", log_group="shared")
