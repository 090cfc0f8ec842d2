"""Encryption: one customer-managed key for each data domain, and in the recovery region those that recovery takes.

Enters: the scope, and what the logs key serves. Leaves: `DomainKeys`, whose fields are the keys, and `create_key` for a
domain of its own. `key_statements` says who may do what with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import iam, kms

from infrastructure.documents import Statement, document
from infrastructure.key_statements import (
    AUTO_SCALING,
    administration,
    alarm_statements,
    cluster_statement,
    config_statement,
    edge_statement,
    launch_statements,
    log_statements,
    report_statement,
    session_statement,
    use_through_services,
)
from infrastructure.scope import DataClass, Scope

SERVICE = "keys"

DELETION_WINDOW_DAYS = 30
"""The most that AWS KMS allows: ScheduleKeyDeletion, PendingWindowInDays 7 to 30."""

ROTATION_PERIOD_DAYS = 365
"""Encryption: keys rotated at least yearly."""

SESSIONS = "sessions"


def alias(scope: Scope, domain: str) -> str:
    """The alias of a domain's key, by which a policy can mean the key before AWS has made its id."""
    return f"alias/{scope.prefix}-{domain}"


@dataclass(frozen=True)
class DomainKeysArgs:
    """`log_groups` are name patterns; `trail` and the topics are ARNs: what may encrypt under the logs keys.

    `report_role` writes AWS Backup's reports. A key's policy can name a role only once it is there.
    """

    scope: Scope
    customer_data_class: DataClass
    trail: str
    alarm_topic: str
    recovery_alarm_topic: str
    log_groups: tuple[str, ...]
    report_role: iam.ServiceLinkedRole


@dataclass(frozen=True)
class Domain:
    """`via` are the services, of the key's region, through which the account's own may use the key, if at all."""

    name: str
    purpose: str
    data_class: DataClass
    via: tuple[str, ...] = ()
    also: tuple[Statement, ...] = ()
    region: str | None = None
    """Set where it is not the provider's."""

    after: tuple[pulumi.Resource, ...] = ()
    """What `also` names: KMS takes no policy that names a role before there is one."""


class DomainKeys(pulumi.ComponentResource):
    """The keys of a stack. Every one rotates yearly and waits 30 days before it is deleted."""

    def __init__(self, name: str, args: DomainKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:keys:DomainKeys", name, {}, opts)
        scope, customer = args.scope, args.customer_data_class
        self.customer_data = self._create_key(
            scope,
            Domain(
                "customer-data", "Stores of customer data", customer, via=("s3", "rds", "ec2", "elasticache", "kafka")
            ),
        )
        self.assets = self._create_key(
            scope,
            Domain("assets", "Static assets", DataClass.PUBLIC, via=("s3",), also=(edge_statement(scope),)),
        )
        self.logs = self._create_key(
            scope,
            Domain(
                "logs",
                "Audit trail, log groups, alarms, configuration history and backup reports",
                DataClass.CONFIDENTIAL,
                via=("s3",),
                also=(
                    *log_statements(scope, args.trail, args.log_groups),
                    *alarm_statements(scope, args.alarm_topic),
                    config_statement(scope),
                    report_statement(scope),
                ),
                after=(args.report_role,),
            ),
        )
        self.secrets = self._create_key(
            scope,
            Domain(
                "secrets",
                "Credentials in Secrets Manager and in the cluster",
                DataClass.RESTRICTED,
                via=("secretsmanager", "rds"),
                also=(cluster_statement(scope),),
            ),
        )
        self.backups = self._create_key(
            scope, Domain("backups", "Backups in the home region", customer, via=("backup", "rds", "s3"))
        )
        self.recovery = self._create_key(
            scope,
            Domain(
                "recovery",
                "Copies of backups, and what is restored from them",
                customer,
                via=("backup", "ec2", "rds", "s3"),
                region=scope.recovery_region,
            ),
        )
        self.recovery_alarms = self._create_key(
            scope,
            Domain(
                "recovery-alarms",
                "Alarms of the recovery region",
                DataClass.CONFIDENTIAL,
                also=alarm_statements(scope, args.recovery_alarm_topic),
                region=scope.recovery_region,
            ),
        )
        self.sessions = self._create_key(
            scope,
            Domain(
                SESSIONS,
                "Sessions on instances, between both ends",
                DataClass.RESTRICTED,
                also=(session_statement(scope),),
            ),
        )
        self.images = self._create_key(
            scope, Domain("images", "Images in the registry", DataClass.INTERNAL, via=("ecr",))
        )
        launcher = iam.ServiceLinkedRole(
            "autoscaling-role",
            aws_service_name=AUTO_SCALING,
            tags=scope.tags(SERVICE, DataClass.INTERNAL),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.volumes = self._create_key(
            scope,
            Domain(
                "volumes",
                "Volumes of instances, by default",
                customer,
                via=("ec2",),
                also=launch_statements(scope),
                after=(launcher,),
            ),
        )
        self.recovery_volumes = self._create_key(
            scope,
            Domain(
                "recovery-volumes",
                "Volumes of instances in the recovery region",
                customer,
                via=("ec2",),
                region=scope.recovery_region,
            ),
        )
        self.recovery_secrets = self._create_key(
            scope,
            Domain(
                "recovery-secrets",
                "Copies of secrets",
                DataClass.RESTRICTED,
                via=("secretsmanager",),
                region=scope.recovery_region,
            ),
        )
        self.evidence = self._create_key(
            scope,
            Domain("evidence", "Evidence, and the catalogue of it", DataClass.CONFIDENTIAL, via=("s3", "glue")),
        )
        self.register_outputs({})

    def _create_key(self, scope: Scope, domain: Domain) -> kms.Key:
        return create_key(scope, domain, self)


def create_key(scope: Scope, domain: Domain, parent: pulumi.Resource | None = None) -> kms.Key:
    """A domain's key, with an alias that is known beforehand."""
    key = kms.Key(
        f"{domain.name}-key",
        description=f"{domain.purpose} ({scope.stack})",
        policy=document(administration(scope), *use_through_services(scope, domain.via, domain.region), *domain.also),
        enable_key_rotation=True,
        rotation_period_in_days=ROTATION_PERIOD_DAYS,
        deletion_window_in_days=DELETION_WINDOW_DAYS,
        region=domain.region,
        tags=scope.tags(SERVICE, domain.data_class),
        opts=pulumi.ResourceOptions(parent=parent, protect=not scope.disposable, depends_on=[*domain.after]),
    )
    kms.Alias(
        f"{domain.name}-key-alias",
        name=alias(scope, domain.name),
        target_key_id=key.key_id,
        region=domain.region,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return key
