"""Backups, audited by AWS Backup itself: a framework that asks what is promised, in every region, and reports of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policy_pack.rules.backup import PLAN, RETENTION_DAYS
from policy_pack.rules.backup_coverage import IF_PROMISED, IN_A_PLAN
from policy_pack.rules.residency import ALLOWED_REGIONS
from policy_pack.rules.restore_tests import RESTORE_PLAN
from policy_pack.tokens import VAULT
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    aws,
    each,
    rule,
    setting,
)

FRAMEWORK = "aws:backup/framework:Framework"
# AWS Backup Developer Guide, "AWS Backup Audit Manager controls": those of recovery points, and those of stores.
RETENTION = "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK"
FREQUENCY = "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK"
_OF_BACKUPS = ["BACKUP_RECOVERY_POINT_ENCRYPTED", "BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED", RETENTION]
_OF_STORES = [
    FREQUENCY,
    "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN",
    "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK",
    "BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION",
    "RESTORE_TIME_FOR_RESOURCES_MEET_TARGET",
]
OF_BACKUPS: list[str] = setting(_OF_BACKUPS, "controls of recovery points, in every region that has a framework")
OF_STORES: list[str] = setting(_OF_STORES, "controls of stores, except in a region that holds copies alone")
ALSO: list[str] = setting([], "further controls of stores")


@rule(
    on=(FRAMEWORK,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:BAM-FRAMEWORK",),
    fix="add the control that the message names, or let its scope be a tag that stores carry",
)
def backup_framework_complete(
    framework: Resource,
    graph: Graph,
    *,
    of_backups: list[str] = OF_BACKUPS,
    of_stores: list[str] = OF_STORES,
    also: list[str] = ALSO,
) -> Iterator[Finding]:
    """An audit finds what it asks for: a control that is not there is a promise that nobody checks."""
    region = framework.named_region
    # Frameworks of one region ask together.
    together = [item for item in graph.of_type(FRAMEWORK) if item is framework or item.named_region == region]
    there = {control.get("name") for item in together for control in item.get("controls", default=())}
    asked = of_backups if _holds_copies_alone(region, graph) else [*of_backups, *of_stores, *also]
    for name in asked:
        if name not in there:
            yield f"controls have no {name}"

    stores = graph.of_type(*IN_A_PLAN, *IF_PROMISED)

    def judge(control: Props) -> Iterator[Finding]:
        tags = control.get("scope", "tags", default=Props({}))
        for key in tags:
            if stores and not any(store.tag(key) == tags.get(key) for store in stores):
                yield f"{control.where('scope', 'tags', key)} is {tags.get(key)}, which no store of the stack carries"

    yield from each(framework.get("controls", default=()), judge)


def _holds_copies_alone(region: str | None, graph: Graph) -> bool:
    """Return whether the stack has a vault in a region, and no plan that fills it with backups of stores there."""
    here = {token: any(item.named_region == region for item in graph.of_type(token)) for token in (VAULT, PLAN)}
    return here[VAULT] and not here[PLAN]


def _framework(*names: str, scope: Any = None, region: str | None = None) -> None:
    controls: Any = [{"name": name, "scope": scope} for name in names]
    aws.backup.Framework(f"promised-{region}", name="promised", controls=controls, region=region)


@backup_framework_complete.passes
def all_that_is_promised() -> None:
    _framework(*_OF_BACKUPS, *_OF_STORES, scope={"tags": {"gdpr-role": "processor"}})
    aws.rds.Cluster("orders", engine="aurora-postgresql", tags={"gdpr-role": "processor"})


@backup_framework_complete.passes
def copies_in_the_second_region() -> None:
    aws.backup.Vault("recovery", region="us-west-1")
    aws.backup.Plan("daily", rules=[{"rule_name": "daily", "target_vault_name": "daily"}])
    _framework(*_OF_BACKUPS, region="us-west-1")


@backup_framework_complete.passes
def in_two_frameworks() -> None:
    _framework(*_OF_BACKUPS)
    _framework(*_OF_STORES, region="us-west-2")


@backup_framework_complete.fails
def encryption_not_asked_for() -> None:
    _framework(*_OF_BACKUPS[1:], *_OF_STORES)


@backup_framework_complete.fails
def of_recovery_points_alone() -> None:
    _framework(*_OF_BACKUPS)


@backup_framework_complete.fails
def of_stores_that_are_not_there() -> None:
    _framework(*_OF_BACKUPS, *_OF_STORES, scope={"tags": {"gdpr-role": "controller"}})
    aws.rds.Cluster("orders", engine="aurora-postgresql", tags={"gdpr-role": "processor"})


Check = Callable[[Mapping[str, str], int, list[str]], Iterator[str]]


def _kept(given: Mapping[str, str], least_days: int, _regions: list[str]) -> Iterator[str]:
    for name in ("requiredRetentionDays", "minRetentionDays", "maxRetentionDays"):
        days = given.get(name)
        if days is not None and (not days.isdecimal() or int(days) < least_days):
            yield f"{name} is {days}, and backups are kept {least_days} days"


def _every_day(unit: str, count: str) -> Check:
    def check(given: Mapping[str, str], _least_days: int, _regions: list[str]) -> Iterator[str]:
        hours = {"hours": 1, "days": 24}.get(given.get(unit, "days"))
        value = given.get(count, "1")
        if hours is None or not value.isdecimal() or not 0 < int(value) * hours <= 24:
            yield f"{unit} and {count} are {value} {given.get(unit, 'days')}, and a backup is a day old at most"

    return check


def _elsewhere(given: Mapping[str, str], _least_days: int, regions: list[str]) -> Iterator[str]:
    for region in filter(None, given.get("crossRegionList", "").split(",")):
        if region.strip() not in regions:
            yield f"crossRegionList names {region.strip()}, and copies stay in {', '.join(regions)}"


def _in_minutes(given: Mapping[str, str], _least_days: int, _regions: list[str]) -> Iterator[str]:
    if not given.get("maxRestoreTime", "1").isdecimal():
        yield f"maxRestoreTime is {given['maxRestoreTime']}, which is no number of minutes"


# The parameters of each control, all of which may be left out: AWS Backup then asks for 35 days and a backup a day.
# Source: "Choosing your controls" and "Controls and remediation" in its developer guide.
PARAMETERS: dict[str, tuple[tuple[str, ...], tuple[Check, ...]]] = {
    RETENTION: (("requiredRetentionDays",), (_kept,)),
    FREQUENCY: (
        ("requiredFrequencyUnit", "requiredFrequencyValue", "requiredRetentionDays"),
        (_kept, _every_day("requiredFrequencyUnit", "requiredFrequencyValue")),
    ),
    "BACKUP_LAST_RECOVERY_POINT_CREATED": (
        ("recoveryPointAgeUnit", "recoveryPointAgeValue"),
        (_every_day("recoveryPointAgeUnit", "recoveryPointAgeValue"),),
    ),
    "BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED": (("principalArnList",), ()),
    "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK": (("maxRetentionDays", "minRetentionDays"), (_kept,)),
    "BACKUP_RESOURCES_PROTECTED_BY_CROSS_ACCOUNT": (("crossAccountList",), ()),
    "BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION": (("crossRegionList",), (_elsewhere,)),
    "RESTORE_TIME_FOR_RESOURCES_MEET_TARGET": (("maxRestoreTime",), (_in_minutes,)),
}


@rule(
    on=(FRAMEWORK,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:BAM-FRAMEWORK",),
    fix="give the control the parameter that the message names, as it is promised, or leave it out",
)
def backup_framework_asks_what_is_promised(
    framework: Resource, *, least_days: int = RETENTION_DAYS, regions: list[str] = ALLOWED_REGIONS
) -> Iterator[Finding]:
    """An audit that asks for less than what is promised reports that all is well."""

    def judge(control: Props) -> Iterator[Finding]:
        if control.get("name") not in PARAMETERS:
            return
        names, checks = PARAMETERS[control.get("name")]
        given = {
            str(item.get("name")): str(item.get("value", default=""))
            for item in control.get("inputParameters", default=())
        }
        where = control.where("inputParameters")
        for name in sorted(given.keys() - set(names)):
            yield f"{where}: {control.get('name')} has no parameter {name}"
        if "" in given.values():
            yield f"{where}: {control.get('name')} has a parameter without a value"
        for check in checks:
            yield from (f"{where}: {problem}" for problem in check(given, least_days, regions))

    yield from each(framework.get("controls", default=()), judge)


def _asked(control: str, **parameters: str) -> None:
    given: Any = [{"name": name, "value": value} for name, value in parameters.items()]
    aws.backup.Framework("promised", controls=[{"name": control, "input_parameters": given}])


@backup_framework_asks_what_is_promised.passes
def for_what_is_promised() -> None:
    _asked(FREQUENCY, requiredFrequencyUnit="hours", requiredFrequencyValue="12", requiredRetentionDays="35")
    aws.backup.Framework("defaults", controls=[{"name": RETENTION}, {"name": "OF_ANOTHER_YEAR"}])


@backup_framework_asks_what_is_promised.fails
def for_a_week() -> None:
    _asked(RETENTION, requiredRetentionDays="7")


@backup_framework_asks_what_is_promised.fails
def for_a_backup_a_week() -> None:
    _asked(FREQUENCY, requiredFrequencyUnit="days", requiredFrequencyValue="7")


@backup_framework_asks_what_is_promised.fails
def for_a_copy_in_europe() -> None:
    _asked("BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION", crossRegionList="us-west-1,eu-central-1")


@backup_framework_asks_what_is_promised.fails
def for_what_aws_does_not_know() -> None:
    _asked(RETENTION, retentionDays="35")


@rule(
    on=(VAULT,),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("PH:BAM-FRAMEWORK", "PH:RESTORE-PLAN"),
    fix="add what the message names in the region of the vault; AWS Backup looks at one region at a time",
)
def backups_proven_in_every_region(vault: Resource, graph: Graph) -> Iterator[Finding]:
    """Copies that nobody audits, and nobody ever restored, are trusted on the worst day."""
    found = {token: graph.of_type(token) for token in (FRAMEWORK, RESTORE_PLAN)}
    if not any(found.values()):
        raise NotApplicable("the stack audits and tests no backups")
    for token, items in found.items():
        if items and not any(item.named_region == vault.named_region for item in items):
            yield f"the stack has no {token} in the region of the vault, and one in another"


def _vaults(*regions: str) -> None:
    for region in ("us-west-2", "us-west-1"):
        aws.backup.Vault(f"daily-{region}", region=region)
    for region in regions:
        _framework(*_OF_BACKUPS, region=region)


@backups_proven_in_every_region.passes
def audited_in_both() -> None:
    _vaults("us-west-2", "us-west-1")


@backups_proven_in_every_region.fails
def audited_at_home() -> None:
    _vaults("us-west-2")
