"""Encryption in transit to databases: the parameters that refuse a client without TLS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, Unknown, aws, each, rule

CLUSTER_PARAMETERS = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
INSTANCE_PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
POSTGRES = ("aurora-postgresql", "postgres")


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


MYSQL = ("aurora-mysql", "mysql", "mariadb")
# Amazon RDS User Guide, "Requiring SSL/TLS for all connections", and its like for SQL Server and Db2: what must be set,
# as it is off where it isn't, by the beginning of the family.
REQUIRED: dict[tuple[str, ...], tuple[str, tuple[str, ...]]] = {
    MYSQL: ("require_secure_transport", ("1", "ON", "on", "true")),
    ("sqlserver", "custom-sqlserver"): ("rds.force_ssl", ("1",)),
    ("db2",): ("db2comm", ("SSL",)),
}


@rule(
    on=(CLUSTER_PARAMETERS, INSTANCE_PARAMETERS),
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:RDS.39", "PH:AURORA-SSL"),
    fix="set the parameter that the message names, and leave ssl_min_protocol_version at TLSv1.2 for PostgreSQL",
)
def database_parameters_keep_tls_modern(group: Resource) -> Iterator[Finding]:
    """A client that doesn't ask for TLS, or asks for a broken one, must be refused."""
    family = str(group.get("family", default=""))
    required, allowed = next((one for families, one in REQUIRED.items() if family.startswith(families)), ("", ()))
    if not required and not family.startswith(POSTGRES):
        raise NotApplicable("the family has no parameter that asks for TLS")
    secured = not required
    for parameter in group.get("parameters", default=()):
        name, value = parameter.get("name"), str(parameter.get("value"))
        where = parameter.where("value")
        if name == required:
            secured = True
            if value not in allowed:
                yield f"{where} of {name} is not {allowed[0]}"
        elif name == "ssl_min_protocol_version" and value not in {"TLSv1.2", "TLSv1.3"}:
            yield f"{where} of ssl_min_protocol_version is older than TLSv1.2"
    if not secured:
        yield f"parameters do not set {required}"


def _group(name: str, value: str, family: str = "aurora-mysql8.0") -> None:
    parameters: Any = [{"name": name, "value": value}]
    aws.rds.ClusterParameterGroup("shop", family=family, parameters=parameters)


@database_parameters_keep_tls_modern.passes
def secure_transport_required() -> None:
    _group("require_secure_transport", "ON")
    parameters: Any = [{"name": "ssl_min_protocol_version", "value": "TLSv1.3"}]
    aws.rds.ParameterGroup("reports", family="postgres16", parameters=parameters)


@database_parameters_keep_tls_modern.passes
def other_engines_with_tls_alone() -> None:
    for family, name, value in (("sqlserver-se-15.0", "rds.force_ssl", "1"), ("db2-se-11.5", "db2comm", "SSL")):
        aws.rds.ParameterGroup(family, family=family, parameters=[{"name": name, "value": value}])


@database_parameters_keep_tls_modern.fails
def sql_server_that_serves_plain_text() -> None:
    aws.rds.ParameterGroup("shop", family="sqlserver-se-15.0", parameters=[{"name": "rds.force_ssl", "value": "0"}])


@database_parameters_keep_tls_modern.fails
def mysql_left_at_the_default() -> None:
    aws.rds.ParameterGroup("shop", family="mysql8.4")


@database_parameters_keep_tls_modern.fails
def mysql_switched_off() -> None:
    _group("require_secure_transport", "OFF")


@database_parameters_keep_tls_modern.fails
def old_tls_for_postgres() -> None:
    _group("ssl_min_protocol_version", "TLSv1.1", family="aurora-postgresql16")


@database_parameters_keep_tls_modern.undetermined
def value_kept_in_a_parameter() -> None:
    parameter: Any = aws.ssm.Parameter("tls", type="String", value="ON").arn
    _group("require_secure_transport", parameter)


@rule(
    on={
        DATABASE_CLUSTER: ("dbClusterParameterGroupName", CLUSTER_PARAMETERS),
        DATABASE_INSTANCE: ("parameterGroupName", INSTANCE_PARAMETERS),
    },
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:RDS.39",),
    fix="give the database a parameter group of this stack that sets require_secure_transport to 1",
)
def mysql_requires_tls(database: Resource, graph: Graph, row: tuple[str, str]) -> Iterator[Finding]:
    """A group that requires TLS keeps nothing safe until the database uses it."""
    if database.get("engine", default="") not in MYSQL:
        raise NotApplicable("the engine is not MySQL")
    name, token = row
    # What the groups of the stack hold is judged with them.
    if not graph.targets(database, name, token):
        if database.get(name, default="default.").startswith("default."):
            yield f"{name} names no parameter group of its own"
            return
        raise Unknown(f"the parameters of {database.get(name)}, which is not part of the stack")


@mysql_requires_tls.passes
def mysql_with_a_group_of_its_own() -> None:
    shop = aws.rds.ClusterParameterGroup("shop", family="aurora-mysql8.0")
    aws.rds.Cluster("shop", engine="aurora-mysql", db_cluster_parameter_group_name=shop.name)
    aws.rds.ParameterGroup("reports", name="reports", family="mysql8.4")
    aws.rds.Instance("reports", engine="mysql", instance_class="db.t4g.small", parameter_group_name="reports")


@mysql_requires_tls.fails
def mysql_with_default_parameters() -> None:
    aws.rds.Instance("shop", engine="mysql", instance_class="db.t4g.small")


@mysql_requires_tls.undetermined
def mysql_parameters_of_another_stack() -> None:
    aws.rds.Cluster("shop", engine="aurora-mysql", db_cluster_parameter_group_name="shared")
