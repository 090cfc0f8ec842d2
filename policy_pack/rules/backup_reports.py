"""Backups, told: which types AWS Backup takes at all, and the reports of what it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.backup import PLAN
from policy_pack.rules.backup_coverage import PACES
from policy_pack.rules.restore_tests import TESTED_AS
from policy_pack.tokens import VAULT
from policy_pack.values import UNKNOWN, raw
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, aws, each, rule, setting

REPORT_PLAN = "aws:backup/reportPlan:ReportPlan"
REGION_SETTINGS = "aws:backup/regionSettings:RegionSettings"
JOBS = ["BACKUP_JOB_REPORT", "COPY_JOB_REPORT", "RESTORE_JOB_REPORT"]
COMPLIANCE = ("CONTROL_COMPLIANCE_REPORT", "RESOURCE_COMPLIANCE_REPORT")
# AWS Backup API Reference, ReportSetting.
TEMPLATES = (*JOBS, *COMPLIANCE, "SCAN_JOB_REPORT")


MADE: list[str] = setting(JOBS, "templates of the reports that a stack which has any makes")


@rule(
    on=(REPORT_PLAN,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:BAM-REPORT",),
    fix="report backup, copy and restore jobs of every region that has a vault, and compliance with the frameworks",
)
def backup_reports_complete(report: Resource, graph: Graph, *, templates: list[str] = MADE) -> Iterator[Finding]:
    """What failed in a region, or in a job, that no report covers is found on the day it is needed."""
    plans = graph.of_type(REPORT_PLAN)
    if report is plans[0]:  # what is missing belongs to none of them
        made = [plan.get("reportSetting", "reportTemplate", default="") for plan in plans]
        yield from (f"the stack has no report plan of {name}" for name in templates if name not in made)
    template = report.get("reportSetting", "reportTemplate", default="")
    if template not in TEMPLATES:
        yield f"reportSetting.reportTemplate is {template or 'not set'}, which AWS Backup doesn't know"
    elif template in COMPLIANCE:
        yield from _covers_frameworks(report)
    else:
        yield from _covers_regions(report, graph)


def _covers_frameworks(report: Resource) -> Iterator[Finding]:
    named = raw(report.get("reportSetting", "frameworkArns", default=[]))
    if not named:
        yield "reportSetting.frameworkArns names no framework"
    for arn in named:
        if arn is not UNKNOWN and not str(arn).startswith("arn:"):
            yield f"reportSetting.frameworkArns holds {arn}, the ARN of no framework"


def _covers_regions(report: Resource, graph: Graph) -> Iterator[Finding]:
    # AWS Backup API Reference, ReportSetting: "*" is every region. Where none is named, it is the plan's own.
    covered = list(report.get("reportSetting", "regions", default=())) or [report.named_region]
    for vault in graph.of_type(VAULT):
        if "*" not in covered and vault.named_region not in covered:
            yield f"reportSetting.regions leaves out {vault.region}, where the stack has a vault"


def _reports(*names: str, **settings: Any) -> None:
    for name in names:
        setting: Any = {"report_template": name, **settings}
        aws.backup.ReportPlan(name, report_delivery_channel={"s3_bucket_name": "reports"}, report_setting=setting)
    aws.backup.Vault("recovery", region="us-west-1")


@backup_reports_complete.passes
def of_all_jobs_and_regions() -> None:
    _reports(*JOBS, regions=["us-west-2", "us-west-1"])


@backup_reports_complete.passes
def of_jobs_and_a_framework() -> None:
    framework = aws.backup.Framework("promised", controls=[{"name": "BACKUP_RECOVERY_POINT_ENCRYPTED"}])
    _reports(*JOBS, regions=["*"])
    _reports(COMPLIANCE[0], framework_arns=[framework.arn])


@backup_reports_complete.fails
def of_backups_alone() -> None:
    _reports("BACKUP_JOB_REPORT", regions=["*"])


@backup_reports_complete.fails
def of_one_region() -> None:
    _reports(*JOBS)


@backup_reports_complete.fails
def of_no_framework() -> None:
    _reports(*JOBS, regions=["*"])
    _reports(COMPLIANCE[1])


# The types that a plan may take by their tags, under the names that AWS Backup has for them.
HELD_AS = {
    **TESTED_AS,
    "CloudFormation": ("aws:cloudformation/stack:Stack",),
    "DSQL": ("aws:dsql/cluster:Cluster",),
    "DocumentDB": ("aws:docdb/cluster:Cluster",),
    "EC2": ("aws:ec2/instance:Instance",),
    "EKS": ("aws:eks/cluster:Cluster",),
    "FSx": (
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "aws:fsx/ontapFileSystem:OntapFileSystem",
        "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
        "aws:fsx/windowsFileSystem:WindowsFileSystem",
    ),
    "Neptune": ("aws:neptune/cluster:Cluster",),
    "Redshift": ("aws:redshift/cluster:Cluster",),
    "Redshift Serverless": ("aws:redshiftserverless/namespace:Namespace",),
    "Storage Gateway": (
        "aws:storagegateway/cachesIscsiVolume:CachesIscsiVolume",
        "aws:storagegateway/storedIscsiVolume:StoredIscsiVolume",
    ),
    "Timestream": ("aws:timestreamwrite/table:Table",),
}
ALWAYS: list[str] = setting(
    ["Aurora", "DynamoDB", "EBS", "EC2", "EFS", "RDS", "S3"], "types that AWS Backup is let at whatever the stack holds"
)


@rule(
    on=(REGION_SETTINGS,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:OPTIN",),
    fix="set resourceTypeOptInPreference of the type to true",
)
def backup_types_opted_in(settings: Resource, graph: Graph, *, types: list[str] = ALWAYS) -> Iterator[Finding]:
    """Of a type that is opted out, a plan skips every store that it would select by its tag, and nobody is told."""

    def judge(kind: str) -> Iterator[Finding]:
        if (kind in types or _is_backed_up(kind, graph)) and (
            settings.get("resourceTypeOptInPreference", kind) is not True
        ):
            yield f"resourceTypeOptInPreference.{kind} is not true"

    yield from each(sorted({*types, *HELD_AS}), judge)
    # AWS Backup Developer Guide, "Advanced DynamoDB backup": without it no copy goes to another region.
    if _is_backed_up("DynamoDB", graph) and settings.get("resourceTypeManagementPreference", "DynamoDB") is not True:
        yield "resourceTypeManagementPreference.DynamoDB is not true, so that its backups are copied nowhere"


def _is_backed_up(kind: str, graph: Graph) -> bool:
    return any(store.tag("backup") in PACES for store in graph.of_type(*HELD_AS.get(kind, ())))


def _opted(**changes: bool) -> None:
    every = dict.fromkeys(("Aurora", "DynamoDB", "EBS", "EC2", "EFS", "RDS", "S3"), True)
    aws.backup.RegionSettings("all", resource_type_opt_in_preference={**every, **changes})


@backup_types_opted_in.passes
def every_type_in_use() -> None:
    _opted(Timestream=False)


@backup_types_opted_in.passes
def with_tables_that_are_copied() -> None:
    every = dict.fromkeys(("Aurora", "DynamoDB", "EBS", "EC2", "EFS", "RDS", "S3"), True)
    aws.backup.RegionSettings(
        "all", resource_type_opt_in_preference=every, resource_type_management_preference={"DynamoDB": True}
    )
    columns: Any = [{"name": "id", "type": "S"}]
    aws.dynamodb.Table("sessions", hash_key="id", attributes=columns, tags={"backup": "daily"})


@backup_types_opted_in.fails
def databases_left_out() -> None:
    _opted(Aurora=False)


@backup_types_opted_in.fails
def a_type_of_the_stack_left_out() -> None:
    _opted()
    aws.docdb.Cluster("documents", tags={"backup": "daily"})


@backup_types_opted_in.fails
def tables_without_copies() -> None:
    _opted()
    columns: Any = [{"name": "id", "type": "S"}]
    aws.dynamodb.Table("sessions", hash_key="id", attributes=columns, tags={"backup": "daily"})


@rule(
    on=(PLAN,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:OPTIN",),
    fix="add an aws.backup.RegionSettings in the region of the plan; it holds for one region",
)
def backup_plan_region_opted_in(plan: Resource, graph: Graph) -> Iterator[Finding]:
    """A plan selects by tag only what its own region lets AWS Backup at."""
    settings = graph.of_type(REGION_SETTINGS)
    if not settings:
        raise NotApplicable("another stack of the account says which types AWS Backup takes")
    if not any(item.named_region == plan.named_region for item in settings):
        yield "the stack says which types AWS Backup takes in another region, and not in the one of the plan"


def _planned(region: str) -> None:
    aws.backup.Plan("daily", rules=[{"rule_name": "daily", "target_vault_name": "daily"}])
    aws.backup.RegionSettings("all", resource_type_opt_in_preference={"EBS": True}, region=region)


@backup_plan_region_opted_in.passes
def where_the_plan_is() -> None:
    _planned("us-west-2")


@backup_plan_region_opted_in.fails
def where_it_is_not() -> None:
    _planned("us-west-1")
