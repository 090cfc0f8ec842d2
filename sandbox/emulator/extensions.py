"""What moto lacks, or does not do as AWS documents it, put into its services before the first AWS request.

To add something, write a module in this folder with one function `install() -> None` and name it in EXTENSIONS, like
"sandbox.emulator.backup". moto finds the method that answers an operation by the operation's name in snake case on the
service's response class; a path that no pattern of the service covers is added to its `url_paths`. For example:

    from moto.backup import urls
    from moto.backup.models import BackupBackend
    from moto.backup.responses import BackupResponse
    from moto.core.responses import ActionResult
    from sandbox.emulator.extensions import put

    def put_backup_vault_access_policy(self: BackupResponse) -> ActionResult:
        vault = self.backup_backend.vaults[self._get_param("backupVaultName")]  # by botocore's `locationName`
        vault.access_policy = self._get_param("Policy")
        return ActionResult({})                                                 # serialised by botocore's model

    def install() -> None:
        put(BackupResponse, put_backup_vault_access_policy)
        urls.url_paths["{0}/backup-vaults/(?P<name>[^/]+)/access-policy$"] = urls.response.dispatch

State belongs on moto's backend objects (`self.backup_backend`): they exist once for each account and region, and end
with the emulator. Raise moto's own exceptions of the service; they reach the client as AWS would say them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

EXTENSIONS: tuple[str, ...] = (
    "sandbox.emulator.accessanalyzer",
    "sandbox.emulator.account",
    "sandbox.emulator.athena",
    "sandbox.emulator.awslambda",
    "sandbox.emulator.acm",
    "sandbox.emulator.backup",
    "sandbox.emulator.backup_audit",
    "sandbox.emulator.cloudtrail",
    "sandbox.emulator.ec2",
    "sandbox.emulator.eks",
    "sandbox.emulator.elbv2",
    "sandbox.emulator.elasticache",
    "sandbox.emulator.guardduty",
    "sandbox.emulator.kafka",
    "sandbox.emulator.kms",
    "sandbox.emulator.logs",
    "sandbox.emulator.macie2",
    "sandbox.emulator.rds",
    "sandbox.emulator.resourceexplorer",
    "sandbox.emulator.route53",
    "sandbox.emulator.route53resolver",
    "sandbox.emulator.s3",
    "sandbox.emulator.secretsmanager",
    "sandbox.emulator.securityhub",
    "sandbox.emulator.ssm",
    "sandbox.emulator.vpc_encryption",
)


def install(names: Iterable[str] = EXTENSIONS) -> None:
    """Import each named module and let it add its operations."""
    for name in names:
        import_module(name).install()


def put(kind: type, *methods: Callable[..., Any]) -> None:
    """Make each function a method of one of moto's classes, under the function's name."""
    for method in methods:
        setattr(kind, method.__name__, method)
