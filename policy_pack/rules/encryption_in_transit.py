"""Encryption in transit: TLS everywhere, and no way round it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import listed, names_everyone, only_condition, statements
from policy_pack.tokens import BUCKET_POLICY, BUCKETS, DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Resource,
    Severity,
    Unknown,
    aws,
    each,
    rule,
)

CLUSTER_PARAMETERS = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
INSTANCE_PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
POSTGRES = ("aurora-postgresql", "postgres")


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:S3.5", "CIS7:3.1.1"),
    fix="give the bucket a policy that denies s3:* on it and its objects when aws:SecureTransport is false",
)
def bucket_requires_tls(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """What travels unencrypted can be read and changed on the way."""
    holders = graph.children(bucket, on=BUCKET_POLICY, via="bucket") or [bucket]
    denials = [
        denial
        for holder in holders
        for denial in statements(holder, "policy")
        if denial.get("Effect") == "Deny"
        and names_everyone(denial)
        and {"*", "s3:*"}.intersection(listed(denial, "Action"))
        and "false" in only_condition(denial, "aws:SecureTransport")
    ]
    covered = [resource for denial in denials for resource in listed(denial, "Resource")]
    everything = "*" in covered
    if not everything and not any(not resource.endswith("/*") for resource in covered):
        yield "policy does not deny requests to the bucket that come without TLS"
    if not everything and not any(resource.endswith("/*") for resource in covered):
        yield "policy does not deny requests to its objects that come without TLS"


def _tls_only(*resources: str) -> str:
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [denial]})


@bucket_requires_tls.passes
def tls_alone() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketPolicy("data", bucket=data.id, policy=data.arn.apply(lambda arn: _tls_only(arn, f"{arn}/*")))
    aws.s3.BucketV2("named", bucket="named", policy=_tls_only("arn:aws:s3:::named", "arn:aws:s3:::named/*"))


@bucket_requires_tls.fails
def no_policy() -> None:
    aws.s3.Bucket("data")


@bucket_requires_tls.fails
def objects_left_out() -> None:
    aws.s3.Bucket("data", bucket="data")
    aws.s3.BucketPolicy("data", bucket="data", policy=_tls_only("arn:aws:s3:::data"))


@bucket_requires_tls.fails
def one_caller_left_out() -> None:
    denial = json.loads(_tls_only("arn:aws:s3:::data", "arn:aws:s3:::data/*"))
    denial["Statement"][0]["Condition"]["StringNotEquals"] = {"aws:PrincipalAccount": "111122223333"}
    aws.s3.Bucket("data", policy=json.dumps(denial))


@bucket_requires_tls.undetermined
def policy_with_an_arn_not_known_yet() -> None:
    tls_alone()


@rule(
    on=(CLUSTER_PARAMETERS, INSTANCE_PARAMETERS),
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:RDS.38", "PH:AURORA-SSL"),
    fix="add the parameter rds.force_ssl with the value 1",
)
def postgres_parameters_force_tls(group: Resource) -> Iterator[Finding]:
    """A client that doesn't ask for TLS must be refused, not served in the clear."""
    if not str(group.get("family", default="")).startswith(POSTGRES):
        raise NotApplicable("the family is not PostgreSQL")
    yield from _forces_tls(group)


def _forces_tls(group: Resource) -> Iterator[Finding]:
    for parameter in group.get("parameters", default=()):
        if parameter.get("name") == "rds.force_ssl":
            if str(parameter.get("value")) != "1":
                yield f"{parameter.where('value')} of rds.force_ssl is not 1"
            return
    yield "parameters do not set rds.force_ssl"


FORCE_TLS: Any = [{"name": "rds.force_ssl", "value": "1"}]


@postgres_parameters_force_tls.passes
def tls_forced() -> None:
    aws.rds.ClusterParameterGroup("orders", family="aurora-postgresql16", parameters=FORCE_TLS)
    aws.rds.ParameterGroup("reports", family="postgres16", parameters=FORCE_TLS)


@postgres_parameters_force_tls.fails
def tls_left_to_the_client() -> None:
    aws.rds.ClusterParameterGroup("orders", family="aurora-postgresql16")


@postgres_parameters_force_tls.fails
def tls_switched_off() -> None:
    aws.rds.ParameterGroup("reports", family="postgres16", parameters=[{"name": "rds.force_ssl", "value": "0"}])


@rule(
    on={
        DATABASE_CLUSTER: ("dbClusterParameterGroupName", CLUSTER_PARAMETERS),
        DATABASE_INSTANCE: ("parameterGroupName", INSTANCE_PARAMETERS),
    },
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:RDS.38", "PH:AURORA-SSL"),
    fix="give the database a parameter group of this stack that sets rds.force_ssl to 1",
)
def postgres_requires_tls(database: Resource, graph: Graph, row: tuple[str, str]) -> Iterator[Finding]:
    """A group that forces TLS keeps nothing safe until the database uses it."""
    engine = database.get("engine", default="")
    if engine not in POSTGRES:
        raise NotApplicable("the engine is not PostgreSQL")
    name, token = row
    groups = graph.targets(database, name, token)
    if not groups:
        if database.get(name, default="default.").startswith("default."):
            yield f"{name} names no parameter group of its own"
            return
        raise Unknown(f"the parameters of {database.get(name)}, which is not part of the stack")
    yield from each(groups, _forces_tls)


@postgres_requires_tls.passes
def databases_with_tls_forced() -> None:
    orders = aws.rds.ClusterParameterGroup("orders", family="aurora-postgresql16", parameters=FORCE_TLS)
    aws.rds.Cluster("orders", engine="aurora-postgresql", db_cluster_parameter_group_name=orders.name)
    aws.rds.ParameterGroup("reports", name="reports", family="postgres16", parameters=FORCE_TLS)
    aws.rds.Instance("reports", engine="postgres", instance_class="db.t4g.small", parameter_group_name="reports")


@postgres_requires_tls.fails
def default_parameters() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql")


@postgres_requires_tls.undetermined
def parameters_of_another_stack() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", db_cluster_parameter_group_name="shared")
