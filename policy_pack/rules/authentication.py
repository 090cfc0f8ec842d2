"""Authentication: strong passwords where there are any, and stores that know who is asking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare, declare_rows
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import (
    Finding,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    aws,
    rule,
    setting,
)

PASSWORD_POLICY = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy"  # noqa: S105 - a type, not a password


@rule(
    on=(PASSWORD_POLICY,),
    severity=Severity.MEDIUM,
    promise="password",
    controls=(
        "SH:IAM.7",
        "SH:IAM.10",
        "SH:IAM.11",
        "SH:IAM.12",
        "SH:IAM.13",
        "SH:IAM.14",
        "SH:IAM.15",
        "SH:IAM.16",
        "SH:IAM.17",
        "CIS7:2.8",
        "CIS7:2.9",
    ),
    fix="set what the message names as the Password Policy says",
)
def password_policy_strong(
    policy: Resource,
    *,
    shortest: int = setting(16, "characters of a password at least", minimum=14),
    remembered: int = setting(24, "earlier passwords that may not come back, at least", minimum=1),
    oldest_days: int = setting(0, "days after which a password expires at the latest; 0 where it need not"),
) -> Iterator[Finding]:
    """A password that can be guessed, or that leaked elsewhere years ago, is none."""
    # IAM API Reference, UpdateAccountPasswordPolicy: what isn't set becomes false, 6 characters, none and never.
    for name in ("Lowercase", "Uppercase"):
        if policy.get(f"require{name}Characters") is not True:
            yield f"require{name}Characters is not true"
    for name in ("requireNumbers", "requireSymbols"):
        if policy.get(name) is not True:
            yield f"{name} is not true"
    length = policy.get("minimumPasswordLength", default=6)
    if length < shortest:
        yield f"minimumPasswordLength is {length}, less than {shortest}"
    kept = policy.get("passwordReusePrevention", default=0)
    if kept < remembered:
        yield f"passwordReusePrevention is {kept}, less than {remembered}"
    age = policy.get("maxPasswordAge", default=0)
    if oldest_days and not 0 < age <= oldest_days:
        yield f"maxPasswordAge is {age or 'not set'}; it must be {oldest_days} or less"


STRONG: dict[str, Any] = {
    "require_lowercase_characters": True,
    "require_uppercase_characters": True,
    "require_numbers": True,
    "require_symbols": True,
    "password_reuse_prevention": 24,
}


@password_policy_strong.passes
def sixteen_of_all_kinds() -> None:
    aws.iam.AccountPasswordPolicy("account", minimum_password_length=16, **STRONG)


@password_policy_strong.fails
def short() -> None:
    aws.iam.AccountPasswordPolicy("account", minimum_password_length=14, **STRONG)


@password_policy_strong.fails
def left_to_iam() -> None:
    aws.iam.AccountPasswordPolicy("account")


SETTINGS = {
    "aws:docdb/cluster:Cluster": Row(("manageMasterUserPassword",)),
    DATABASE_CLUSTER: Row(("iamDatabaseAuthenticationEnabled",), controls=("SH:RDS.12",)),
    DATABASE_INSTANCE: Row(("iamDatabaseAuthenticationEnabled",), controls=("SH:RDS.10",)),
    "aws:neptune/cluster:Cluster": Row(("iamDatabaseAuthenticationEnabled",)),
    "aws:opensearch/domain:Domain": Row(("advancedSecurityOptions", "enabled"), controls=("SH:Opensearch.7",)),
    "aws:elasticsearch/domain:Domain": Row(("advancedSecurityOptions", "enabled"), controls=("SH:Opensearch.7",)),
}


@rule(
    on=SETTINGS,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    fix="set the property to true",
)
def store_knows_its_callers(store: Resource, row: Row) -> Iterator[Finding]:
    """An IAM identity signs in for minutes; a password that leaked signs in for years."""
    yield from row.judge(store)


@store_knows_its_callers.passes
def by_iam() -> None:
    declare_rows(SETTINGS)


@store_knows_its_callers.fails
def by_password_alone() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql")


KNOWN_NAMES: list[str] = setting(
    ["admin", "awsuser", "postgres", "root"], "names of administrators that everybody tries"
)
MASTER_NAMES = {
    DATABASE_CLUSTER: "masterUsername",
    DATABASE_INSTANCE: "username",
    "aws:docdb/cluster:Cluster": "masterUsername",
    "aws:docdb/elasticCluster:ElasticCluster": "adminUserName",
    "aws:redshift/cluster:Cluster": "masterUsername",
    "aws:redshiftserverless/namespace:Namespace": "adminUsername",
}
PASSWORDS = {
    DATABASE_CLUSTER: ("manageMasterUserPassword", "masterPassword"),
    DATABASE_INSTANCE: ("manageMasterUserPassword", "password"),
}


@rule(
    on=MASTER_NAMES,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("SH:RDS.24", "SH:RDS.25"),
    fix="choose a name of your own when the database is created",
)
def database_master_not_default(database: Resource, row: str, *, names: list[str] = KNOWN_NAMES) -> Iterator[Finding]:
    """Half of a stolen pair of name and password is given away by a name that everybody knows."""
    if str(database.get(row, default="")).lower() in names:
        yield f"{row} is {database.get(row)}, which everybody tries first"


@database_master_not_default.passes
def a_name_of_its_own() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", master_username="hedgerow")
    aws.rds.Instance("reports", instance_class="db.t4g.small", username="hedgerow")
    for token, name in MASTER_NAMES.items():
        declare(token, {name: "hedgerow"})


@database_master_not_default.fails
def the_name_of_every_tutorial() -> None:
    aws.rds.Instance("reports", instance_class="db.t4g.small", username="Postgres")


# What a database is made from brings its accounts.
SOURCES = {
    DATABASE_CLUSTER: ("globalClusterIdentifier", "replicationSourceIdentifier", "snapshotIdentifier"),
    DATABASE_INSTANCE: ("replicateSourceDb", "snapshotIdentifier"),
}


@rule(
    on=PASSWORDS,
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:RDS-MANAGED",),
    fix="set manageMasterUserPassword to true and leave the password out: RDS keeps and rotates it in Secrets Manager",
)
def database_password_managed(database: Resource, row: tuple[str, str]) -> Iterator[Finding]:
    """A password that a program sets is in its state and its history, and is never rotated."""
    managed, password = row
    if any(database.has(source) for source in SOURCES[database.type]):
        raise NotApplicable("it takes its accounts from its source")
    if database.has(password):
        yield f"{password} is set by the program"
    if database.get(managed) is not True:
        yield f"{managed} is not true"


@database_password_managed.passes
def kept_by_rds() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", manage_master_user_password=True)
    aws.rds.Instance("reports", instance_class="db.t4g.small", manage_master_user_password=True)


@database_password_managed.fails
def kept_by_the_program() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", master_password="drawn by a program")  # noqa: S106 - an example


BROKERS = "aws:msk/cluster:Cluster"


@rule(
    on=(BROKERS,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("SH:MSK.6",),
    fix="set clientAuthentication to sasl.iam, and unauthenticated to false",
)
def brokers_know_their_clients(cluster: Resource) -> Iterator[Finding]:
    """A broker that lets in who doesn't say who they are gives every event to them."""
    # Amazon MSK Developer Guide, "Authentication and authorization": without a setting, access is unauthenticated.
    ways = cluster.get("clientAuthentication", default=Props({}))
    if ways.get("unauthenticated") is True:
        yield "clientAuthentication.unauthenticated is true"
    if not (
        ways.get("sasl", "iam") is True
        or ways.get("sasl", "scram") is True
        or ways.has("tls", "certificateAuthorityArns")
    ):
        yield "clientAuthentication names none of sasl.iam, sasl.scram and tls"


@brokers_know_their_clients.passes
def clients_by_iam() -> None:
    declare(BROKERS, clientAuthentication={"sasl": {"iam": True}})


@brokers_know_their_clients.fails
def clients_by_nothing() -> None:
    declare(BROKERS)


@brokers_know_their_clients.fails
def clients_by_iam_or_nothing() -> None:
    declare(BROKERS, clientAuthentication={"sasl": {"iam": True}, "unauthenticated": True})
