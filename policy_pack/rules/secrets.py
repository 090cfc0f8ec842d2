"""Secrets: never written where a program, a console or a description of the resource shows them.

No message holds a value: it names the property that holds one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policy_pack.credentials import LOOKS_SECRET, holds_secret
from policy_pack.documents import written
from policy_pack.values import UNKNOWN, Items, Props, raw
from policy_pack.vocabulary import Finding, NotApplicable, Resource, Row, Severity, aws, declare, each, judge_rows, rule

# What the ECS agent and AWS SDKs read as credentials.
CREDENTIAL_NAMES = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ECS_ENGINE_AUTH_DATA"})


def _variables(found: Any) -> Iterator[tuple[Any, Any]]:
    """Yield names and values: of an object, of a list of objects with `name` and `value`, or of a text without one."""
    if isinstance(found, Props):
        yield from raw(found).items()
    elif isinstance(found, str):
        yield "", found
    elif isinstance(found, Items):
        for item in found:
            entry: Mapping[str, Any] = raw(item)
            kind = entry.get("type", "PLAINTEXT")
            # CodeBuild reads the other kinds of variable from where the value says.
            if kind in {"PLAINTEXT", UNKNOWN}:
                yield entry.get("name", ""), UNKNOWN if kind is UNKNOWN else entry.get("value", "")


VARIABLES: dict[str, tuple[Row, ...]] = {
    "aws:amplify/app:App": (Row(("environmentVariables",)),),
    "aws:amplify/branch:Branch": (Row(("environmentVariables",)),),
    "aws:apprunner/service:Service": (
        Row(("sourceConfiguration", "imageRepository[]", "imageConfiguration[]", "runtimeEnvironmentVariables")),
        Row(
            (
                "sourceConfiguration",
                "codeRepository[]",
                "codeConfiguration[]",
                "codeConfigurationValues[]",
                "runtimeEnvironmentVariables",
            )
        ),
    ),
    "aws:apigateway/stage:Stage": (Row(("variables",)),),
    "aws:apigatewayv2/stage:Stage": (Row(("stageVariables",)),),
    "aws:cloudformation/stack:Stack": (Row(("parameters",)),),
    "aws:cloudformation/stackSet:StackSet": (Row(("parameters",)),),
    "aws:codebuild/project:Project": (
        Row(("environment", "environmentVariables")),
        Row(("source[]", "location")),
        Row(("secondarySources[]", "location")),
    ),
    "aws:elasticbeanstalk/configurationTemplate:ConfigurationTemplate": (Row(("settings",)),),
    "aws:elasticbeanstalk/environment:Environment": (Row(("settings",)),),
    "aws:glue/job:Job": (Row(("defaultArguments",)), Row(("nonOverridableArguments",))),
    "aws:lambda/function:Function": (Row(("environment[]", "variables")),),
    "aws:sagemaker/model:Model": (
        Row(("primaryContainer[]", "environment")),
        Row(("containers[]", "environment")),
    ),
}


@rule(
    on=VARIABLES,
    severity=Severity.CRITICAL,
    promise="encryption",
    fix="keep the secret in AWS Secrets Manager, and give the program its ARN instead",
)
def no_secret_in_environment_variables(program: Resource, row: tuple[Row, ...]) -> Iterator[Finding]:
    """Whoever may describe a function or a build may read its variables, and so may its logs."""

    def check(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        where = holder.where(*names)
        yield from each(_variables(holder.get(*names)), lambda variable: _judge_variable(where, *variable))

    yield from judge_rows(row, program, check)


def _judge_variable(where: str, name: Any, value: Any) -> Iterator[Finding]:
    if str(name).upper() in CREDENTIAL_NAMES or holds_secret(name, value):
        yield f"{where} holds a secret in plain text" + (f" as {name}" if name else "")


ROLE = "arn:aws:iam::111122223333:role/app"
SECRET_ARN = "arn:aws:secretsmanager:us-west-2:111122223333:secret:orders-1a2b3c"  # noqa: S105 - where it is
VISIBLE: dict[str, str] = {
    "LOG_LEVEL": "info",
    "DB_PASSWORD_ARN": SECRET_ARN,
    "TOKEN_TTL": "3600",
    "DB_SECRET": SECRET_ARN,
}
PASSWORD = "correct-horse"  # noqa: S105 - an example of what must not be there


@no_secret_in_environment_variables.passes
def secrets_by_their_arn() -> None:
    aws.lambda_.Function("app", role=ROLE, environment={"variables": VISIBLE})
    aws.lambda_.Function("plain", role=ROLE)
    by_store = {"name": "DB_PASSWORD", "value": "orders", "type": "SECRETS_MANAGER"}
    environment: Any = {"environmentVariables": [by_store, {"name": "LEVEL", "value": "info"}]}
    declare("aws:codebuild/project:Project", environment=environment)
    declare("aws:codebuild/project:Project", source={"type": "GITHUB", "location": "https://github.com/org/app"})
    for token in ("configurationTemplate:ConfigurationTemplate", "environment:Environment"):
        declare(f"aws:elasticbeanstalk/{token}", settings=[{"namespace": "env", "name": "LEVEL", "value": "info"}])
    declare("aws:apigateway/stage:Stage", variables=VISIBLE)
    declare("aws:apigatewayv2/stage:Stage", stageVariables=VISIBLE)
    for token in ("stack:Stack", "stackSet:StackSet"):
        declare(f"aws:cloudformation/{token}", parameters=VISIBLE)
    declare("aws:amplify/app:App", environmentVariables=VISIBLE)
    declare("aws:amplify/branch:Branch", environmentVariables=VISIBLE)
    image = {"imageConfiguration": {"runtimeEnvironmentVariables": VISIBLE}}
    declare("aws:apprunner/service:Service", sourceConfiguration={"imageRepository": image})
    declare("aws:glue/job:Job", defaultArguments=VISIBLE)
    declare("aws:sagemaker/model:Model", containers=[{"environment": VISIBLE}], primaryContainer={})


@no_secret_in_environment_variables.fails
def password_in_an_address() -> None:
    source = {"type": "BITBUCKET", "location": f"https://owner:{PASSWORD}@bitbucket.org/org/app.git"}
    declare("aws:codebuild/project:Project", source=source)


@no_secret_in_environment_variables.fails
def password_of_an_application() -> None:
    option = {"namespace": "aws:elasticbeanstalk:application:environment", "name": "DB_PASSWORD", "value": PASSWORD}
    declare("aws:elasticbeanstalk/environment:Environment", application="app", settings=[option])


@no_secret_in_environment_variables.fails
def password_of_a_function() -> None:
    aws.lambda_.Function("app", role=ROLE, environment={"variables": {"DB_PASSWORD": PASSWORD}})


@no_secret_in_environment_variables.fails
def password_inside_a_url() -> None:
    url = f"postgres://app:{PASSWORD}@db.example.com/orders"
    aws.lambda_.Function("app", role=ROLE, environment={"variables": {"DATABASE_URL": url}})


@no_secret_in_environment_variables.fails
def token_of_a_build() -> None:
    declare(
        "aws:codebuild/project:Project", environment={"environmentVariables": [{"name": "TOKEN", "value": PASSWORD}]}
    )


@no_secret_in_environment_variables.undetermined
def password_not_made_yet() -> None:
    made = aws.secretsmanager.SecretVersion(
        "orders", secret_id=aws.secretsmanager.Secret("orders").id, secret_string=PASSWORD
    )
    aws.lambda_.Function("app", role=ROLE, environment={"variables": {"DB_PASSWORD": made.version_id}})


CONTAINERS = {
    "aws:ecs/taskDefinition:TaskDefinition": Row(("containerDefinitions",), controls=("SH:ECS.8",)),
    "aws:batch/jobDefinition:JobDefinition": Row(("containerProperties",)),
}


@rule(
    on=CONTAINERS,
    severity=Severity.CRITICAL,
    promise="encryption",
    fix="name the secret in `secrets`, with valueFrom its ARN",
)
def no_secret_in_container_definition(task: Resource, row: Row) -> Iterator[Finding]:
    """Whoever may describe a task may read its variables, in every revision that there ever was."""
    (name,) = row.path
    document = written(task, name)
    if not raw(document):
        raise NotApplicable(f"it has no {name}")

    def judge(container: Props) -> Iterator[Finding]:
        found = _variables(container.get("environment", default=()))
        where = container.where("environment")
        yield from each(found, lambda variable: _judge_variable(where, *variable))
        for said in ("command", "entryPoint"):
            if any(LOOKS_SECRET.search(str(word)) for word in container.get(said, default=())):
                yield f"{container.where(said)} holds a secret in plain text"

    yield from each(document if isinstance(document, Items) else [document], judge)


def _task(**environment: str) -> None:
    variables = [{"name": name, "value": value} for name, value in environment.items()]
    secrets = [{"name": "DB_PASSWORD", "valueFrom": SECRET_ARN}]
    container = {"name": "app", "image": "app:1", "environment": variables, "secrets": secrets}
    aws.ecs.TaskDefinition("app", family="app", container_definitions=json.dumps([container]))


@no_secret_in_container_definition.passes
def secrets_by_value_from() -> None:
    _task(**VISIBLE)
    aws.batch.JobDefinition("job", type="container", container_properties=json.dumps({"image": "job:1"}))


@no_secret_in_container_definition.fails
def credentials_of_aws() -> None:
    _task(AWS_ACCESS_KEY_ID="key")


@no_secret_in_container_definition.fails
def password_of_a_container() -> None:
    _task(DB_PASSWORD=PASSWORD)


@no_secret_in_container_definition.fails
def password_of_a_job() -> None:
    properties = {"image": "job:1", "environment": [{"name": "API_KEY", "value": PASSWORD}]}
    aws.batch.JobDefinition("job", type="container", container_properties=json.dumps(properties))


@no_secret_in_container_definition.undetermined
def image_created_with_the_task() -> None:
    repository = aws.ecr.Repository("app")
    definitions = repository.arn.apply(lambda arn: json.dumps([{"name": "app", "image": arn}]))
    aws.ecs.TaskDefinition("app", family="app", container_definitions=definitions)
