"""Sharing: policies of resources let in those they name, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.callers import is_bound_to_source, is_narrowed_by, is_public, lets_any_service_in, principals
from policy_pack.documents import allows, listed, name_of, statements
from policy_pack.examples import OWN_ACCOUNT, allow, declare
from policy_pack.tokens import BUCKET_POLICY, BUCKETS, ROLE
from policy_pack.vocabulary import Finding, NotApplicable, Props, Resource, Row, Severity, aws, each, rule

PUBLIC_BUCKET = ("SH:S3.2", "SH:S3.3", "CIS7:3.1.4")
PUBLIC_TOPIC = ("SH:SNS.4", "CIS7:2.21")
PUBLIC_QUEUE = ("SH:SQS.3", "CIS7:2.21")
PUBLIC_DOMAIN = ("SH:Opensearch.2",)
RESOURCE_POLICIES = {
    "aws:acmpca/policy:Policy": Row(("policy",)),
    "aws:amp/resourcePolicy:ResourcePolicy": Row(("policyDocument",)),
    "aws:apigateway/domainName:DomainName": Row(("policy",)),
    "aws:apigateway/restApi:RestApi": Row(("policy",)),
    "aws:apigateway/restApiPolicy:RestApiPolicy": Row(("policy",)),
    "aws:backup/vaultPolicy:VaultPolicy": Row(("policy",)),
    "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy": Row(("policy",)),
    "aws:cloudsearch/domainServiceAccessPolicy:DomainServiceAccessPolicy": Row(("accessPolicy",)),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": Row(("policy",), controls=("SH:EventBridge.3",)),
    "aws:cloudwatch/logDeliveryDestinationPolicy:LogDeliveryDestinationPolicy": Row(("deliveryDestinationPolicy",)),
    "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": Row(("accessPolicy",)),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Row(("policyDocument",)),
    "aws:codeartifact/domainPermissions:DomainPermissions": Row(("policyDocument",)),
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": Row(("policyDocument",)),
    "aws:codebuild/resourcePolicy:ResourcePolicy": Row(("policy",)),
    "aws:dsql/clusterPolicy:ClusterPolicy": Row(("policy",)),
    "aws:dynamodb/resourcePolicy:ResourcePolicy": Row(("policy",)),
    "aws:ecr/registryPolicy:RegistryPolicy": Row(("policy",), controls=("PH:ECR-POLICY",)),
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": Row(
        ("repositoryPolicy",), controls=("PH:ECR-POLICY",)
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": Row(("policy",), controls=("PH:ECR-POLICY",)),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": Row(("policy",)),
    "aws:elasticsearch/domain:Domain": Row(("accessPolicies",), controls=PUBLIC_DOMAIN),
    "aws:elasticsearch/domainPolicy:DomainPolicy": Row(("accessPolicies",), controls=PUBLIC_DOMAIN),
    "aws:fsx/s3AccessPointAttachment:S3AccessPointAttachment": Row(("s3AccessPoint", "policy")),
    "aws:glacier/vault:Vault": Row(("accessPolicy",)),
    "aws:glacier/vaultLock:VaultLock": Row(("policy",)),
    "aws:glue/resourcePolicy:ResourcePolicy": Row(("policy",)),
    ROLE: Row(("assumeRolePolicy",), controls=("PH:IAM-TRUST",)),
    "aws:kinesis/resourcePolicy:ResourcePolicy": Row(("policy",)),
    "aws:lambda/resourcePolicy:ResourcePolicy": Row(("policy",), controls=("SH:Lambda.1", "CIS7:2.21")),
    "aws:mediastore/containerPolicy:ContainerPolicy": Row(("policy",)),
    "aws:msk/clusterPolicy:ClusterPolicy": Row(("policy",), controls=("PH:MSK-POLICY",)),
    "aws:networkfirewall/resourcePolicy:ResourcePolicy": Row(("policy",)),
    "aws:oam/sinkPolicy:SinkPolicy": Row(("policy",)),
    "aws:opensearch/domain:Domain": Row(("accessPolicies",), controls=PUBLIC_DOMAIN),
    "aws:opensearch/domainPolicy:DomainPolicy": Row(("accessPolicies",), controls=PUBLIC_DOMAIN),
    "aws:opensearchingest/resourcePolicy:ResourcePolicy": Row(("policy",)),
    "aws:pinpoint/smsvoicev2ResourcePolicy:Smsvoicev2ResourcePolicy": Row(("policy",)),
    "aws:redshift/resourcePolicy:ResourcePolicy": Row(("policy",)),
    "aws:redshiftserverless/resourcePolicy:ResourcePolicy": Row(("policy",)),
    "aws:s3/accessPoint:AccessPoint": Row(("policy",), controls=("SH:S3.19",)),
    **dict.fromkeys((BUCKET_POLICY, *BUCKETS), Row(("policy",), controls=PUBLIC_BUCKET)),
    "aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy": Row(("policy",)),
    "aws:s3/vectorsVectorBucketPolicy:VectorsVectorBucketPolicy": Row(("policy",)),
    "aws:s3control/accessGrantsInstanceResourcePolicy:AccessGrantsInstanceResourcePolicy": Row(
        ("policy",), controls=("PH:NO-SALE",)
    ),
    "aws:s3control/accessPointPolicy:AccessPointPolicy": Row(("policy",), controls=("SH:S3.19",)),
    "aws:s3control/bucketPolicy:BucketPolicy": Row(("policy",), controls=PUBLIC_BUCKET),
    "aws:s3control/multiRegionAccessPointPolicy:MultiRegionAccessPointPolicy": Row(
        ("details", "policy"), controls=("SH:S3.24",)
    ),
    "aws:s3control/objectLambdaAccessPointPolicy:ObjectLambdaAccessPointPolicy": Row(("policy",)),
    "aws:s3tables/tableBucketPolicy:TableBucketPolicy": Row(("resourcePolicy",)),
    "aws:s3tables/tablePolicy:TablePolicy": Row(("resourcePolicy",)),
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": Row(("resourcePolicy",)),
    "aws:schemas/registryPolicy:RegistryPolicy": Row(("policy",)),
    "aws:secretsmanager/secret:Secret": Row(("policy",), controls=("PH:SM-POLICY",)),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Row(("policy",), controls=("PH:SM-POLICY",)),
    "aws:ses/identityPolicy:IdentityPolicy": Row(("policy",)),
    "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy": Row(("policy",)),
    "aws:sns/topic:Topic": Row(("policy",), controls=PUBLIC_TOPIC),
    "aws:sns/topicPolicy:TopicPolicy": Row(("policy",), controls=PUBLIC_TOPIC),
    "aws:sqs/queue:Queue": Row(("policy",), controls=PUBLIC_QUEUE),
    "aws:sqs/queuePolicy:QueuePolicy": Row(("policy",), controls=PUBLIC_QUEUE),
    "aws:vpclattice/authPolicy:AuthPolicy": Row(("policy",)),
    "aws:vpclattice/resourcePolicy:ResourcePolicy": Row(("policy",)),
    "aws:xray/resourcePolicy:ResourcePolicy": Row(("policyDocument",)),
}


def declare_with_policy(token: str, path: tuple[str, ...], document: str) -> None:
    """Declare a resource of a type that carries a policy document at a path."""
    name, *inside = path
    declare(token, {name: {inside[0]: document} if inside else document})


@rule(
    on=RESOURCE_POLICIES,
    severity=Severity.CRITICAL,
    promise="system-access-control",
    fix="name the accounts, roles or services that it is for, or bind * with aws:PrincipalOrgID or aws:SourceVpce",
)
def resource_policy_not_public(resource: Resource, row: Row) -> Iterator[Finding]:
    """What the whole internet may use or read holds no customer's data for long."""
    if not resource.has(*row.path):
        raise NotApplicable("it has no policy inside; one beside it is judged itself")

    def judge(statement: Props) -> Iterator[Finding]:
        if is_public(statement):
            yield f"{name_of(statement)} lets anybody in"

    yield from each(statements(resource, *row.path), judge)


def _for(principal: object, **statement: object) -> str:
    return allow("s3:GetObject", Principal=principal, Resource="arn:aws:s3:::data/*", **statement)


@resource_policy_not_public.passes
def for_those_it_names() -> None:
    for token, row in RESOURCE_POLICIES.items():
        declare_with_policy(token, row.path, _for({"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:role/reader"}))


@resource_policy_not_public.passes
def for_everybody_within_bounds() -> None:
    bounds: list[dict[str, dict[str, object]]] = [
        {"StringEquals": {"aws:PrincipalOrgID": "o-1111122222"}},
        {"StringEquals": {"AWS:SourceOwner": OWN_ACCOUNT}},
        {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN_ACCOUNT}:role/*"}},
        {"ArnLike": {"aws:SourceArn": ["arn:aws:s3:::data", f"arn:aws:cloudfront::{OWN_ACCOUNT}:distribution/*"]}},
        {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}},
        {"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "2001:db8::/32"]}},
        {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    ]
    for index, condition in enumerate(bounds):
        aws.s3.BucketPolicy(f"data-{index}", bucket="data", policy=_for("*", Condition=condition))


@resource_policy_not_public.fails
def for_the_internet() -> None:
    aws.s3.BucketPolicy("data", bucket="data", policy=_for("*"))


@resource_policy_not_public.fails
def for_every_organization() -> None:
    aws.s3.Bucket("data", policy=_for({"AWS": ["*"]}, Condition={"StringLike": {"aws:PrincipalOrgID": "*"}}))


@resource_policy_not_public.fails
def for_a_role_of_that_name_in_any_account() -> None:
    anywhere = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/reader"}}
    aws.sns.Topic("alarms", policy=_for("*", Condition=anywhere))


@resource_policy_not_public.fails
def for_most_of_the_internet() -> None:
    aws.sqs.Queue("events", policy=_for("*", Condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/1"]}}))


@resource_policy_not_public.fails
def for_requests_without_the_key() -> None:
    skipped = {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1111122222"}}
    aws.opensearch.Domain("search", access_policies=_for("*", Condition=skipped))


@resource_policy_not_public.fails
def for_all_but_one() -> None:
    everybody_else = allow("sqs:*", NotPrincipal={"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:root"}, Resource="*")
    aws.sqs.Queue("events", policy=everybody_else)


@resource_policy_not_public.undetermined
def for_an_account_not_known_yet() -> None:
    bucket = aws.s3.Bucket("data")
    aws.s3.BucketPolicy("data", bucket=bucket.id, policy=bucket.arn.apply(lambda arn: _for("*", Sid=arn)))


# They are invoked by services for whoever configured the service: without a bound, for any of its customers.
CALLED_BY_SERVICES = {
    token: row.path
    for token, row in RESOURCE_POLICIES.items()
    if token.split("/")[0] in {"aws:sns", "aws:sqs"} or token in {BUCKET_POLICY, *BUCKETS}
}


@rule(
    on=CALLED_BY_SERVICES,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-CONFUSED",),
    fix="bind the service's principal with aws:SourceArn, aws:SourceAccount or aws:SourceOrgID",
)
def service_calls_for_known_sources(resource: Resource, row: tuple[str, ...]) -> Iterator[Finding]:
    """A service works for all its customers: it must not be talked into using what is ours for one of them.

    Everybody bound to one resource is its service; everybody bound to an account is each of AWS's services.
    """
    if not resource.has(*row):
        raise NotApplicable("it has no policy inside; one beside it is judged itself")

    def judge(statement: Props) -> Iterator[Finding]:
        if allows(statement) and not is_bound_to_source(statement):
            for kind, text in principals(statement):
                if kind == "Service":
                    yield f"{name_of(statement)} lets {text} in on behalf of anybody"
        elif lets_any_service_in(statement) and not is_narrowed_by(statement, "aws:sourcearn"):
            yield f"{name_of(statement)} lets in every service that acts for a known account"

    yield from each(statements(resource, *row), judge)


@service_calls_for_known_sources.passes
def for_one_account() -> None:
    ours = {"StringEquals": {"aws:SourceAccount": OWN_ACCOUNT}}
    for token, path in CALLED_BY_SERVICES.items():
        declare_with_policy(token, path, _for({"Service": "s3.amazonaws.com"}, Condition=ours))


@service_calls_for_known_sources.passes
def for_the_service_of_one_bucket() -> None:
    of_bucket = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::uploads"}}
    aws.sqs.Queue("events", policy=_for("*", Condition=of_bucket))
    by_owner = {"StringEquals": {"AWS:SourceOwner": OWN_ACCOUNT}}
    aws.sns.Topic("alarms", policy=_for({"AWS": "*"}, Condition=by_owner))


@service_calls_for_known_sources.fails
def for_whichever_service() -> None:
    ours = {"StringEquals": {"aws:SourceAccount": OWN_ACCOUNT}}
    aws.s3.BucketPolicy("logs", bucket="logs", policy=_for("*", Condition=ours))


@service_calls_for_known_sources.fails
def for_whoever_asks_the_service() -> None:
    aws.sqs.Queue("events", policy=_for({"Service": ["s3.amazonaws.com"]}))


@service_calls_for_known_sources.fails
def for_any_source_of_a_kind() -> None:
    anybodys = {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}
    aws.sqs.Queue("events", policy=_for({"Service": "sns.amazonaws.com"}, Condition=anybodys))


WITH_ACTIONS = {
    token: RESOURCE_POLICIES[token]
    for token in (
        "aws:backup/vaultPolicy:VaultPolicy",
        "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
        "aws:dynamodb/resourcePolicy:ResourcePolicy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        "aws:kinesis/resourcePolicy:ResourcePolicy",
        BUCKET_POLICY,
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "aws:sns/topic:Topic",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sqs/queue:Queue",
        "aws:sqs/queuePolicy:QueuePolicy",
    )
}


@rule(
    on=WITH_ACTIONS,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    fix="name the actions that those whom the policy lets in need",
)
def resource_policy_names_actions(resource: Resource, row: Row) -> Iterator[Finding]:
    """Who may do everything with a queue or a bucket may also delete it, and let others in."""
    if not resource.has(*row.path):
        raise NotApplicable("it has no policy inside; one beside it is judged itself")

    def judge(statement: Props) -> Iterator[Finding]:
        for action in listed(statement, "Action") if allows(statement) else ():
            if not action.rpartition(":")[2].strip("*?"):
                yield f"{name_of(statement)} allows {action}"

    yield from each(statements(resource, *row.path), judge)


def _with_actions(actions: list[str]) -> None:
    document = allow(actions, Principal={"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:role/app"}, Resource="arn")
    for token, row in WITH_ACTIONS.items():
        declare_with_policy(token, row.path, document)


@resource_policy_names_actions.passes
def named_actions() -> None:
    _with_actions(["sqs:SendMessage", "sqs:Receive*"])


@resource_policy_names_actions.fails
def every_action_of_a_service() -> None:
    _with_actions(["sqs:SendMessage", "sqs:*"])


@resource_policy_names_actions.fails
def every_action() -> None:
    _with_actions(["*"])
