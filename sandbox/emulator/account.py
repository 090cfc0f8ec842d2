"""What an account has once, as documented, where moto has it not: EC2's defaults, an OIDC provider's audiences."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses import EC2Response
from moto.iam.responses import IamResponse

from sandbox.emulator.extensions import put

_NO_PREFERENCE = ("no-preference", "-1")
"""ModifyInstanceMetadataDefaults: how a default is taken back."""

UNBLOCKED = "unblocked"


def install() -> None:
    """Add the operations to moto's."""
    put(
        EC2Response,
        get_ebs_default_kms_key_id,
        reset_ebs_default_kms_key_id,
        get_instance_metadata_defaults,
        modify_instance_metadata_defaults,
        enable_snapshot_block_public_access,
        disable_snapshot_block_public_access,
        get_snapshot_block_public_access_state,
        enable_image_block_public_access,
        disable_image_block_public_access,
        get_image_block_public_access_state,
        enable_allowed_images_settings,
        disable_allowed_images_settings,
        replace_image_criteria_in_allowed_images_settings,
        get_allowed_images_settings,
    )
    put(IamResponse, add_client_id_to_open_id_connect_provider, remove_client_id_from_open_id_connect_provider)


def _defaults(response: EC2Response) -> dict[str, Any]:
    """The region's defaults that moto doesn't know, by the name of the member that sets them."""
    found: dict[str, Any] = vars(response.ec2_backend).setdefault("account_defaults", {})
    return found


def _param(response: EC2Response | IamResponse, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - how moto's responses read a request


def get_ebs_default_kms_key_id(self: EC2Response) -> ActionResult:
    """AWS's own key, by its alias, until another one is set."""
    return ActionResult({"KmsKeyId": self.ec2_backend.default_kms_key_id or "alias/aws/ebs"})


def reset_ebs_default_kms_key_id(self: EC2Response) -> ActionResult:
    self.ec2_backend.default_kms_key_id = ""
    return get_ebs_default_kms_key_id(self)


def modify_instance_metadata_defaults(self: EC2Response) -> ActionResult:
    """A member that isn't given stays as it is."""
    for name in ("HttpTokens", "HttpEndpoint", "HttpPutResponseHopLimit", "InstanceMetadataTags"):
        value = _param(self, name)
        if value is not None and str(value) in _NO_PREFERENCE:
            _defaults(self).pop(name, None)
        elif value is not None:
            _defaults(self)[name] = value
    return ActionResult({"Return": True})


def get_instance_metadata_defaults(self: EC2Response) -> ActionResult:
    set_to = {name: value for name, value in _defaults(self).items() if name.startswith(("Http", "InstanceMetadata"))}
    return ActionResult({"AccountLevel": {**set_to, "ManagedBy": "account"} if set_to else {}})


def enable_snapshot_block_public_access(self: EC2Response) -> ActionResult:
    _defaults(self)["State"] = _param(self, "State")
    return get_snapshot_block_public_access_state(self)


def disable_snapshot_block_public_access(self: EC2Response) -> ActionResult:
    _defaults(self).pop("State", None)
    return get_snapshot_block_public_access_state(self)


def get_snapshot_block_public_access_state(self: EC2Response) -> ActionResult:
    return ActionResult({"State": _defaults(self).get("State", UNBLOCKED), "ManagedBy": "account"})


def enable_image_block_public_access(self: EC2Response) -> ActionResult:
    _defaults(self)["ImageBlockPublicAccessState"] = _param(self, "ImageBlockPublicAccessState")
    return get_image_block_public_access_state(self)


def disable_image_block_public_access(self: EC2Response) -> ActionResult:
    _defaults(self).pop("ImageBlockPublicAccessState", None)
    return get_image_block_public_access_state(self)


def get_image_block_public_access_state(self: EC2Response) -> ActionResult:
    state = _defaults(self).get("ImageBlockPublicAccessState", UNBLOCKED)
    return ActionResult({"ImageBlockPublicAccessState": state, "ManagedBy": "account"})


def enable_allowed_images_settings(self: EC2Response) -> ActionResult:
    _defaults(self)["AllowedImagesSettingsState"] = state = _param(self, "AllowedImagesSettingsState")
    return ActionResult({"AllowedImagesSettingsState": state})


def disable_allowed_images_settings(self: EC2Response) -> ActionResult:
    """The criteria stay until they are replaced."""
    _defaults(self).pop("AllowedImagesSettingsState", None)
    return ActionResult({"AllowedImagesSettingsState": "disabled"})


def replace_image_criteria_in_allowed_images_settings(self: EC2Response) -> ActionResult:
    _defaults(self)["ImageCriteria"] = _param(self, "ImageCriteria") or []
    return ActionResult({"ReturnValue": True})


def get_allowed_images_settings(self: EC2Response) -> ActionResult:
    state = _defaults(self).get("AllowedImagesSettingsState", "disabled")
    criteria = _defaults(self).get("ImageCriteria", [])
    return ActionResult({"State": state, "ImageCriteria": criteria, "ManagedBy": "account"})


def _audiences(response: IamResponse) -> list[str]:
    provider = response.backend.get_open_id_connect_provider(_param(response, "OpenIDConnectProviderArn"))
    return provider.client_id_list


def add_client_id_to_open_id_connect_provider(self: IamResponse) -> ActionResult:
    """ "This operation is idempotent; it does not fail or return an error if you add an existing client ID." """
    audiences, audience = _audiences(self), _param(self, "ClientID")
    if audience not in audiences:
        audiences.append(audience)
    return EmptyResult()


def remove_client_id_from_open_id_connect_provider(self: IamResponse) -> ActionResult:
    """ "This operation is idempotent; it does not fail [...] if you try to remove a client ID that does not exist." """
    audiences, audience = _audiences(self), _param(self, "ClientID")
    if audience in audiences:
        audiences.remove(audience)
    return EmptyResult()
