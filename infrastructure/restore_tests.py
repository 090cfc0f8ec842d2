"""Disaster Recovery Plan: backups are restored every month, in both regions, before anybody needs them.

Enters: the network that restored stores are put into and their keys. Leaves: `RestoreTests`. AWS Backup restores the
latest recovery point of every store, tells how long it took, and deletes what it restored after the validation.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import backup, ec2, iam, rds

from infrastructure.documents import trust
from infrastructure.network import Network
from infrastructure.scope import DataClass, Scope

SERVICE = "restore-tests"
SCHEDULES = ("cron(0 8 2 * ? *)", "cron(0 8 3 * ? *)")
"""Monthly, oftener than the quarter that is promised: at home the day after the monthly backup, then the copies."""

WINDOW_DAYS = 30
"""The age of the oldest recovery point that is tried, and AWS Backup's own default."""

START_WINDOW_HOURS = 8
VALIDATION_HOURS = 8
"""Proposed: a working day to look at what was restored."""

MANAGED_POLICIES = {
    "stores": "service-role/AWSBackupServiceRolePolicyForRestores",
    "buckets": "AWSBackupServiceRolePolicyForS3Restore",
}


@dataclass(frozen=True)
class RestoreTestsArgs:
    """The keys are those that restored stores are under."""

    scope: Scope
    data_class: DataClass
    network: Network
    data_key_arn: pulumi.Output[str]
    volume_key_arn: pulumi.Output[str]
    recovery_key_arn: pulumi.Output[str]


class RestoreTests(pulumi.ComponentResource):
    """A plan in each region, with a selection for each type of store."""

    def __init__(self, name: str, args: RestoreTestsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:backup:RestoreTests", name, {}, opts)
        self._args = args
        self._tags = args.scope.tags(SERVICE, args.data_class)
        role, permissions = self._create_role(f"{name}-role")
        at_home, copies = SCHEDULES
        plan = self._create_plan(f"{name}-plan", at_home, region=None)
        recovery_plan = self._create_plan(f"{name}-recovery-plan", copies, args.scope.recovery_region)
        for tested, region, overrides in (
            (plan, None, self._overrides(name)),
            (recovery_plan, args.scope.recovery_region, self._recovery_overrides()),
        ):
            for resource_type, override in overrides.items():
                backup.RestoreTestingSelection(
                    f"{name}-{'recovery-' if region else ''}{resource_type.lower()}",
                    name=resource_type.lower(),
                    restore_testing_plan_name=tested.name,
                    protected_resource_type=resource_type,
                    protected_resource_arns=["*"],
                    restore_metadata_overrides=override,
                    validation_window_hours=VALIDATION_HOURS,
                    iam_role_arn=role.arn,
                    region=region,
                    opts=pulumi.ResourceOptions(parent=tested, depends_on=permissions),
                )
        self.register_outputs({})

    def _overrides(self, name: str) -> dict[str, dict[str, pulumi.Input[str]]]:
        """By type of store, what AWS Backup would otherwise take from the account's defaults.

        Source: "Restore testing inferred metadata" in the AWS Backup developer guide.
        """
        args = self._args
        subnets, group = self._create_isolation(name)
        return {
            "Aurora": {
                "dbSubnetGroupName": subnets.name,
                "kmsKeyId": args.data_key_arn,
                "vpcSecurityGroupIds": pulumi.Output.json_dumps([group.id]),
            },
            "EBS": {"kmsKeyId": args.volume_key_arn},
            "S3": {"encryptionType": "SSE-KMS", "kmsKey": args.data_key_arn},
        }

    def _create_isolation(self, name: str) -> tuple[rds.SubnetGroup, ec2.SecurityGroup]:
        """Where databases are restored: in isolated subnets, with a security group that lets nothing in or out."""
        network = self._args.network
        tags = self._args.scope.tags(SERVICE, DataClass.INTERNAL)
        subnets = rds.SubnetGroup(
            name,
            description="Isolated subnets, for restore tests",
            subnet_ids=[subnet.id for subnet in network.subnets["isolated"]],
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        group = ec2.SecurityGroup(
            name,
            description="Databases restored to test their backups; closed",
            vpc_id=network.vpc.id,
            tags=tags | {"Name": name},
            opts=pulumi.ResourceOptions(parent=self),
        )
        return subnets, group

    def _recovery_overrides(self) -> dict[str, dict[str, pulumi.Input[str]]]:
        """Where there is no network until there is a recovery, so that no database can be restored."""
        key = self._args.recovery_key_arn
        return {"EBS": {"kmsKeyId": key}, "S3": {"encryptionType": "SSE-KMS", "kmsKey": key}}

    def _create_plan(self, name: str, schedule: str, region: str | None) -> backup.RestoreTestingPlan:
        return backup.RestoreTestingPlan(
            name,
            name=f"{self._args.scope.prefix}_restores".replace("-", "_"),
            schedule_expression=schedule,
            start_window_hours=START_WINDOW_HOURS,
            recovery_point_selection={
                "algorithm": "LATEST_WITHIN_WINDOW",
                "include_vaults": ["*"],
                "recovery_point_types": ["CONTINUOUS", "SNAPSHOT"],
                "selection_window_days": WINDOW_DAYS,
            },
            region=region,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _create_role(self, name: str) -> tuple[iam.Role, list[iam.RolePolicyAttachment]]:
        """Apart from the role that backs up: what reads every store writes none. AWS Backup sends no source."""
        role = iam.Role(
            name,
            description="AWS Backup restores stores to test their backups",
            assume_role_policy=trust("backup.amazonaws.com"),
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return role, [
            iam.RolePolicyAttachment(
                f"{name}-{what}",
                role=role.name,
                policy_arn=f"arn:aws:iam::aws:policy/{policy}",
                opts=pulumi.ResourceOptions(parent=role),
            )
            for what, policy in MANAGED_POLICIES.items()
        ]
