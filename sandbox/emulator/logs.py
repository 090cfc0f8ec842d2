"""CloudWatch Logs as documented, where moto has it not: a group's key and protection, the end of its metric filters."""

from __future__ import annotations

from typing import Any

from moto.logs.exceptions import ResourceNotFoundException, ValidationException
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from sandbox.emulator.extensions import put

_create, _describe, _delete = LogsResponse.create_log_group, LogGroup.to_describe_dict, LogsBackend.delete_log_group
_add_filter = MetricFilters.add_filter


def install() -> None:
    """Add the operations to moto's, and the protection to those it has."""
    put(LogsResponse, associate_kms_key, disassociate_kms_key, put_log_group_deletion_protection, create_log_group)
    put(LogGroup, to_describe_dict)
    put(LogsBackend, delete_log_group)
    put(MetricFilters, add_filter)


def _group(response: LogsResponse, *members: str) -> Any:
    """moto's group that the first of these members names, which may be its ARN; moto doesn't know `protected`."""
    named = next(filter(None, (response._get_param(member) for member in members)), "")  # noqa: SLF001 - as moto does
    try:
        return response.logs_backend.groups[named.rpartition(":log-group:")[2].removesuffix(":*")]
    except KeyError:
        raise ResourceNotFoundException from None


def associate_kms_key(self: LogsResponse) -> str:
    _group(self, "logGroupName", "resourceIdentifier").kms_key_id = self._get_param("kmsKeyId")
    return ""


def disassociate_kms_key(self: LogsResponse) -> str:
    _group(self, "logGroupName", "resourceIdentifier").kms_key_id = None
    return ""


def put_log_group_deletion_protection(self: LogsResponse) -> str:
    _group(self, "logGroupIdentifier").protected = self._get_param("deletionProtectionEnabled")
    return ""


def create_log_group(self: LogsResponse) -> str:
    answer: str = _create(self)
    _group(self, "logGroupName").protected = self._get_param("deletionProtectionEnabled", if_none=False)
    return answer


def to_describe_dict(self: LogGroup) -> dict[str, Any]:
    return {**_describe(self), "deletionProtectionEnabled": getattr(self, "protected", False)}


def delete_log_group(self: LogsBackend, log_group_name: str) -> None:
    """ "When enabled, deletion protection blocks all deletion operations until it is explicitly disabled." """
    if getattr(self.groups.get(log_group_name), "protected", False):
        raise ValidationException(f"Log group {log_group_name} is protected from deletion")
    _delete(self, log_group_name)
    for each in self.filters.get_matching_filters(log_group_name=log_group_name):
        self.filters.delete_filter(each["filterName"], log_group_name)


def add_filter(self: MetricFilters, filter_name: str, filter_pattern: str, log_group_name: str, metric: Any) -> None:
    """PutMetricFilter "creates or updates a metric filter"; moto keeps the old one beside the new one."""
    self.delete_filter(filter_name, log_group_name)
    _add_filter(self, filter_name, filter_pattern, log_group_name, metric)
