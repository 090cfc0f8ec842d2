"""Where data of a class may be: health data in the customer's account, private data on private networks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi

from policy_pack.examples import OWN_ACCOUNT, declare
from policy_pack.rules.classification import CLASS_TAG, HOLDS_DATA
from policy_pack.rules.privacy import HEALTH_WORDS, NO_MARK
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.values import raw
from policy_pack.vocabulary import (
    Finding,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    Unknown,
    aws,
    rule,
    setting,
)

CLOUD_ACCOUNTS: list[str] = setting([], "ids of the accounts of the company's own cloud")


@rule(
    on=HOLDS_DATA,
    severity=Severity.CRITICAL,
    promise="hipaa",
    controls=("PH:NO-PHI-ACCOUNT",),
    fix="deploy health data with a provider whose allowedAccountIds are the customer's alone",
)
def health_data_in_customers_account(
    store: Resource,
    *,
    words: list[str] = HEALTH_WORDS,
    cloud_accounts: list[str] = CLOUD_ACCOUNTS,
) -> Iterator[Finding]:
    """Health data may be held where the customer is the operator: in an account that is theirs, and known to be."""
    tags = store.get("tags", default=Props({}))
    unmarked = isinstance(tags, Props) and raw(tags).keys().isdisjoint(words)
    if unmarked or not any(tags.get(word, default="false").lower() not in NO_MARK for word in words):
        raise NotApplicable("it holds no health data")
    allowed = list(store.provider.get("allowedAccountIds", default=()))
    if not allowed:
        yield "its provider names no allowedAccountIds, so that it may be deployed into any account"
    for account in allowed:
        if account in cloud_accounts:
            yield f"its provider may deploy it into {account}, an account of the company's cloud"
    if allowed and not cloud_accounts and store.tag("deployment") != "self-hosted":
        yield Unknown("whether the account is the customer's (cloud_accounts names none)")


def _health(*accounts: str, deployment: str = "self-hosted") -> None:
    provider = aws.Provider("customer", region="us-west-2", allowed_account_ids=list(accounts) or None)
    for token in HOLDS_DATA:
        pulumi.CustomResource(
            token,
            "records",
            {"tags": {"phi": "true", "deployment": deployment}},
            opts=pulumi.ResourceOptions(provider=provider),
        )


@health_data_in_customers_account.passes
def at_the_customers() -> None:
    _health(OWN_ACCOUNT)


@health_data_in_customers_account.fails
def in_any_account() -> None:
    _health()


@health_data_in_customers_account.undetermined
def in_an_account_of_nobody_knows_whom() -> None:
    _health(OWN_ACCOUNT, deployment="cloud")


PRIVATE_CLASSES: list[str] = setting(
    ["confidential", "restricted"], "classes of data that a function may touch on the private network alone"
)
FUNCTION = "aws:lambda/function:Function"


@rule(
    on=(FUNCTION,),
    severity=Severity.LOW,
    promise="data-protection",
    controls=("SH:Lambda.3",),
    fix="set vpcConfig.subnetIds to private subnets",
)
def function_with_data_in_vpc(
    function: Resource,
    *,
    tag: str = CLASS_TAG,
    private_classes: list[str] = PRIVATE_CLASSES,
) -> Iterator[Finding]:
    """A function outside the network reaches everything on the internet, and sends it what it read."""
    if function.tag(tag) not in private_classes:
        raise NotApplicable("it touches no private data, by its class")
    if not function.has("vpcConfig", "subnetIds"):
        yield "vpcConfig.subnetIds is not set"


def _function(**more: Any) -> None:
    declare(FUNCTION, {"role": "arn", "tags": {"data-class": "restricted"}, **more})


@function_with_data_in_vpc.passes
def in_private_subnets() -> None:
    _function(vpcConfig={"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]})


@function_with_data_in_vpc.fails
def on_the_internet() -> None:
    _function()


CACHE = "aws:elasticache/cluster:Cluster"
_VPC_GROUPS = Row(("vpcSecurityGroupIds",))
_GROUPS = Row(("securityGroupIds",))
_OF_DATABASES, _OF_CACHES, _OF_BROKERS = ("SH:RDS.2",), ("SH:ElastiCache.7",), ("SH:MSK.4",)
# Where a store on a network names its security groups, and what says that another resource names them for it.
ON_A_NETWORK = {
    DATABASE_CLUSTER: Row(("vpcSecurityGroupIds",), controls=_OF_DATABASES),
    DATABASE_INSTANCE: Row(("vpcSecurityGroupIds",), unless=("replicateSourceDb",), controls=_OF_DATABASES),
    CACHE: Row(("securityGroupIds",), unless=("replicationGroupId",), controls=_OF_CACHES),
    "aws:elasticache/replicationGroup:ReplicationGroup": Row(("securityGroupIds",), controls=_OF_CACHES),
    "aws:msk/cluster:Cluster": Row(("brokerNodeGroupInfo", "securityGroups"), controls=_OF_BROKERS),
    "aws:msk/serverlessCluster:ServerlessCluster": Row(("vpcConfigs", "securityGroupIds")),
    **dict.fromkeys(
        (
            "aws:docdb/cluster:Cluster",
            "aws:docdb/elasticCluster:ElasticCluster",
            "aws:neptune/cluster:Cluster",
            "aws:redshift/cluster:Cluster",
        ),
        _VPC_GROUPS,
    ),
    **dict.fromkeys(
        (
            "aws:dax/cluster:Cluster",
            "aws:elasticache/serverlessCache:ServerlessCache",
            "aws:fsx/lustreFileSystem:LustreFileSystem",
            "aws:fsx/ontapFileSystem:OntapFileSystem",
            "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
            "aws:fsx/windowsFileSystem:WindowsFileSystem",
            "aws:memorydb/cluster:Cluster",
            "aws:redshiftserverless/workgroup:Workgroup",
        ),
        _GROUPS,
    ),
    "aws:efs/mountTarget:MountTarget": Row(("securityGroups",)),
    "aws:mq/broker:Broker": Row(("securityGroups",)),
    # A domain without them is on no network of ours, which is judged by itself.
    **dict.fromkeys(
        ("aws:elasticsearch/domain:Domain", "aws:opensearch/domain:Domain"),
        Row(("vpcOptions", "securityGroupIds"), when=("vpcOptions",)),
    ),
}


@rule(
    on=ON_A_NETWORK,
    severity=Severity.MEDIUM,
    promise="data-protection",
    fix="name a security group that lets in the store's clients, and nobody else",
)
def store_names_its_security_groups(store: Resource, row: Row) -> Iterator[Finding]:
    """Without a group of its own a store is in the default one of its network, with everything else that has none."""

    def check(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        if not holder.has(*names):
            yield f"{holder.where(*names)} is not set, which leaves it in the VPC's default security group"

    yield from row.visit(store, check)


# Where a store names the subnets that it is in, or their group.
IN_SUBNETS: dict[str, Row] = {
    DATABASE_CLUSTER: Row(("dbSubnetGroupName",), unless=("replicationSourceIdentifier",)),
    DATABASE_INSTANCE: Row(("dbSubnetGroupName",), unless=("replicateSourceDb",)),
    "aws:dax/cluster:Cluster": Row(("subnetGroupName",)),
    "aws:dms/replicationInstance:ReplicationInstance": Row(("replicationSubnetGroupId",)),
    "aws:docdb/cluster:Cluster": Row(("dbSubnetGroupName",)),
    "aws:docdb/elasticCluster:ElasticCluster": Row(("subnetIds",)),
    "aws:elasticache/serverlessCache:ServerlessCache": Row(("subnetIds",)),
    "aws:memorydb/cluster:Cluster": Row(("subnetGroupName",)),
    "aws:mq/broker:Broker": Row(("subnetIds",)),
    "aws:neptune/cluster:Cluster": Row(("neptuneSubnetGroupName",)),
    "aws:redshift/cluster:Cluster": Row(("clusterSubnetGroupName",)),
    "aws:redshiftserverless/workgroup:Workgroup": Row(("subnetIds",)),
    "aws:sagemaker/notebookInstance:NotebookInstance": Row(("subnetId",)),
}


@rule(
    on=IN_SUBNETS,
    severity=Severity.HIGH,
    promise="data-protection",
    controls=_OF_DATABASES,
    fix="name private subnets of yours, or a group of them",
)
def store_names_its_subnets(store: Resource, row: Row) -> Iterator[Finding]:
    """A store without subnets of its own is in the default VPC, whose every subnet leads to the internet."""

    def check(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        value = holder.get(*names)
        if not holder.has(*names) or value == "default":
            yield f"{holder.where(*names)} is {value or 'not set'}, which puts it in the default VPC"

    yield from row.visit(store, check)


@store_names_its_subnets.passes
def stores_in_own_subnets() -> None:
    for token, row in IN_SUBNETS.items():
        declare(token, {row.path[0]: ["subnet-1"] if row.path[0] == "subnetIds" else "private"})
    aws.rds.Instance("replica", instance_class="db.t4g.small", replicate_source_db="reports")


@store_names_its_subnets.fails
def store_in_the_default_network() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", db_subnet_group_name="default")


@store_names_its_subnets.fails
def store_left_to_aws() -> None:
    declare("aws:redshift/cluster:Cluster", clusterIdentifier="facts")


def _on_a_network(groups: list[str]) -> None:
    for token, row in ON_A_NETWORK.items():
        properties: Any = groups
        for name in reversed(row.path):
            properties = {name: properties}
        declare(token, properties)


@store_names_its_security_groups.passes
def stores_with_groups_of_their_own() -> None:
    _on_a_network(["sg-1"])
    declare(CACHE, replicationGroupId="sessions")
    aws.rds.Instance("replica", instance_class="db.t4g.small", replicate_source_db="reports")


@store_names_its_security_groups.fails
def database_in_the_default_group() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql")


@store_names_its_security_groups.fails
def stores_whose_groups_were_taken_away() -> None:
    _on_a_network([])
