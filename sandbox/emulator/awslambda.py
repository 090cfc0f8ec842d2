"""Lambda as documented, where moto has it not: how a function logs, and changes of how it logs and traces."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaFunction

from sandbox.emulator.extensions import put

_describe, _update = LambdaFunction.get_configuration, LambdaFunction.update_configuration
_created = LambdaFunction.__init__


def install() -> None:
    """Add what moto forgets to its functions."""
    put(LambdaFunction, __init__, get_configuration, update_configuration)


def __init__(self: LambdaFunction, account_id: str, spec: dict[str, Any], *rest: Any, **more: Any) -> None:  # noqa: N807
    _created(self, account_id, spec, *rest, **more)
    self.logging = spec.get("LoggingConfig")  # type: ignore[attr-defined]


def get_configuration(self: LambdaFunction, *arguments: Any, **more: Any) -> dict[str, Any]:
    """A function logs as text to a group of its own name, unless it is told otherwise."""
    by_default = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
    return {**_describe(self, *arguments, **more), "LoggingConfig": getattr(self, "logging", None) or by_default}


def update_configuration(self: LambdaFunction, config_updates: dict[str, Any]) -> dict[str, Any]:
    self.logging = config_updates.get("LoggingConfig", self.logging)  # type: ignore[attr-defined]
    self.tracing_config = config_updates.get("TracingConfig", self.tracing_config)
    self.kms_key_arn = config_updates.get("KMSKeyArn", self.kms_key_arn)
    return _update(self, config_updates)
