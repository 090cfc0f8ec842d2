"""Parameters of stores that are no databases of RDS: the ones that refuse plain text, and the ones that write a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from policy_pack.examples import declare
from policy_pack.vocabulary import Finding, Graph, Resource, Severity, Unknown, rule

DOCUMENTS = "aws:docdb/clusterParameterGroup:ClusterParameterGroup"
GRAPHS = "aws:neptune/clusterParameterGroup:ClusterParameterGroup"
WAREHOUSE = "aws:redshift/cluster:Cluster"
WAREHOUSE_PARAMETERS = "aws:redshift/parameterGroup:ParameterGroup"
WORKGROUP = "aws:redshiftserverless/workgroup:Workgroup"


class Parameter(NamedTuple):
    """A parameter of a store, the values that keep the promise, and the store's own where nothing is set."""

    name: str
    allowed: tuple[str, ...]
    unset: str
    path: str = "parameters"
    keys: tuple[str, str] = ("name", "value")


YES = ("true", "1")
IN_WORKGROUPS: Any = {"path": "configParameters", "keys": ("parameterKey", "parameterValue")}
TLS = {
    # Amazon DocumentDB Developer Guide, "Managing Amazon DocumentDB cluster TLS settings": enabled still takes TLS 1.0.
    DOCUMENTS: Parameter("tls", ("tls1.2+", "tls1.3+", "fips-140-3"), "enabled"),
    # Amazon Redshift Management Guide, "Configuring security options for connections".
    WAREHOUSE_PARAMETERS: Parameter("require_ssl", YES, "false"),
    WORKGROUP: Parameter("require_ssl", YES, "false", **IN_WORKGROUPS),
}
LOGS = {
    DOCUMENTS: Parameter("audit_logs", ("enabled", "all", "ddl", "dml_read", "dml_write"), "disabled"),
    GRAPHS: Parameter("neptune_enable_audit_log", YES, "0"),
    WAREHOUSE_PARAMETERS: Parameter("enable_user_activity_logging", YES, "false"),
}


@rule(
    on=TLS,
    severity=Severity.HIGH,
    promise="encryption",
    fix="set the parameter as the message says",
)
def store_parameters_force_tls(group: Resource, row: Parameter) -> Iterator[Finding]:
    """A client that doesn't ask for TLS, or asks for a broken one, must be refused."""
    yield from _judge(group, row)


@rule(
    on=LOGS,
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="set the parameter as the message says, and export the log",
)
def store_parameters_write_log(group: Resource, row: Parameter) -> Iterator[Finding]:
    """A log that is exported, and that nobody writes, looks like a store that nobody asked anything."""
    yield from _judge(group, row)


def _judge(group: Resource, wanted: Parameter) -> Iterator[Finding]:
    key, held = wanted.keys
    for parameter in group.get(wanted.path, default=()):
        if parameter.get(key) == wanted.name:
            value = str(parameter.get(held)).lower()
            if not set(value.split(",")) <= set(wanted.allowed):
                yield f"{parameter.where(held)} of {wanted.name} is {value}; it must be {' or '.join(wanted.allowed)}"
            return
    yield f"{wanted.path} do not set {wanted.name}, which is {wanted.unset} by itself"


def _declare(table: Mapping[str, Parameter], **values: str) -> None:
    for token, wanted in table.items():
        key, held = wanted.keys
        declare(token, {wanted.path: [{key: wanted.name, held: values.get(wanted.name, wanted.allowed[0])}]})


@store_parameters_force_tls.passes
def tls_forced() -> None:
    _declare(TLS)


@store_parameters_force_tls.fails
def tls_switched_off() -> None:
    _declare(TLS, require_ssl="false")


@store_parameters_force_tls.fails
def tls_of_any_age() -> None:
    _declare(TLS, tls="enabled")


@store_parameters_force_tls.fails
def tls_left_to_the_client() -> None:
    declare(WORKGROUP, workgroupName="facts")


@store_parameters_write_log.passes
def written() -> None:
    _declare(LOGS)


@store_parameters_write_log.fails
def audit_switched_off() -> None:
    _declare(LOGS, audit_logs="disabled")


@store_parameters_write_log.fails
def audit_left_at_the_default() -> None:
    declare(GRAPHS, family="neptune1.3")


@rule(
    on=(WAREHOUSE,),
    severity=Severity.HIGH,
    promise="encryption",
    fix="give the warehouse a parameter group of this stack, which sets require_ssl to true",
)
def warehouse_requires_tls(warehouse: Resource, graph: Graph) -> Iterator[Finding]:
    """The parameters that a warehouse comes with let a client speak in clear, and can't be changed."""
    # What the groups of the stack hold is judged with them.
    if not graph.targets(warehouse, "clusterParameterGroupName", WAREHOUSE_PARAMETERS):
        name = warehouse.get("clusterParameterGroupName", default="default.")
        if name.startswith("default."):
            yield "clusterParameterGroupName names no parameter group of its own"
            return
        raise Unknown(f"the parameters of {name}, which is not part of the stack")


@warehouse_requires_tls.passes
def with_parameters_of_its_own() -> None:
    parameters = [{"name": "require_ssl", "value": "true"}]
    declare(WAREHOUSE_PARAMETERS, name="facts", family="redshift-1.0", parameters=parameters)
    declare(WAREHOUSE, clusterIdentifier="facts", clusterParameterGroupName="facts")


@warehouse_requires_tls.fails
def with_those_it_comes_with() -> None:
    declare(WAREHOUSE, clusterIdentifier="facts")


@warehouse_requires_tls.undetermined
def with_those_of_another_stack() -> None:
    declare(WAREHOUSE, clusterIdentifier="facts", clusterParameterGroupName="shared")
