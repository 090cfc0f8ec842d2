"""AWS Backup's proofs, which moto has not: who is told, frameworks, changes of reports, restore tests, opt-ins."""

from __future__ import annotations

from typing import Any

from moto.backup import urls
from moto.backup.exceptions import AlreadyExistsException, InvalidRequestException, ResourceNotFoundException
from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from sandbox.emulator.extensions import put

_create_report_plan = BackupResponse.create_report_plan
_delete_report_plan = BackupResponse.delete_report_plan

_PATHS = (
    "/backup-vaults/(?P<name>[^/]+)/notification-configuration$",
    "/audit/frameworks$",
    "/audit/frameworks/(?P<name>[^/]+)$",
    "/restore-testing/plans$",
    "/restore-testing/plans/(?P<name>[^/]+)$",
    "/restore-testing/plans/(?P<name>[^/]+)/selections$",
    "/restore-testing/plans/(?P<name>[^/]+)/selections/(?P<selection>[^/]+)$",
    "/account-settings$",
)
OPTED_IN = dict.fromkeys(
    ("Aurora", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "Neptune", "RDS", "Storage Gateway"), True
) | dict.fromkeys(
    ("CloudFormation", "DSQL", "EKS", "Redshift", "Redshift Serverless", "S3", "SAP HANA on Amazon EC2", "Timestream"),
    False,
)
"""What a region says before anybody sets it; the service's answer names every resource type."""


def install() -> None:
    """Add the operations to moto's."""
    put(
        BackupResponse,
        put_backup_vault_notifications,
        get_backup_vault_notifications,
        delete_backup_vault_notifications,
        create_framework,
        describe_framework,
        update_framework,
        delete_framework,
        list_frameworks,
        create_report_plan,
        update_report_plan,
        delete_report_plan,
        create_restore_testing_plan,
        get_restore_testing_plan,
        update_restore_testing_plan,
        delete_restore_testing_plan,
        list_restore_testing_plans,
        create_restore_testing_selection,
        get_restore_testing_selection,
        update_restore_testing_selection,
        delete_restore_testing_selection,
        list_restore_testing_selections,
        describe_region_settings,
        update_region_settings,
    )
    urls.url_paths.update({f"{{0}}{path}": urls.response.dispatch for path in _PATHS})


def _param(response: BackupResponse, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - how moto's responses read a request


def _kept(response: BackupResponse, kind: str) -> dict[str, dict[str, Any]]:
    """The things of a kind that moto doesn't know, by name."""
    found: dict[str, dict[str, Any]] = vars(response.backup_backend).setdefault(kind, {})
    return found


def _named(response: BackupResponse, kind: str, name: str) -> dict[str, Any]:
    try:
        return _kept(response, kind)[name]
    except KeyError:
        raise ResourceNotFoundException(f"Cannot find {name} among the {kind}") from None


def _new(response: BackupResponse, kind: str, name: str, thing: dict[str, Any], tags: dict[str, str] | None) -> str:
    """Keep a new thing and its tags; returns its ARN, which ends in an id that AWS adds to the name."""
    if name in _kept(response, kind):
        raise AlreadyExistsException(f"{name} exists already among the {kind}")
    backend = response.backup_backend
    service = f"arn:{response.partition}:backup:{backend.region_name}:{backend.account_id}"
    arn = f"{service}:{kind.removesuffix('s').replace('_', '-')}:{name}-{mock_random.uuid4()}"
    _kept(response, kind)[name] = thing
    if tags:
        backend.tag_resource(arn, tags)
    return arn


# --- who is told


def _vault(response: BackupResponse) -> Any:
    return response.backup_backend.describe_backup_vault(_param(response, "backupVaultName"))


def put_backup_vault_notifications(self: BackupResponse) -> EmptyResult:
    names = ("SNSTopicArn", "BackupVaultEvents")
    _vault(self).notifications = {name: _param(self, name) for name in names}
    return EmptyResult()


def get_backup_vault_notifications(self: BackupResponse) -> ActionResult:
    vault = _vault(self)
    told = getattr(vault, "notifications", None)
    if told is None:
        raise ResourceNotFoundException(f"Backup vault {vault.backup_vault_name} tells nobody")
    about = {"BackupVaultName": vault.backup_vault_name, "BackupVaultArn": vault.backup_vault_arn}
    return ActionResult(about | told)


def delete_backup_vault_notifications(self: BackupResponse) -> EmptyResult:
    _vault(self).notifications = None
    return EmptyResult()


# --- frameworks and reports

_FRAMEWORK = ("FrameworkName", "FrameworkDescription", "FrameworkControls")


def _framework(response: BackupResponse) -> dict[str, Any]:
    return _named(response, "frameworks", _param(response, "frameworkName"))


def create_framework(self: BackupResponse) -> ActionResult:
    made = {name: _param(self, name) for name in _FRAMEWORK}
    made |= {"CreationTime": utcnow(), "DeploymentStatus": "COMPLETED", "FrameworkStatus": "ACTIVE"}
    made["FrameworkArn"] = _new(self, "frameworks", made["FrameworkName"], made, _param(self, "FrameworkTags"))
    return ActionResult(made)


def describe_framework(self: BackupResponse) -> ActionResult:
    return ActionResult(_framework(self))


def update_framework(self: BackupResponse) -> ActionResult:
    """A member that isn't given stays as it is."""
    framework = _framework(self)
    framework.update({name: value for name in _FRAMEWORK[1:] if (value := _param(self, name)) is not None})
    return ActionResult(framework)


def delete_framework(self: BackupResponse) -> EmptyResult:
    framework = _kept(self, "frameworks").pop(_framework(self)["FrameworkName"])
    self.backup_backend.tagger.delete_all_tags_for_resource(framework["FrameworkArn"])
    return EmptyResult()


def list_frameworks(self: BackupResponse) -> ActionResult:
    return ActionResult({"Frameworks": list(_kept(self, "frameworks").values())})


def create_report_plan(self: BackupResponse) -> ActionResult:
    """moto drops the tags."""
    answer = _create_report_plan(self)
    if tags := _param(self, "ReportPlanTags"):
        plan = self.backup_backend.describe_report_plan(_param(self, "ReportPlanName"))
        self.backup_backend.tag_resource(plan.report_plan_arn, tags)
    return answer


def update_report_plan(self: BackupResponse) -> ActionResult:
    """A member that isn't given stays as it is."""
    plan = self.backup_backend.describe_report_plan(_param(self, "reportPlanName"))
    for member, name in (
        ("ReportPlanDescription", "report_plan_description"),
        ("ReportDeliveryChannel", "report_delivery_channel"),
        ("ReportSetting", "report_setting"),
    ):
        if (value := _param(self, member)) is not None:
            setattr(plan, name, value)
    return ActionResult(plan)


def delete_report_plan(self: BackupResponse) -> EmptyResult:
    """moto deletes what isn't there, and keeps the tags."""
    plan = self.backup_backend.describe_report_plan(_param(self, "reportPlanName"))
    self.backup_backend.tagger.delete_all_tags_for_resource(plan.report_plan_arn)
    return _delete_report_plan(self)


# --- restore tests

_PLANS = "restore_testing_plans"


def _test_plan(response: BackupResponse) -> dict[str, Any]:
    return _named(response, _PLANS, _param(response, "RestoreTestingPlanName"))


def create_restore_testing_plan(self: BackupResponse) -> ActionResult:
    plan = {"StartWindowHours": 24, "ScheduleExpressionTimezone": "Etc/UTC", **_param(self, "RestoreTestingPlan")}
    plan |= {"CreationTime": utcnow(), "selections": {}}
    arn = _new(self, _PLANS, plan["RestoreTestingPlanName"], plan, _param(self, "Tags"))
    plan["RestoreTestingPlanArn"] = arn
    plan["RecoveryPointSelection"] = {"ExcludeVaults": [], "SelectionWindowDays": 30} | plan["RecoveryPointSelection"]
    return ActionResult(plan)


def get_restore_testing_plan(self: BackupResponse) -> ActionResult:
    return ActionResult({"RestoreTestingPlan": _test_plan(self)})


def update_restore_testing_plan(self: BackupResponse) -> ActionResult:
    """A member that isn't given stays as it is, those of the recovery points' selection too."""
    plan, new = _test_plan(self), _param(self, "RestoreTestingPlan")
    points = plan["RecoveryPointSelection"] | (new.get("RecoveryPointSelection") or {})
    plan.update(new, RecoveryPointSelection=points, LastUpdateTime=utcnow())
    return ActionResult(plan | {"UpdateTime": plan["LastUpdateTime"]})


def delete_restore_testing_plan(self: BackupResponse) -> EmptyResult:
    """ "Deletion can only successfully occur if all associated restore testing selections are deleted first." """
    plan = _test_plan(self)
    if plan["selections"]:
        raise InvalidRequestException("Delete the selections of the restore testing plan before the plan")
    del _kept(self, _PLANS)[plan["RestoreTestingPlanName"]]
    self.backup_backend.tagger.delete_all_tags_for_resource(plan["RestoreTestingPlanArn"])
    return EmptyResult()


def list_restore_testing_plans(self: BackupResponse) -> ActionResult:
    return ActionResult({"RestoreTestingPlans": list(_kept(self, _PLANS).values())})


def _test_selection(response: BackupResponse) -> dict[str, Any]:
    name = _param(response, "RestoreTestingSelectionName")
    try:
        found: dict[str, Any] = _test_plan(response)["selections"][name]
    except KeyError:
        raise ResourceNotFoundException(f"Cannot find the restore testing selection {name}") from None
    return found


def create_restore_testing_selection(self: BackupResponse) -> ActionResult:
    plan, selection = _test_plan(self), _param(self, "RestoreTestingSelection")
    made = {
        "ValidationWindowHours": 0,
        **selection,
        "CreationTime": utcnow(),
        "RestoreTestingPlanName": plan["RestoreTestingPlanName"],
    }
    plan["selections"][made["RestoreTestingSelectionName"]] = made
    return ActionResult(made | {"RestoreTestingPlanArn": plan["RestoreTestingPlanArn"]})


def get_restore_testing_selection(self: BackupResponse) -> ActionResult:
    return ActionResult({"RestoreTestingSelection": _test_selection(self)})


def update_restore_testing_selection(self: BackupResponse) -> ActionResult:
    selection = _test_selection(self)
    selection.update(_param(self, "RestoreTestingSelection"))
    arn = _test_plan(self)["RestoreTestingPlanArn"]
    return ActionResult(selection | {"RestoreTestingPlanArn": arn, "UpdateTime": utcnow()})


def delete_restore_testing_selection(self: BackupResponse) -> EmptyResult:
    del _test_plan(self)["selections"][_test_selection(self)["RestoreTestingSelectionName"]]
    return EmptyResult()


def list_restore_testing_selections(self: BackupResponse) -> ActionResult:
    return ActionResult({"RestoreTestingSelections": list(_test_plan(self)["selections"].values())})


# --- opt-ins


def _settings(response: BackupResponse) -> dict[str, dict[str, bool]]:
    opted = {"ResourceTypeOptInPreference": OPTED_IN, "ResourceTypeManagementPreference": {}}
    found: dict[str, dict[str, bool]] = vars(response.backup_backend).setdefault("region_settings", opted)
    return found


def describe_region_settings(self: BackupResponse) -> ActionResult:
    return ActionResult(_settings(self))


def update_region_settings(self: BackupResponse) -> EmptyResult:
    """Resource types that aren't named stay as they are."""
    for name, before in list(_settings(self).items()):
        _settings(self)[name] = before | (_param(self, name) or {})
    return EmptyResult()
