"""Exposure of what AWS services run: without addresses of their own, and for those who are named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from policy_pack.examples import declare, declare_rows
from policy_pack.vocabulary import (
    Finding,
    NotApplicable,
    Props,
    Resource,
    Row,
    Rows,
    Severity,
    aws,
    each,
    judge_rows,
    rule,
)

NO = (False, "false")
METHOD = "aws:apigateway/method:Method"
ROUTE = "aws:apigatewayv2/route:Route"
CALLERS = ("AWS_IAM", "AMAZON_COGNITO_USER_POOLS", "OPENID_CONNECT", "AWS_LAMBDA")
ECS_TARGET = ("networkConfiguration[]", "assignPublicIp")
OBJECT_ACLS = ("private", "bucket-owner-full-control", "bucket-owner-read", "log-delivery-write")
CLOSED: dict[str, Rows] = {
    METHOD: Row(("authorization",), ("AWS_IAM", "COGNITO_USER_POOLS", "CUSTOM"), unset="NONE"),
    ROUTE: Row(("authorizationType",), ("AWS_IAM", "CUSTOM", "JWT"), unset="NONE"),
    # AWS AppSync Developer Guide, "API_KEY authorization": a key names nobody, and is in every client.
    "aws:appsync/api:Api": Row(("eventConfig", "authProviders", "authType"), CALLERS),
    "aws:appsync/graphQLApi:GraphQLApi": (
        Row(("authenticationType",), CALLERS),
        Row(("additionalAuthenticationProviders[]", "authenticationType"), CALLERS),
    ),
    "aws:codebuild/project:Project": Row(("projectVisibility",), ("PRIVATE",), unset="PRIVATE"),
    "aws:codepipeline/webhook:Webhook": Row(("authentication",), ("GITHUB_HMAC", "IP")),
    "aws:cognito/identityPool:IdentityPool": Row(("allowUnauthenticatedIdentities",), NO, unset=False),
    "aws:dms/endpoint:Endpoint": Row(("mongodbSettings[]", "authType"), ("password",), unset="password"),
    "aws:dms/instanceProfile:InstanceProfile": Row(("publiclyAccessible",), NO, unset=False),
    "aws:drs/replicationConfigurationTemplate:ReplicationConfigurationTemplate": Row(("createPublicIp",), NO),
    "aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration": Row(("blockPublicSecurityGroupRules",)),
    "aws:lakeformation/dataLakeSettings:DataLakeSettings": Row(("allowExternalDataFiltering",), NO, unset=False),
    "aws:lightsail/containerService:ContainerService": Row(("publicDomainNames",), (None,)),
    "aws:lightsail/containerServiceDeploymentVersion:ContainerServiceDeploymentVersion": Row(
        ("publicEndpoint",), (None,)
    ),
    "aws:m2/environment:Environment": Row(("publiclyAccessible",), NO, unset=False),
    "aws:neptunegraph/graph:Graph": Row(("publicConnectivity",), NO, unset=False),
    "aws:pipes/pipe:Pipe": Row(
        (
            "targetParameters[]",
            "ecsTaskParameters[]",
            "networkConfiguration[]",
            "awsVpcConfiguration[]",
            "assignPublicIp",
        ),
        ("DISABLED",),
        unset="DISABLED",
    ),
    # Amazon Redshift Management Guide, "Enhanced VPC routing": else it copies to and from S3 over the internet.
    "aws:redshift/cluster:Cluster": Row(("enhancedVpcRouting",), unset=False),
    "aws:redshiftserverless/workgroup:Workgroup": Row(("enhancedVpcRouting",), unset=False),
    "aws:rds/shardGroup:ShardGroup": Row(("publiclyAccessible",), NO, unset=False),
    "aws:s3/bucketObject:BucketObject": Row(("acl",), OBJECT_ACLS, unset="private"),
    "aws:s3/bucketObjectv2:BucketObjectv2": Row(("acl",), OBJECT_ACLS, unset="private"),
    "aws:s3/objectCopy:ObjectCopy": Row(("acl",), OBJECT_ACLS, unset="private"),
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": Row(
        ("networkConfig", "enableNetworkIsolation"), unset=False
    ),
    "aws:sagemaker/model:Model": Row(("enableNetworkIsolation",), unset=False),
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": Row(
        ("monitoringScheduleConfig", "monitoringJobDefinition[]", "networkConfig", "enableNetworkIsolation"),
        unset=False,
    ),
    "aws:sagemaker/trainingJob:TrainingJob": Row(("enableNetworkIsolation",), unset=False),
    "aws:scheduler/schedule:Schedule": Row(("target", "ecsParameters[]", *ECS_TARGET), NO, unset=False),
    "aws:timestreaminfluxdb/dbCluster:DbCluster": Row(("publiclyAccessible",), NO, unset=False),
    "aws:timestreaminfluxdb/dbInstance:DbInstance": Row(("publiclyAccessible",), NO, unset=False),
    "aws:transfer/server:Server": Row(("endpointType",), ("VPC", "VPC_ENDPOINT"), unset="PUBLIC"),
    "aws:workspaces/directory:Directory": Row(
        ("workspaceCreationProperties[]", "enableInternetAccess"), NO, unset=False
    ),
}


@rule(
    on=CLOSED,
    severity=Severity.HIGH,
    promise="data-protection",
    fix="set the property as the message says, and let people in through the front door",
)
def service_closed_to_public(service: Resource, row: Rows) -> Iterator[Finding]:
    """What anybody can reach, somebody will try; every way in but the front door is closed."""
    if service.type == METHOD and (service.get("httpMethod") == "OPTIONS" or service.get("apiKeyRequired") is True):
        raise NotApplicable("a browser asks for its options without a name, or a key is asked for")
    if service.type == ROUTE and _asks_nobody(str(service.get("routeKey", default=""))):
        raise NotApplicable("API Gateway asks nobody there: a browser's own question, or a message of who is connected")
    yield from judge_rows(row, service)


def _asks_nobody(key: str) -> bool:
    # API Gateway Developer Guide, "Control and manage access to WebSocket APIs": $connect alone is authorized.
    return key.startswith("OPTIONS ") or not (" " in key or key in {"", "$connect", "$default"})


@service_closed_to_public.passes
def closed() -> None:
    declare_rows(CLOSED)


@service_closed_to_public.passes
def what_needs_no_name() -> None:
    declare_rows(CLOSED)
    declare(METHOD, httpMethod="OPTIONS", authorization="NONE")
    declare(METHOD, httpMethod="GET", authorization="NONE", apiKeyRequired=True)
    declare(ROUTE, apiId="chat", routeKey="sendMessage")


@service_closed_to_public.fails
def a_method_for_everybody() -> None:
    declare(METHOD, httpMethod="GET", authorization="NONE", apiKeyRequired=False)


@service_closed_to_public.fails
def a_second_way_in_by_a_key() -> None:
    more = [{"authenticationType": "API_KEY"}]
    declare("aws:appsync/graphQLApi:GraphQLApi", authenticationType="AWS_IAM", additionalAuthenticationProviders=more)


@service_closed_to_public.fails
def a_graph_on_the_internet() -> None:
    declare("aws:neptunegraph/graph:Graph", publicConnectivity=True)


@service_closed_to_public.fails
def a_route_for_everybody() -> None:
    declare("aws:apigatewayv2/route:Route", apiId="api", routeKey="GET /exports")


@service_closed_to_public.fails
def an_object_for_everybody() -> None:
    aws.s3.BucketObjectv2("logo", bucket="site", key="logo.png", acl="public-read")


@service_closed_to_public.fails
def a_task_with_an_address() -> None:
    target: Any = {"arn": "arn", "roleArn": "arn", "ecsParameters": {"networkConfiguration": {"assignPublicIp": True}}}
    declare("aws:scheduler/schedule:Schedule", scheduleExpression="rate(1 day)", target=target)


class Word(NamedTuple):
    """Where a grant names whom it is for, and the words that stand for everybody there."""

    path: tuple[str, ...]
    words: tuple[str, ...]


# AWS Lake Formation Developer Guide, "Changing the default settings for your data lake": this group stands for every
# identity that an IAM policy lets in, so that Lake Formation decides nothing.
LAKE = ("IAM_ALLOWED_PRINCIPALS", "EVERYONE")
GRANTS = {
    "aws:accountaccess/entitlement:Entitlement": Word(("entitlement", "principalRole", "principal"), ("*",)),
    "aws:datazone/policyGrant:PolicyGrant": Word(("principal", "user", "allUsersGrantFilter"), ()),
    "aws:glue/catalog:Catalog": Word(
        ("createTableDefaultPermissions[]", "principal[]", "dataLakePrincipalIdentifier"), LAKE
    ),
    "aws:glue/catalogDatabase:CatalogDatabase": Word(
        ("createTableDefaultPermissions[]", "principal[]", "dataLakePrincipalIdentifier"), LAKE
    ),
    "aws:globalaccelerator/crossAccountAttachment:CrossAccountAttachment": Word(("principals",), ("*",)),
    "aws:lakeformation/optIn:OptIn": Word(("principals", "dataLakePrincipalIdentifier"), LAKE),
    "aws:lakeformation/permissions:Permissions": Word(("principal",), LAKE),
    "aws:licensemanager/licenseGrant:LicenseGrant": Word(("principal",), ("*",)),
    # Amazon MemoryDB Developer Guide, "Authenticating users with ACLs": AWS's own list, without a password.
    "aws:memorydb/cluster:Cluster": Word(("aclName",), ("open-access",)),
    **dict.fromkeys(
        (
            "aws:quicksight/analysis:Analysis",
            "aws:quicksight/dashboard:Dashboard",
            "aws:quicksight/dataSet:DataSet",
            "aws:quicksight/dataSource:DataSource",
            "aws:quicksight/folder:Folder",
            "aws:quicksight/template:Template",
            "aws:quicksight/theme:Theme",
        ),
        Word(("permissions[]", "principal"), ("*",)),
    ),
    "aws:securitylake/customLogSource:CustomLogSource": Word(
        ("configuration", "providerIdentity", "principal"), ("*",)
    ),
    "aws:securitylake/subscriber:Subscriber": Word(("subscriberIdentity", "principal"), ("*",)),
}


@rule(
    on=GRANTS,
    severity=Severity.CRITICAL,
    promise="system-access-control",
    fix="name the people, roles or accounts that it is for",
)
def service_grant_names_somebody(grant: Resource, row: Word) -> Iterator[Finding]:
    """A grant for everybody is one that nobody can review."""

    def check(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        value = holder.get(*names)
        if value is None:
            return
        if not row.words:
            yield f"{holder.where(*names)} is for all users"
        yield from each([value] if isinstance(value, str) else value, lambda text: judge(text, holder.where(*names)))

    def judge(text: Any, where: str) -> Iterator[Finding]:
        if row.words and (text in row.words or str(text).endswith(":user/default/*")):
            yield f"{where} is {text}, which stands for everybody"

    yield from Row(row.path).visit(grant, check)


@service_grant_names_somebody.passes
def for_a_role() -> None:
    role = "arn:aws:iam::111122223333:role/analyst"
    for token, row in GRANTS.items():
        declare_rows({token: Row(row.path, (role,))} if row.words else {token: Row(("domainIdentifier",), ("dzd-1",))})


@service_grant_names_somebody.fails
def for_whoever_iam_lets_in() -> None:
    declare("aws:lakeformation/permissions:Permissions", principal="IAM_ALLOWED_PRINCIPALS", permissions=["ALL"])


@service_grant_names_somebody.fails
def for_every_user_of_the_domain() -> None:
    declare(
        "aws:datazone/policyGrant:PolicyGrant", principal={"user": {"allUsersGrantFilter": {}, "userIdentifier": None}}
    )
