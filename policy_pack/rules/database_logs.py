"""Database logs: what PostgreSQL writes of customers' rows outlives the rows, unless it is told to write less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.classification import CLASS_TAG
from policy_pack.rules.database_transport import CLUSTER_PARAMETERS, INSTANCE_PARAMETERS, POSTGRES
from policy_pack.rules.privacy import CUSTOMER_CLASSES
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, aws, each, rule

# PostgreSQL's documentation, "Error Reporting and Logging": what each is by default, and what keeps rows out of the
# log. At another value, the detail of an error, its statement, or every statement is written with its values.
WITHOUT_ROWS = {
    "log_error_verbosity": ("default", {"terse"}),
    "log_min_error_statement": ("error", {"log", "fatal", "panic"}),
    "log_statement": ("none", {"none", "ddl"}),
    "log_min_duration_statement": ("-1", {"-1"}),
}


@rule(
    on={
        DATABASE_CLUSTER: ("dbClusterParameterGroupName", CLUSTER_PARAMETERS),
        DATABASE_INSTANCE: ("parameterGroupName", INSTANCE_PARAMETERS),
    },
    severity=Severity.LOW,
    promise="data-deletion",
    controls=("PH:PGAUDIT",),
    fix="set log_error_verbosity to terse and log_min_error_statement to panic in its parameter group",
)
def postgres_log_holds_no_rows(
    database: Resource,
    graph: Graph,
    row: tuple[str, str],
    *,
    tag: str = CLASS_TAG,
    classes: list[str] = CUSTOMER_CLASSES,
) -> Iterator[Finding]:
    """A customer's row is erased in a month; the error that quoted it is kept as long as the log is."""
    if database.tag(tag) not in classes or database.get("engine", default="") not in POSTGRES:
        raise NotApplicable("it is no PostgreSQL with customers' data")
    if not database.has("enabledCloudwatchLogsExports"):
        raise NotApplicable("its log stays with it, for some days")
    name, token = row

    def judge(group: Resource) -> Iterator[Finding]:
        given = {item.get("name"): str(item.get("value")).lower() for item in group.get("parameters", default=())}
        for parameter, (unset, allowed) in WITHOUT_ROWS.items():
            value = given.get(parameter, unset)
            if value not in allowed:
                yield f"{parameter} of {group.name} is {value}; it must be {' or '.join(sorted(allowed))}"

    yield from each(graph.targets(database, name, token), judge)


def _logged(**parameters: str) -> None:
    given: Any = [{"name": name, "value": value} for name, value in parameters.items()]
    kept: Any = {"enabled_cloudwatch_logs_exports": ["postgresql"], "tags": {"data-class": "restricted"}}
    orders = aws.rds.ClusterParameterGroup("orders", family="aurora-postgresql17", parameters=given)
    aws.rds.Cluster("orders", engine="aurora-postgresql", db_cluster_parameter_group_name=orders.name, **kept)
    reports = aws.rds.ParameterGroup("reports", family="postgres17", parameters=given)
    aws.rds.Instance(
        "reports", engine="postgres", instance_class="db.t4g.small", parameter_group_name=reports.name, **kept
    )


@postgres_log_holds_no_rows.passes
def errors_without_their_rows() -> None:
    _logged(log_error_verbosity="TERSE", log_min_error_statement="panic")


@postgres_log_holds_no_rows.fails
def errors_as_postgres_writes_them() -> None:
    _logged()


@postgres_log_holds_no_rows.fails
def every_statement() -> None:
    _logged(log_error_verbosity="terse", log_min_error_statement="panic", log_statement="all")
