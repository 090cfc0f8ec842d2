"""Backup, proven: AWS Backup takes every type of store, audits itself against the promise and reports daily.

Enters: what must be backed up and how, and where reports go. Leaves: `BackupAudit` and its `reports`, an archive that
nobody deletes from; `report_role`, the role that writes there.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import backup, iam

from infrastructure.archives import ArchiveArgs, archive
from infrastructure.buckets import PrivateBucket
from infrastructure.documents import Statement
from infrastructure.key_statements import report_role_arn
from infrastructure.promises import AUDIT_DAYS
from infrastructure.scope import CustomerData, DataClass, Scope

SERVICE = "backup-audit"

RESOURCE_TYPES = (
    "Aurora",
    "CloudFormation",
    "DSQL",
    "DocumentDB",
    "DynamoDB",
    "EBS",
    "EC2",
    "EFS",
    "EKS",
    "FSx",
    "Neptune",
    "RDS",
    "Redshift",
    "Redshift Serverless",
    "S3",
    "SAP HANA on Amazon EC2",
    "Storage Gateway",
    "Timestream",
    "VirtualMachine",
)
"""All that AWS Backup knows: a type that is opted out is silently skipped, whatever its tags say."""

MANAGED_TYPES = ("CloudFormation", "DSQL", "DynamoDB", "EFS")
"""Of these, AWS Backup's own features have to be opted in: their backups have the vault's key, and their own ARNs."""

REPORTS = {
    "backup-jobs": "BACKUP_JOB_REPORT",
    "copy-jobs": "COPY_JOB_REPORT",
    "restore-jobs": "RESTORE_JOB_REPORT",
    "controls": "CONTROL_COMPLIANCE_REPORT",
    "resources": "RESOURCE_COMPLIANCE_REPORT",
}


@dataclass(frozen=True)
class BackupAuditArgs:
    """`restore_hours` is the longest that a restore may take, of any store; `history` records what is audited."""

    customer_data: CustomerData
    logs_key_arn: pulumi.Output[str]
    access_logs: PrivateBucket
    history: pulumi.Resource
    backup_days: int
    restore_hours: int
    retention_days: int

    def __post_init__(self) -> None:
        AUDIT_DAYS.require("backup reports retention_days", self.retention_days)


def report_role(scope: Scope) -> iam.ServiceLinkedRole:
    """The role that AWS Backup writes its reports with; the key of the reports names it."""
    return iam.ServiceLinkedRole(
        "backup-report-role",
        aws_service_name="reports.backup.amazonaws.com",
        tags=scope.tags(SERVICE, DataClass.CONFIDENTIAL),
    )


class BackupAudit(pulumi.ComponentResource):
    """Opt-ins and a framework in each region, and reports on both."""

    def __init__(self, name: str, args: BackupAuditArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:backup:BackupAudit", name, {}, opts)
        self._args = args
        self._scope = args.customer_data.scope
        self._tags = self._scope.tags(SERVICE, DataClass.CONFIDENTIAL)
        self._child = pulumi.ResourceOptions(parent=self)
        self._opt_in(name, region=None)
        self._opt_in(f"{name}-recovery", self._scope.recovery_region)
        framework = self._create_framework(f"{name}-framework", (*self._of_backups(), *self._of_stores()), region=None)
        self._create_framework(f"{name}-recovery-framework", self._of_backups(), self._scope.recovery_region)
        self.reports = self._create_bucket(f"{name}-reports")
        for report, template in REPORTS.items():
            self._create_report(f"{name}-{report}", report, template, framework)
        self.register_outputs({"reports": self.reports.name})

    def _opt_in(self, name: str, region: str | None) -> None:
        backup.RegionSettings(
            f"{name}-settings",
            resource_type_opt_in_preference=dict.fromkeys(RESOURCE_TYPES, True),
            resource_type_management_preference=dict.fromkeys(MANAGED_TYPES, True),
            region=region,
            opts=self._child,
        )

    def _of_backups(self) -> tuple[backup.FrameworkControlArgsDict, ...]:
        """What holds for every recovery point. Source: "AWS Backup Audit Manager controls" in its developer guide."""
        return (
            _control("BACKUP_RECOVERY_POINT_ENCRYPTED"),
            _control("BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED"),
            _control("BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK", requiredRetentionDays=self._args.backup_days),
        )

    def _of_stores(self) -> tuple[backup.FrameworkControlArgsDict, ...]:
        """What holds for every store of customer data, which is known by its tag, and for the plans."""
        days = self._args.backup_days
        return (
            _control(
                "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK",
                requiredFrequencyUnit="days",
                requiredFrequencyValue=1,
                requiredRetentionDays=days,
            ),
            self._for_customer_data("BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN"),
            self._for_customer_data(
                "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK", maxRetentionDays=days, minRetentionDays=days
            ),
            self._for_customer_data(
                "BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION", crossRegionList=self._scope.recovery_region
            ),
            self._for_customer_data(
                "BACKUP_LAST_RECOVERY_POINT_CREATED", recoveryPointAgeUnit="days", recoveryPointAgeValue=1
            ),
            self._for_customer_data(
                "RESTORE_TIME_FOR_RESOURCES_MEET_TARGET", maxRestoreTime=60 * self._args.restore_hours
            ),
        )

    def _for_customer_data(self, name: str, **parameters: str | int) -> backup.FrameworkControlArgsDict:
        return {**_control(name, **parameters), "scope": {"tags": self._args.customer_data.gdpr_role}}

    def _create_framework(
        self, name: str, controls: tuple[backup.FrameworkControlArgsDict, ...], region: str | None
    ) -> backup.Framework:
        return backup.Framework(
            name,
            name=f"{self._scope.prefix}_backups".replace("-", "_"),
            description="What is promised of backups",
            controls=list(controls),
            region=region,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._args.history]),
        )

    def _create_bucket(self, name: str) -> PrivateBucket:
        args = self._args
        return archive(
            name,
            ArchiveArgs(
                scope=self._scope,
                tags=self._tags,
                key_arn=args.logs_key_arn,
                access_logs=args.access_logs,
                retention_days=args.retention_days,
                writers=self._report_statements,
            ),
            self._child,
        )

    def _report_statements(self, arn: pulumi.Output[str]) -> list[Statement]:
        """AWS Backup writes. Source: "Creating report plans" in its developer guide."""
        return [
            {
                "Sid": "BackupWritesReports",
                "Effect": "Allow",
                "Principal": {"AWS": report_role_arn(self._scope)},
                "Action": "s3:PutObject",
                "Resource": pulumi.Output.concat(arn, "/*"),
                "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            },
        ]

    def _create_report(self, name: str, report: str, template: str, framework: backup.Framework) -> None:
        of_jobs = report.endswith("jobs")
        setting: backup.ReportPlanReportSettingArgsDict = {"report_template": template}
        if of_jobs:
            setting["regions"] = [self._scope.region, self._scope.recovery_region]
        else:
            setting["framework_arns"] = [framework.arn]
        backup.ReportPlan(
            name,
            name=f"{self._scope.prefix}_{report}".replace("-", "_"),
            report_setting=setting,
            report_delivery_channel={
                "s3_bucket_name": self.reports.name,
                "s3_key_prefix": report,
                "formats": ["CSV", "JSON"],
            },
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.reports]),
        )


def _control(name: str, **parameters: str | int) -> backup.FrameworkControlArgsDict:
    return {
        "name": name,
        "input_parameters": [{"name": key, "value": str(value)} for key, value in parameters.items()],
    }
