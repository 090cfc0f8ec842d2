"""AWS Backup as documented, where moto has it not: selections, vault access policies, changes of a plan."""

from __future__ import annotations

import json
from typing import Any

from moto.backup import urls
from moto.backup.exceptions import (
    InvalidParameterValueException,
    InvalidRequestException,
    ResourceNotFoundException,
)
from moto.backup.models import BackupBackend, Plan
from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from sandbox.emulator.extensions import put

_delete_vault = BackupBackend.delete_backup_vault


def install() -> None:
    """Add the operations to moto's."""
    put(
        BackupResponse,
        create_backup_selection,
        get_backup_selection,
        list_backup_selections,
        delete_backup_selection,
        put_backup_vault_access_policy,
        get_backup_vault_access_policy,
        delete_backup_vault_access_policy,
        update_backup_plan,
        delete_backup_plan,
        describe_backup_vault,
    )
    put(BackupBackend, delete_backup_vault)
    urls.url_paths["{0}/backup-vaults/(?P<name>[^/]+)/access-policy$"] = urls.response.dispatch


def _plan(response: BackupResponse) -> Plan:
    return response.backup_backend.get_backup_plan(_param(response, "backupPlanId"), None)


def _selections(plan: Plan) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = vars(plan).setdefault("selections", {})
    return found


def _selection(response: BackupResponse) -> dict[str, Any]:
    try:
        return _selections(_plan(response))[_param(response, "selectionId")]
    except KeyError:
        raise ResourceNotFoundException("Cannot find the backup selection in this backup plan") from None


def _vault(response: BackupResponse) -> Any:
    """moto's vault; its policy is an attribute that moto doesn't know."""
    return response.backup_backend.describe_backup_vault(_param(response, "backupVaultName"))


def _param(response: BackupResponse, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - how moto's responses read a request


def create_backup_selection(self: BackupResponse) -> ActionResult:
    """To a plan that isn't there, "invalid parameter": the operation knows no "not found"."""
    try:
        plan = _plan(self)
    except ResourceNotFoundException:
        raise InvalidParameterValueException("Cannot find the backup plan with this id") from None
    key = str(mock_random.uuid4())
    created = {"SelectionId": key, "BackupPlanId": plan.backup_plan_id, "CreationDate": utcnow()}
    about = {"BackupSelection": _param(self, "BackupSelection"), "CreatorRequestId": _param(self, "CreatorRequestId")}
    _selections(plan)[key] = created | about
    return ActionResult(created)


def get_backup_selection(self: BackupResponse) -> ActionResult:
    return ActionResult(_selection(self))


def list_backup_selections(self: BackupResponse) -> ActionResult:
    listed = [{**selection, **selection["BackupSelection"]} for selection in _selections(_plan(self)).values()]
    return ActionResult({"BackupSelectionsList": listed})


def delete_backup_selection(self: BackupResponse) -> EmptyResult:
    del _selections(_plan(self))[_selection(self)["SelectionId"]]
    return EmptyResult()


def describe_backup_vault(self: BackupResponse) -> ActionResult:
    """moto keeps the count of recovery points under a name of its own."""
    vault = _vault(self)
    return ActionResult({**vault.to_list_dict(), "NumberOfRecoveryPoints": vault.num_of_recovery_points})


def put_backup_vault_access_policy(self: BackupResponse) -> EmptyResult:
    _vault(self).access_policy = _param(self, "Policy")
    return EmptyResult()


def get_backup_vault_access_policy(self: BackupResponse) -> ActionResult:
    vault = _vault(self)
    policy = getattr(vault, "access_policy", None)
    if policy is None:
        raise ResourceNotFoundException(f"Backup vault {vault.backup_vault_name} has no policy")
    return ActionResult({**vault.to_dict(), "Policy": policy})


def delete_backup_vault_access_policy(self: BackupResponse) -> EmptyResult:
    _vault(self).access_policy = None
    return EmptyResult()


def update_backup_plan(self: BackupResponse) -> str:
    """A new version of the plan."""
    plan = _plan(self)
    new = Plan(_param(self, "BackupPlan"), plan.creator_request_id, self.backup_backend)
    plan.backup_plan, plan.version_id = new.backup_plan, new.version_id
    plan.advanced_backup_settings = new.advanced_backup_settings
    return json.dumps(plan.to_dict())


def delete_backup_plan(self: BackupResponse) -> ActionResult:
    """ "A backup plan can only be deleted after all associated selections of resources have been deleted." """
    plan = _plan(self)
    if _selections(plan):
        raise InvalidRequestException("Delete the selections of the backup plan before the plan")
    backend = self.backup_backend
    del backend.plans[plan.backup_plan_id]
    backend.tagger.delete_all_tags_for_resource(plan.backup_plan_arn)
    return ActionResult(
        {
            "BackupPlanId": plan.backup_plan_id,
            "BackupPlanArn": plan.backup_plan_arn,
            "DeletionDate": utcnow(),
            "VersionId": plan.version_id,
        }
    )


def delete_backup_vault(self: BackupBackend, backup_vault_name: str) -> None:
    """moto keeps the tags of a deleted vault, and gives them to the next of that name."""
    if vault := self.vaults.get(backup_vault_name):
        self.tagger.delete_all_tags_for_resource(vault.backup_vault_arn)
    _delete_vault(self, backup_vault_name)
