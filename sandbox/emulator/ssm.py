"""Systems Manager as documented, where moto has it not: the settings of a service."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ssm.responses import SimpleSystemManagerResponse

from sandbox.emulator.extensions import put

DEFAULTS = {
    "/ssm/automation/customer-script-log-destination": "None",
    "/ssm/automation/customer-script-log-group-name": "/aws/ssm/automation/customer-script",
    "/ssm/documents/console/public-sharing-permission": "Enable",
}
"""What a setting is until somebody sets it."""


def install() -> None:
    """Add the operations to moto's."""
    put(SimpleSystemManagerResponse, get_service_setting, update_service_setting, reset_service_setting)


def _settings(response: SimpleSystemManagerResponse) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = vars(response.ssm_backend).setdefault("service_settings", {})
    return found


def _name(response: SimpleSystemManagerResponse) -> str:
    """A setting's id; an ARN may stand for it."""
    setting_id: str = response._get_param("SettingId")  # noqa: SLF001 - how moto's responses read a request
    return setting_id.partition(":servicesetting")[2] or setting_id


def get_service_setting(self: SimpleSystemManagerResponse) -> ActionResult:
    name = _name(self)
    service = f"arn:{self.partition}:ssm:{self.region}:{self.current_account}"
    default = {"SettingId": name, "SettingValue": DEFAULTS.get(name, "None"), "Status": "Default"}
    setting = default | _settings(self).get(name, {})
    return ActionResult({"ServiceSetting": setting | {"ARN": f"{service}:servicesetting{name}"}})


def update_service_setting(self: SimpleSystemManagerResponse) -> EmptyResult:
    value = self._get_param("SettingValue")
    _settings(self)[_name(self)] = {"SettingValue": value, "Status": "Customized", "LastModifiedDate": utcnow()}
    return EmptyResult()


def reset_service_setting(self: SimpleSystemManagerResponse) -> ActionResult:
    _settings(self).pop(_name(self), None)
    return get_service_setting(self)
