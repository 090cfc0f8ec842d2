"""The account behind the plugin: botocore clients that can only talk to an emulator on loopback.

In: the emulator's address and the provider's region. Out: clients by service and region, and `perform`, through which
every call goes, so that each failure becomes one line that holds no secret value.
"""

import contextlib
import functools
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from sandbox.aws_plugin.emulator import on_loopback

# No profile and no configuration file: a developer's real account must not shine through.
_NOWHERE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_SESSION = botocore.session.Session(session_vars=_NOWHERE)
_SESSION_LOCK = threading.Lock()
_SERVER_ERROR = 500


class AwsError(Exception):
    """A call that AWS refused, as `<operation> on <service>: <code>: <message>`.

    in_doubt: an attempt of the call was answered by a failure of AWS, or not at all: it may have been carried out.
    """

    def __init__(self, operation: str, service: str, code: str, message: str, *, in_doubt: bool = False) -> None:
        super().__init__(f"{operation} on {service}: {code}: {' '.join(message.split())}")
        self.code = code
        self.in_doubt = in_doubt


_attempts = threading.local()
"""`in_doubt` of the call that this thread is making."""


def _note_attempt(
    parsed_response: Mapping[str, Any] | None = None, exception: Exception | None = None, **_event: Any
) -> None:
    status = (parsed_response or {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if exception is not None or status >= _SERVER_ERROR:
        _attempts.in_doubt = True


@functools.cache
def service_model(service: str) -> Any:
    """botocore's model of a service: its operations and their shapes."""
    with _SESSION_LOCK:
        return _SESSION.get_service_model(service)


class Aws:
    """One account as one provider sees it. Safe to use from several threads.

    :param endpoint_url: where every service answers, such as `http://127.0.0.1:5000`.
    :param region: the provider's region, used where a resource names none.
    :raises ValueError: the endpoint is not on loopback.
    """

    def __init__(self, endpoint_url: str, region: str) -> None:
        if not on_loopback(endpoint_url):
            raise ValueError(f"the sandbox only talks to loopback, not to {endpoint_url!r}")
        self.endpoint_url = endpoint_url
        self.region = region
        self._clients: dict[tuple[str, str], Any] = {}
        self._account: str | None = None

    def client(self, service: str, region: str | None = None) -> Any:
        """The botocore client of a service in a region (the provider's by default)."""
        key = (service, region or self.region)
        with _SESSION_LOCK:
            if key not in self._clients:
                client = self._clients[key] = _SESSION.create_client(
                    service,
                    region_name=key[1],
                    endpoint_url=self.endpoint_url,
                    aws_access_key_id="testing",
                    aws_secret_access_key="testing",  # noqa: S106 - the emulator takes any key; none is a secret
                    config=_CONFIG,
                )
                client.meta.events.register("before-sign.s3-control", self._leave_the_account_out)
                client.meta.events.register("response-received", _note_attempt)
            return self._clients[key]

    def _leave_the_account_out(self, request: Any, **_event: Any) -> None:
        """Take away the account id that S3 Control puts before the host's name, too: an address has no such part."""
        request.url = request.url.replace(f"//{self.account}.", "//", 1)

    @property
    def account(self) -> str:
        """The twelve digits of the account that the endpoint answers for."""
        if self._account is None:
            self._account = str(perform(self.client("sts"), "get_caller_identity", {})["Account"])
        return self._account

    def partition(self, region: str | None = None) -> str:
        """The partition of a region, such as `aws`."""
        return str(_SESSION.get_partition_for_region(region or self.region))

    def partition_data(self, region: str | None = None) -> dict[str, Any]:
        """What botocore knows of a region's partition: `dnsSuffix`, and the `description` of each of its `regions`."""
        partitions = _SESSION.get_component("data_loader").load_data("endpoints")["partitions"]
        return next(each for each in partitions if each["partition"] == self.partition(region))


# A proxy set for the machine would carry calls off loopback; a path keeps bucket names out of the host name.
_CONFIG = Config(
    proxies={},
    s3={"addressing_style": "path"},
    retries={"mode": "standard", "max_attempts": 2},
    max_pool_connections=50,
)


def perform(client: Any, operation: str, members: Mapping[str, Any], secrets: Iterable[str] = ()) -> dict[str, Any]:
    """Call one operation (all its pages, where it has pages).

    :param operation: boto3's name of it, such as `create_key`.
    :param secrets: values that an error must not repeat.
    :raises AwsError: AWS or botocore refused.
    """
    with _one_line(client, operation, secrets):
        if client.can_paginate(operation):
            answer = client.get_paginator(operation).paginate(**members).build_full_result()
        else:
            answer = getattr(client, operation)(**members)
    if failed := answer.get("Unsuccessful"):  # EC2's answer where only some of several things failed: of one, it failed
        refusal = failed[0]["Error"]
        raise AwsError(operation, client.meta.service_model.service_name, refusal["Code"], refusal["Message"])
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def wait(client: Any, waiter: str, members: Mapping[str, Any]) -> None:
    """Wait, at most two minutes, until botocore's waiter is content.

    :raises AwsError: it is not, or the thing went into a failed state.
    """
    with _one_line(client, waiter, ()):
        client.get_waiter(waiter).wait(**members, WaiterConfig={"Delay": 1, "MaxAttempts": 120})


@contextlib.contextmanager
def _one_line(client: Any, operation: str, secrets: Iterable[str]) -> Iterator[None]:
    """Turn what botocore raises into an `AwsError`."""
    _attempts.in_doubt = False
    try:
        yield
    except (ClientError, BotoCoreError, ResponseParserError) as error:  # the last: it is not AWS that answered
        refusal = error.response["Error"] if isinstance(error, ClientError) else {}
        code, message = refusal.get("Code") or type(error).__name__, refusal.get("Message") or str(error)
        for secret in secrets:
            message = message.replace(secret, "[secret]")
        service = client.meta.service_model.service_name
        raise AwsError(operation, service, code, message, in_doubt=_attempts.in_doubt) from None
