"""Backup: hourly, daily, monthly and continuous, locked, and copied to the second US-West region under its key.

Enters: the keys and alarm topics of both regions and the retention. Leaves: `Backup`, whose plans select every store by
the frequency in its `BACKUP_KEY`. How retention and erasure add up is said at `promises.ERASURE_WINDOW_DAYS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import backup, iam

from infrastructure.alarms import AlarmTopic
from infrastructure.documents import document, trust
from infrastructure.promises import BACKUP_DAYS
from infrastructure.scope import BACKUP_KEY, BackupFrequency, DataClass, Scope, retention_tag

SERVICE = "backup"
GRACE_DAYS = 3
"""Until a compliance lock can no longer be lifted; AWS Backup's least (PutBackupVaultLockConfiguration)."""

MANAGED_POLICIES = {
    "stores": "service-role/AWSBackupServiceRolePolicyForBackup",
    "buckets": "AWSBackupServiceRolePolicyForS3Backup",
}
"""AWS keeps these in step with what AWS Backup does. They back up; neither restores nor deletes a store."""

SCHEDULES = {
    "hourly": "cron(30 * * * ? *)",
    "daily": "cron(0 5 * * ? *)",
    "monthly": "cron(0 2 1 * ? *)",
}
"""The daily one also backs up continuously what can be. A month later there is always a monthly one that is no part of
the continuous chain: it is kept 35 days, as erasure allows no backup to be kept longer."""

PLANS = {
    BackupFrequency.HOURLY: ("hourly", "daily", "monthly"),
    BackupFrequency.DAILY: ("daily", "monthly"),
}
TOLD = (
    "BACKUP_JOB_EXPIRED",
    "BACKUP_JOB_FAILED",
    "COPY_JOB_FAILED",
    "RESTORE_JOB_COMPLETED",
    "S3_BACKUP_OBJECT_FAILED",
    "S3_RESTORE_OBJECT_FAILED",
)
"""What of a vault people hear of. Events of S3 objects reach nobody by another way."""


@dataclass(frozen=True)
class BackupArgs:
    """`data_class` is the highest class of what is backed up."""

    scope: Scope
    data_class: DataClass
    key_arn: pulumi.Output[str]
    recovery_key_arn: pulumi.Output[str]
    alarms: AlarmTopic
    recovery_alarms: AlarmTopic
    retention_days: int

    def __post_init__(self) -> None:
        BACKUP_DAYS.require("backup retention_days", self.retention_days)


class Backup(pulumi.ComponentResource):
    """A vault in each region, the plans that fill both, and the selections of stores."""

    def __init__(self, name: str, args: BackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:backup:Backup", name, {}, opts)
        self._args = args
        self._tags = args.scope.tags(SERVICE, args.data_class)
        self.vault = self._create_vault(f"{name}-vault", args.key_arn, args.alarms)
        self.recovery_vault = self._create_vault(f"{name}-recovery-vault", args.recovery_key_arn, args.recovery_alarms)
        self.plans = {frequency: self._create_plan(f"{name}-{frequency}", PLANS[frequency]) for frequency in PLANS}
        self._select_stores(name)
        self.register_outputs({"plans": {frequency.value: plan.name for frequency, plan in self.plans.items()}})

    def _create_vault(self, name: str, key_arn: pulumi.Output[str], alarms: AlarmTopic) -> backup.Vault:
        args = self._args
        region = alarms.region
        vault = backup.Vault(
            name,
            kms_key_arn=key_arn,
            force_destroy=args.scope.disposable,
            region=region,
            tags=self._tags | retention_tag(args.retention_days),
            opts=pulumi.ResourceOptions(parent=self, protect=not args.scope.disposable),
        )
        backup.VaultLockConfiguration(
            f"{name}-lock",
            backup_vault_name=vault.name,
            min_retention_days=args.retention_days,
            max_retention_days=args.retention_days,
            changeable_for_days=None if args.scope.disposable else GRACE_DAYS,
            region=region,
            opts=pulumi.ResourceOptions(parent=self, protect=not args.scope.disposable),
        )
        backup.VaultPolicy(
            f"{name}-policy",
            backup_vault_name=vault.name,
            policy=self._vault_policy(),
            region=region,
            # The policy denies putting a policy, so a new one takes the deletion of the old one first.
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["policy"], delete_before_replace=True),
        )
        backup.VaultNotifications(
            f"{name}-notifications",
            backup_vault_name=vault.name,
            sns_topic_arn=alarms.arn,
            backup_vault_events=list(TOLD),
            region=region,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[alarms]),
        )
        return vault

    def _vault_policy(self) -> pulumi.Output[str]:
        scope = self._args.scope
        vaults = [scope.arn("backup", "backup-vault:*", region) for region in (scope.region, scope.recovery_region)]
        deny = {"Effect": "Deny", "Principal": "*", "Resource": "*"}
        return document(
            {
                **deny,
                "Sid": "NobodyDeletesOrShortens",
                "Action": [
                    "backup:DeleteBackupVault",
                    "backup:DeleteRecoveryPoint",
                    "backup:PutBackupVaultAccessPolicy",
                    "backup:UpdateRecoveryPointLifecycle",
                ],
            },
            {
                **deny,
                "Sid": "CopiesStayInTheAccountAndInUsWest",
                "Action": "backup:CopyFromBackupVault",
                "Condition": {"ForAnyValue:ArnNotLike": {"backup:CopyTargets": vaults}},
            },
        )

    def _create_plan(self, name: str, rules: tuple[str, ...]) -> backup.Plan:
        return backup.Plan(
            f"{name}-plan",
            rules=[self._rule(rule) for rule in rules],
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _rule(self, rule: str) -> backup.PlanRuleArgsDict:
        args = self._args
        lifecycle: backup.PlanRuleLifecycleArgsDict = {"delete_after": args.retention_days}
        recovery_vaults = args.scope.arn("backup", "backup-vault:", args.scope.recovery_region)
        item: backup.PlanRuleArgsDict = {
            "rule_name": rule,
            "target_vault_name": self.vault.name,
            "schedule": SCHEDULES[rule],
            "start_window": 60,
            "completion_window": 600,
            "lifecycle": lifecycle,
            "recovery_point_tags": self._tags,
            "copy_actions": [
                {
                    "destination_vault_arn": pulumi.Output.concat(recovery_vaults, self.recovery_vault.name),
                    "lifecycle": lifecycle,
                }
            ],
        }
        if rule == "daily":
            item["enable_continuous_backup"] = True
        return item

    def _select_stores(self, name: str) -> None:
        """Whatever carries the tag, so that a store is covered from its first day. AWS Backup sends no source."""
        role = iam.Role(
            f"{name}-role",
            description="AWS Backup reads the stores that the plans select",
            assume_role_policy=trust("backup.amazonaws.com"),
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        permissions = [
            iam.RolePolicyAttachment(
                f"{name}-role-{what}",
                role=role.name,
                policy_arn=f"arn:aws:iam::aws:policy/{policy}",
                opts=pulumi.ResourceOptions(parent=role),
            )
            for what, policy in MANAGED_POLICIES.items()
        ]
        for frequency, plan in self.plans.items():
            backup.Selection(
                f"{name}-{frequency}-selection",
                plan_id=plan.id,
                iam_role_arn=role.arn,
                selection_tags=[{"type": "STRINGEQUALS", "key": BACKUP_KEY, "value": frequency.value}],
                opts=pulumi.ResourceOptions(parent=self, depends_on=permissions),
            )
