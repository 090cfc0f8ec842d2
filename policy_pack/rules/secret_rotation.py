"""Secrets over time: rotated, recoverable in both regions, and named and encrypted as what reads them asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare
from policy_pack.rules.change_protection import DISPOSABLE
from policy_pack.tokens import VAULT
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, aws, each, rule, setting

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type token
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
_RATE = re.compile(r"rate\((\d+) (hour|day)s?\)")
# cron(minutes hours day-of-month month day-of-week year): a list or star in the month fires at least every month.
_MONTHLY = re.compile(r"cron\(\S+ \S+ \S+ (\*|\?|1/[123]|\*/[123]) \S+ \*\)")


ROTATES = ("SH:SecretsManager.1", "SH:SecretsManager.4")


@rule(
    on=(SECRET,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=ROTATES,
    fix="give the secret an aws.secretsmanager.SecretRotation, or tag it rotation with who rotates it instead",
)
def secret_rotated(
    secret: Resource,
    graph: Graph,
    *,
    tag: str = setting("rotation", "key of the tag that says who rotates a secret which Secrets Manager doesn't"),
) -> Iterator[Finding]:
    """A secret that leaked unnoticed is worth something to its finder until it is replaced."""
    if secret.tag(tag):
        raise NotApplicable(f"it is rotated by {secret.tag(tag)}")
    if not graph.children(secret, on=ROTATION, via="secretId"):
        yield "nothing rotates it"


@secret_rotated.passes
def every_month() -> None:
    _rotate(automatically_after_days=30)


@secret_rotated.passes
def by_its_vendor() -> None:
    _rotate(automatically_after_days=30)
    aws.secretsmanager.Secret("vendor", tags={"rotation": "vendor"})


@secret_rotated.fails
def never() -> None:
    aws.secretsmanager.Secret("orders")


@rule(
    on=(ROTATION,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=ROTATES,
    fix="set rotationRules.automaticallyAfterDays to the period, or less",
)
def secret_rotated_often(
    rotation: Resource, *, most_days: int = setting(90, "days after which a secret is replaced", minimum=1)
) -> Iterator[Finding]:
    """A secret leaks without a sound: what ends its use is its age."""
    if rotation.get("rotationEnabled", default=True) is not True:
        yield "rotationEnabled is not true"
    days = _days(rotation)
    if days is None:
        yield f"its schedule is none that is known to fire every {most_days} days"
    elif days > most_days:
        yield f"it rotates the secret after {days:.0f} days, later than {most_days}"


def _days(rotation: Props) -> float | None:
    """Return the days between rotations, None where the schedule doesn't tell."""
    days = rotation.get("rotationRules", "automaticallyAfterDays")
    if days:
        return float(days)
    schedule = str(rotation.get("rotationRules", "scheduleExpression", default=""))
    rate = _RATE.fullmatch(schedule)
    if rate:
        return int(rate[1]) / (24 if rate[2] == "hour" else 1)
    month = _MONTHLY.fullmatch(schedule)
    return None if month is None else 31 * int(month[1][-1] if month[1][-1].isdigit() else 1)


def _rotate(**rules: Any) -> None:
    given: Any = rules
    secret = aws.secretsmanager.Secret("orders")
    aws.secretsmanager.SecretRotation("orders", secret_id=secret.id, rotation_rules=given)


@secret_rotated_often.passes
def every_quarter() -> None:
    _rotate(automatically_after_days=90)


@secret_rotated_often.passes
def by_schedule() -> None:
    _rotate(schedule_expression="rate(10 days)")
    monthly: Any = {"schedule_expression": "cron(0 16 1 * ? *)"}
    secret = aws.secretsmanager.Secret("reports")
    aws.secretsmanager.SecretRotation("reports", secret_id=secret.id, rotation_rules=monthly)


@secret_rotated_often.fails
def every_year() -> None:
    _rotate(automatically_after_days=365)


@secret_rotated_often.fails
def at_a_rate_of_a_year() -> None:
    _rotate(schedule_expression="rate(365 days)")


@secret_rotated_often.fails
def on_one_day_of_the_year() -> None:
    _rotate(schedule_expression="cron(0 16 1 6 ? *)")


@secret_rotated_often.undetermined
def as_often_as_a_parameter_says() -> None:
    parameter = aws.ssm.Parameter("period", type="String", value="rate(10 days)")
    _rotate(schedule_expression=parameter.arn)


@rule(
    on=(SECRET,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:SECRET-WINDOW",),
    fix="tag the secret with its owner, and leave recoveryWindowInDays at a week or more",
)
def secret_recoverable_and_owned(
    secret: Resource,
    *,
    least_days: int = setting(7, "days for which a deleted secret can be brought back", minimum=7),
    owner_tag: str = setting("owner", "key of the tag that names the owner of a secret"),
    disposable: bool = DISPOSABLE,
) -> Iterator[Finding]:
    """A secret deleted by a slip stops whatever uses it; somebody must be there to ask."""
    if not secret.tag(owner_tag):
        yield f"tag {owner_tag} is not set"
    # AWS Secrets Manager API Reference, DeleteSecret: 30 days where it is absent, 0 deletes at once.
    days = secret.get("recoveryWindowInDays", default=30)
    if days < least_days and not disposable:
        yield f"recoveryWindowInDays is {days}, less than {least_days}"


@secret_recoverable_and_owned.passes
def a_month_to_think() -> None:
    aws.secretsmanager.Secret("orders", tags={"owner": "platform"})


@secret_recoverable_and_owned.fails
def gone_at_once() -> None:
    aws.secretsmanager.Secret("orders", recovery_window_in_days=0, tags={"owner": "platform"})


@secret_recoverable_and_owned.fails
def nobodys() -> None:
    aws.secretsmanager.Secret("orders")


@rule(
    on=(SECRET,),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("PH:SECRET-WINDOW",),
    fix="add to replicas the region that backups are copied to, with a key of your own there",
)
def secret_survives_region(secret: Resource, graph: Graph) -> Iterator[Finding]:
    """What is restored in the second region can't sign in, or read what it signed, without the secret that it had."""
    away = {vault.region for vault in graph.of_type(VAULT) if vault.named_region != secret.named_region}
    if not away:
        raise NotApplicable("the stack keeps no backups in another region")
    if not any(replica.get("region") in away for replica in secret.get("replicas", default=())):
        yield f"replicas names none of {', '.join(sorted(away))}, where the stack keeps copies of its backups"


def _away(**more: Any) -> None:
    aws.secretsmanager.Secret("signing", **more)
    aws.backup.Vault("recovery", region="us-west-1")


@secret_survives_region.passes
def replicated_to_where_backups_are() -> None:
    _away(replicas=[{"region": "us-west-1", "kms_key_id": "alias/recovery"}])


@secret_survives_region.fails
def in_one_region() -> None:
    _away()


SCRAM = "aws:msk/scramSecretAssociation:ScramSecretAssociation"


@rule(
    on=(SCRAM,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:MSK-SCRAM",),
    fix="name the secrets AmazonMSK_..., and encrypt them under a key of your own",
)
def kafka_passwords_in_own_secrets(association: Resource, graph: Graph) -> Iterator[Finding]:
    """MSK reads only secrets that are named so, and none that AWS's own key encrypts."""
    # Amazon MSK Developer Guide, "Sign-in credentials authentication": both are conditions of its own.

    def judge(secret: Resource) -> Iterator[Finding]:
        name = secret.get("name") or secret.get("namePrefix", default="")
        if not str(name).startswith("AmazonMSK_"):
            yield f"the name of {secret.name} does not begin with AmazonMSK_"
        if "kmsKeyId" not in secret:
            yield f"{secret.name} is encrypted under the key of AWS"

    yield from each(graph.targets(association, "secretArnLists", SECRET), judge)


def _scram(name: str, **more: Any) -> None:
    secret = aws.secretsmanager.Secret("ingest", name=name, **more)
    declare(SCRAM, clusterArn="arn:cluster", secretArnLists=[secret.arn])


@kafka_passwords_in_own_secrets.passes
def named_and_encrypted() -> None:
    _scram("AmazonMSK_ingest", kms_key_id="alias/kafka")


@kafka_passwords_in_own_secrets.fails
def under_the_key_of_aws() -> None:
    _scram("AmazonMSK_ingest")


@kafka_passwords_in_own_secrets.fails
def named_otherwise() -> None:
    _scram("ingest", kms_key_id="alias/kafka")
