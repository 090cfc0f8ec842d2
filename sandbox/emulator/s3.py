"""S3 as documented, where moto differs: delivery of access logs, locks of full buckets, metrics, conditional writes."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import Any

from moto.s3.exceptions import InvalidBucketState, S3ClientError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response
from moto.s3.utils import LOGGING_SERVICE_PRINCIPAL

from sandbox.emulator.extensions import put

_get_lock = S3Backend.get_object_lock_configuration
_get_setting = S3Response._bucket_response_get  # noqa: SLF001 - where moto tells a bucket's settings apart
_put_setting = S3Response._bucket_response_put  # noqa: SLF001
_put_object = S3Response.put_object
_delete_setting = S3Response._bucket_response_delete  # noqa: SLF001
_CONDITIONAL = threading.Lock()


def install() -> None:
    """Correct moto's buckets."""
    put(FakeBucket, staticmethod(_log_permissions_enabled_policy))
    put(S3Backend, put_object_lock_configuration, get_object_lock_configuration)
    put(S3Response, put_object, _bucket_response_get, _bucket_response_put, _bucket_response_delete)


def _log_permissions_enabled_policy(target_bucket: FakeBucket, target_prefix: str | None) -> bool:
    """Whether the target's policy lets the logging service put objects below the prefix, whatever else it says."""
    arn = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}"
    resources = {f"{arn}/{target_prefix or ''}*", f"{arn}/*"}

    def allows(statement: dict[str, Any]) -> bool:
        principal = statement.get("Principal")
        return (
            statement.get("Effect") == "Allow"
            and isinstance(principal, dict)
            and LOGGING_SERVICE_PRINCIPAL in _listed(principal.get("Service"))
            and bool({"s3:PutObject", "s3:*"} & {*_listed(statement.get("Action"))})
            and bool(resources & {*_listed(statement.get("Resource"))})
        )

    policy = json.loads(target_bucket.policy or b"{}")
    return any(allows(statement) for statement in _listed(policy.get("Statement")))


def _listed(value: Any) -> list[Any]:
    """A policy takes one value for a list of one."""
    return value if isinstance(value, list) else [value] if value is not None else []


def put_object_lock_configuration(self: S3Backend, bucket_name: str, lock_enabled: object, *period: Any) -> None:
    """ "You can enable Object Lock for new or existing buckets", those with objects included."""
    bucket = self.get_bucket(bucket_name)
    if not bucket.is_versioned:
        raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
    bucket.object_lock_enabled = bucket.object_lock_enabled or bool(lock_enabled)
    mode, days, years = period
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days or 0, years or 0


def get_object_lock_configuration(self: S3Backend, bucket_name: str) -> tuple[bool, str | None, int | None, int | None]:
    """A period is in days or in years: the other one is not answered."""
    enabled, mode, days, years = _get_lock(self, bucket_name)
    return enabled, mode, days or None, years or None


def put_object(self: S3Response) -> Any:
    """Of two conditional writes at once one sees the other: moto looks and writes in two steps."""
    conditional = self.headers.get("If-None-Match") or self.headers.get("If-Match")
    with _CONDITIONAL if conditional else contextlib.nullcontext():
        return _put_object(self)


def _bucket_response_get(self: S3Response, bucket_name: str, querystring: dict[str, Any]) -> Any:
    """moto knows no metrics configuration. What was put is the document that is got."""
    if "metrics" not in querystring:
        return _get_setting(self, bucket_name, querystring)
    return _metrics(self, bucket_name)[_metrics_id(self, bucket_name, querystring)]


def _bucket_response_put(self: S3Response, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
    if "metrics" not in querystring:
        return _put_setting(self, request, bucket_name, querystring)
    _metrics(self, bucket_name)[querystring["id"][0]] = self.body
    return ""


def _bucket_response_delete(self: S3Response, bucket_name: str, querystring: dict[str, Any]) -> Any:
    if "metrics" not in querystring:
        return _delete_setting(self, bucket_name, querystring)
    del _metrics(self, bucket_name)[_metrics_id(self, bucket_name, querystring)]
    return 204, {}, ""


def _metrics(response: S3Response, bucket_name: str) -> dict[str, Any]:
    found: dict[str, Any] = vars(response.backend.get_bucket(bucket_name)).setdefault("metrics", {})
    return found


def _metrics_id(response: S3Response, bucket_name: str, querystring: dict[str, Any]) -> str:
    name: str = querystring["id"][0]
    if name not in _metrics(response, bucket_name):
        raise S3ClientError("NoSuchConfiguration", "The specified configuration does not exist.")
    return name
