"""Where resources live and how they are labelled: what every component of a stack shares.

Enters: the account, the regions, and who owns what kind of stack. Leaves: `Scope` and `CustomerData`, which make the
complete `tags` of each taggable resource, physical names and ARNs. Tags are written on each resource, not left to the
provider's default tags, because a policy pack judges inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BACKUP_KEY = "backup"
"""The key of the tag by which the backup plans select stores. Its value is a `BackupFrequency`."""


def retention_tag(days: int | None) -> dict[str, str]:
    """The tag by which a store says how long it, or the backup of it, keeps data: None is until somebody deletes it."""
    return {"retention-days": "until-deleted" if days is None else str(days)}


class BackupFrequency(StrEnum):
    """How often a store is backed up: hourly what has no continuous backup and may lose less than a day."""

    HOURLY = "hourly"
    DAILY = "daily"


def kept_by(means: str) -> dict[str, str]:
    """The backup tag of a store that no backup plan can select, and what it has instead."""
    return {BACKUP_KEY: means}


class Environment(StrEnum):
    """Environments differ in size, never in safety."""

    SANDBOX = "sandbox"
    STAGING = "staging"
    PRODUCTION = "production"


class Deployment(StrEnum):
    """GDPR: in the cloud the company is processor; a self-hosting customer is both processor and controller."""

    CLOUD = "cloud"
    SELF_HOSTED = "self-hosted"


class DataClass(StrEnum):
    """The four classes of the Data Classification policy, the least sensitive first."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


@dataclass(frozen=True)
class Scope:
    """The place of a stack's resources, and what their tags say of it."""

    stack: str
    account: str
    region: str
    recovery_region: str
    owner: str
    environment: Environment
    deployment: Deployment

    @property
    def prefix(self) -> str:
        """The start of the physical names that AWS, or a policy document, needs to know beforehand."""
        return f"hedgerow-{self.stack}"

    @property
    def disposable(self) -> bool:
        """Whether `destroy` may take everything away: in the sandbox only, where nothing is worth keeping.

        The one difference that is not size. It turns off what exists to refuse deletion, and nothing else: `protect`
        and AWS's deletion protection; buckets and vaults may be destroyed with what is in them, and the database
        without a last snapshot; and the locks on audit logs and backups are in governance mode, which an administrator
        can lift, instead of compliance mode, which nobody can. Retention is the same everywhere, until `destroy`.
        """
        return self.environment is Environment.SANDBOX

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        """The ARN of a resource whose name is known before AWS creates it."""
        return f"arn:aws:{service}:{region or self.region}:{self.account}:{resource}"

    def log_group(self, name: str) -> str:
        """The path of one of the stack's own log groups."""
        return f"/hedgerow/{self.stack}/{name}"

    def tags(self, service: str, data_class: DataClass, **more: str) -> dict[str, str]:
        """The tags of a resource of `service` that holds, or could reveal, data of `data_class`.

        Asset Management: owner, environment and service. Data Classification: the class.
        """
        return {
            "owner": self.owner,
            "environment": self.environment.value,
            "deployment": self.deployment.value,
            "service": service,
            "data-class": data_class.value,
            **more,
        }


@dataclass(frozen=True)
class CustomerData:
    """What is true of all customer data in a stack, and the tags that say so on each of its stores."""

    scope: Scope
    data_class: DataClass
    transfer_basis: str
    dpa_register: str
    holds_phi: bool

    @property
    def gdpr_role(self) -> dict[str, str]:
        """The tag that every store of customer data has, and nothing else."""
        processor = self.scope.deployment is Deployment.CLOUD
        return {"gdpr-role": "processor" if processor else "controller-and-processor"}

    @property
    def papers(self) -> dict[str, str]:
        """GDPR: the company's role, the basis of the transfer, and where the agreement is."""
        return {**self.gdpr_role, "transfer-basis": self.transfer_basis, "dpa-register": self.dpa_register}

    def tags(self, service: str, backup: BackupFrequency = BackupFrequency.DAILY) -> dict[str, str]:
        """The tags of a store of customer data."""
        phi = {"phi": "true"} if self.holds_phi else {}
        return self.scope.tags(service, self.data_class, **{BACKUP_KEY: backup.value}, **self.papers, **phi)
