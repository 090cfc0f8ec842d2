"""KMS as documented, where moto differs: the period of a key's rotation."""

from __future__ import annotations

import json
from typing import Any

from moto.kms.responses import KmsResponse

from sandbox.emulator.extensions import put

_enable, _status = KmsResponse.enable_key_rotation, KmsResponse.get_key_rotation_status

DEFAULT_DAYS = 365
"""EnableKeyRotation: "If no value is specified, the default value is 365 days"."""


def install() -> None:
    """Correct moto's operations."""
    put(KmsResponse, enable_key_rotation, get_key_rotation_status)


def _key(response: KmsResponse) -> Any:
    """moto's key; the days are an attribute that moto doesn't know."""
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]  # noqa: SLF001 - as moto's responses do


def enable_key_rotation(self: KmsResponse) -> str:
    answer: str = _enable(self)
    _key(self).rotation_days = self._get_param("RotationPeriodInDays") or DEFAULT_DAYS
    return answer


def get_key_rotation_status(self: KmsResponse) -> str:
    """The period is that of a rotation which is enabled."""
    status = json.loads(_status(self))
    key = _key(self)
    status["KeyId"] = key.id
    if status["KeyRotationEnabled"]:
        status["RotationPeriodInDays"] = key.rotation_days
    return json.dumps(status)
