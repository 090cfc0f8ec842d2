"""Databases in operation: who hears of their events, and what PostgreSQL, Kafka and MySQL keep of the past."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from policy_pack.event_patterns import Event, selects
from policy_pack.rules.database_transport import CLUSTER_PARAMETERS, INSTANCE_PARAMETERS
from policy_pack.rules.detection import CLUSTER_INSTANCE
from policy_pack.rules.event_routes import routes, send_events
from policy_pack.rules.monitoring import TOPIC
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, Unknown, aws, rule, setting

SUBSCRIPTION = "aws:rds/eventSubscription:EventSubscription"
KAFKA_CONFIGURATION = "aws:msk/configuration:Configuration"
FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
FILE_BACKUP = "aws:efs/backupPolicy:BackupPolicy"


class Events(NamedTuple):
    """What somebody must hear of, and the controls that ask for it."""

    source: str
    categories: tuple[str, ...]
    controls: tuple[str, ...]


INSTANCE_EVENTS = Events("db-instance", ("maintenance", "configuration change", "failure"), ("SH:RDS.20",))
PARAMETER_EVENTS = Events("db-parameter-group", ("configuration change",), ("SH:RDS.21",))
# Amazon RDS User Guide, "Creating a rule that triggers on an Amazon RDS event".
DETAIL_TYPES = {
    "db-cluster": "RDS DB Cluster Event",
    "db-instance": "RDS DB Instance Event",
    "db-parameter-group": "RDS DB Parameter Group Event",
}


@rule(
    on={
        DATABASE_CLUSTER: Events("db-cluster", ("maintenance", "failure"), ("SH:RDS.19",)),
        DATABASE_INSTANCE: INSTANCE_EVENTS,
        CLUSTER_INSTANCE: INSTANCE_EVENTS,
        INSTANCE_PARAMETERS: PARAMETER_EVENTS,
        CLUSTER_PARAMETERS: PARAMETER_EVENTS,
    },
    severity=Severity.LOW,
    promise="incident-response",
    fix="add an aws.rds.EventSubscription for the source and categories that the message names; where its topic is "
    "encrypted, add an event rule with a target for them too",
)
def database_events_told(database: Resource, graph: Graph, row: Events) -> Iterator[Finding]:
    """A failover at night is a question that somebody should ask in the morning.

    RDS sends a subscription's events to no encrypted topic, so that an event rule has to tell of them where every topic
    is. Source: Amazon RDS User Guide, "Subscribing to Amazon RDS event notification".
    """
    missing, unheard = set(row.categories), set(row.categories)
    unknown: Unknown | None = None
    for subscription in graph.of_type(SUBSCRIPTION):
        try:
            told = _told(subscription, graph, database, row)
            missing -= told
            topics = graph.targets(subscription, "snsTopic", TOPIC) if told else []
            if not topics or any("kmsMasterKeyId" not in topic for topic in topics):
                unheard -= told
        except Unknown as error:
            unknown = error
    if missing and unknown:
        raise unknown
    for category in sorted(missing):
        yield f"no event subscription tells of {category} ({row.source})"
    unheard -= missing
    for route in routes(graph, {database.region}) if unheard else ():
        unheard = {category for category in unheard if not selects(route.pattern, _event(row.source, category))}
    if unheard and unknown:
        raise unknown
    for category in sorted(unheard):
        yield f"{category} ({row.source}) is told to encrypted topics alone, which RDS can't, and by no event rule"


def _event(source: str, category: str) -> Event:
    return {"source": "aws.rds", "detail-type": DETAIL_TYPES[source], "detail": {"EventCategories": [category]}}


def _told(subscription: Resource, graph: Graph, database: Resource, row: Events) -> set[str]:
    """Return the categories that a subscription tells of a database: all of them where it names none."""
    if (
        not subscription.get("enabled", default=True)
        or subscription.get("sourceType", default=row.source) != row.source
        or subscription.region != database.region
    ):
        return set()
    if subscription.has("sourceIds") and not graph.refers(subscription, "sourceIds", database):
        return set()
    categories = set(subscription.get("eventCategories", default=()))
    return categories.intersection(row.categories) if categories else set(row.categories)


def _subscribed(*categories: str, topic: Any = "arn:topic") -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql")
    engine: Any = "aurora-postgresql"
    aws.rds.ClusterInstance("orders", cluster_identifier="orders", engine=engine, instance_class="db.r7g.large")
    aws.rds.ClusterParameterGroup("orders", family="aurora-postgresql17")
    aws.rds.Instance("reports", engine="postgres", instance_class="db.t4g.small")
    aws.rds.ParameterGroup("reports", family="postgres17")
    for source in ("db-cluster", "db-instance", "db-parameter-group"):
        aws.rds.EventSubscription(
            source, sns_topic=topic, source_type=source, event_categories=list(categories) or None
        )


@database_events_told.passes
def every_event() -> None:
    _subscribed()


@database_events_told.passes
def the_events_that_count() -> None:
    _subscribed("maintenance", "configuration change", "failure")


@database_events_told.passes
def by_an_event_rule_to_an_encrypted_topic() -> None:
    _subscribed(topic=aws.sns.Topic("databases", kms_master_key_id="alias/alarms").arn)
    send_events(
        {"source": ["aws.rds"], "detail": {"EventCategories": ["maintenance", "configuration change", "failure"]}}
    )


@database_events_told.fails
def to_an_encrypted_topic_that_rds_cannot_reach() -> None:
    _subscribed(topic=aws.sns.Topic("databases", kms_master_key_id="alias/alarms").arn)
    send_events({"source": ["aws.rds"], "detail-type": ["RDS DB Cluster Event"]})


@database_events_told.fails
def failures_left_out() -> None:
    _subscribed("maintenance")


@database_events_told.fails
def no_subscription() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql")


AUDITED = ("pgaudit.log", "log_connections", "log_disconnections")
# The documentation of pgaudit, "Settings".
PGAUDIT_CLASSES = {"all", "ddl", "function", "misc", "misc_set", "read", "role", "write"}


@rule(
    on=(CLUSTER_PARAMETERS, INSTANCE_PARAMETERS),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("PH:PGAUDIT",),
    fix=f"load pgaudit in shared_preload_libraries, and set {', '.join(AUDITED)}",
)
def postgres_audited(group: Resource) -> Iterator[Finding]:
    """Who read which table is in no other log."""
    if not str(group.get("family", default="")).startswith(("aurora-postgresql", "postgres")):
        raise NotApplicable("the family is not PostgreSQL")
    parameters = {item.get("name"): str(item.get("value")) for item in group.get("parameters", default=())}
    libraries = [name.strip() for name in parameters.get("shared_preload_libraries", "").split(",")]
    if "pgaudit" not in libraries:
        yield "shared_preload_libraries does not load pgaudit"
    classes = {name.strip().removeprefix("-") for name in parameters.get("pgaudit.log", "none").lower().split(",")}
    if classes - {"none"} - PGAUDIT_CLASSES:
        yield f"pgaudit.log is {parameters['pgaudit.log']}, which pgaudit doesn't know, and so logs nothing"
    for name in AUDITED:
        if parameters.get(name, "0").lower() in {"0", "off", "none", ""}:
            yield f"parameters do not turn {name} on"


def _parameters(**values: str) -> None:
    named = {"pgaudit.log": "ddl,role", "log_connections": "1", "log_disconnections": "1", **values}
    parameters: Any = [{"name": name, "value": value} for name, value in named.items()]
    aws.rds.ClusterParameterGroup("orders", family="aurora-postgresql17", parameters=parameters)
    aws.rds.ParameterGroup("reports", family="postgres17", parameters=parameters)


@postgres_audited.passes
def audited() -> None:
    _parameters(shared_preload_libraries="pg_stat_statements,pgaudit")


@postgres_audited.fails
def library_not_loaded() -> None:
    _parameters()


@postgres_audited.fails
def a_class_that_pgaudit_does_not_know() -> None:
    _parameters(**{"shared_preload_libraries": "pgaudit", "pgaudit.log": "roles"})


@postgres_audited.fails
def connections_not_logged() -> None:
    _parameters(shared_preload_libraries="pgaudit", log_connections="0")


@rule(
    on=(KAFKA_CONFIGURATION,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:KAFKA-RET",),
    fix="keep three replicas, two of them in step, and three days of log; never elect an unclean leader",
)
def kafka_can_be_replayed(
    configuration: Resource,
    *,
    least_hours: int = setting(72, "hours of events that Kafka keeps, so that they can be read again", minimum=1),
) -> Iterator[Finding]:
    """Events that were read wrongly can be read again, as long as they are still there."""
    pairs = [line.partition("=") for line in str(configuration.get("serverProperties")).splitlines()]
    found = {name.strip(): value.strip() for name, _, value in pairs if not name.strip().startswith("#")}
    # Amazon MSK Developer Guide, "Default Amazon MSK configuration": with three zones 3, 2, 168 hours and false.
    kept = _kept_hours(found)
    if kept is not None and kept < least_hours:
        yield f"the log is kept {kept:g} hours, less than {least_hours}"
    for name, least, unset in (("default.replication.factor", 3, "3"), ("min.insync.replicas", 2, "2")):
        if int(found.get(name, unset)) < least:
            yield f"{name} is {found[name]}, less than {least}"
    if found.get("unclean.leader.election.enable", "false").lower() == "true":
        yield "unclean.leader.election.enable is true"


def _kept_hours(properties: dict[str, str]) -> float | None:
    """Return for how long Kafka keeps a log; None where it is for ever. The finest unit counts."""
    for name, per_hour in (("log.retention.ms", 3_600_000), ("log.retention.minutes", 60), ("log.retention.hours", 1)):
        if name in properties:
            value = int(properties[name])
            return None if value < 0 else value / per_hour
    return 168


def _kafka(**properties: str) -> None:
    lines = {"log.retention.hours": "168", "default.replication.factor": "3", **properties}
    aws.msk.Configuration("events", server_properties="\n".join(f"{name}={value}" for name, value in lines.items()))


@kafka_can_be_replayed.passes
def a_week_of_events() -> None:
    _kafka()


@kafka_can_be_replayed.fails
def an_hour_of_events() -> None:
    _kafka(**{"log.retention.ms": "3600000"})


@kafka_can_be_replayed.fails
def one_copy() -> None:
    _kafka(**{"default.replication.factor": "1"})


@rule(
    on=(FILE_SYSTEM,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("SH:EFS.7",),
    fix='give the file system an aws.efs.BackupPolicy with the status "ENABLED"',
)
def file_system_backed_up_by_itself(files: Resource, graph: Graph) -> Iterator[Finding]:
    """A file system that no plan selects has this backup alone."""
    policies = graph.children(files, on=FILE_BACKUP, via="fileSystemId")
    if not any(policy.get("backupPolicy", "status") == "ENABLED" for policy in policies):
        yield "no backup policy of it is ENABLED"


def _files(status: str) -> None:
    files = aws.efs.FileSystem("shared")
    aws.efs.BackupPolicy("shared", file_system_id=files.id, backup_policy={"status": status})


@file_system_backed_up_by_itself.passes
def backed_up() -> None:
    _files("ENABLED")


@file_system_backed_up_by_itself.fails
def backup_off() -> None:
    _files("DISABLED")
