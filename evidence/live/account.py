"""An AWS account to ask: names of operations go in, answers page by page come out; nothing but questions is sent."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import boto3
import jmespath
from botocore.config import Config
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError

_QUESTIONS = ("BatchGet", "Describe", "Generate", "Get", "Head", "List")
"""How the operations begin that change nothing. GenerateCredentialReport makes a report; IAM counts that as reading."""
SETTINGS = "settings"
_AGENT = "hedgerow-evidence"
_CONNECT_SECONDS = 2
"""AWS is there within a second from anywhere: this leaves time for a first packet that is lost."""
# A large account throttles: wait and slow down as botocore's adaptive mode does.
_PATIENT = Config(
    connect_timeout=_CONNECT_SECONDS, retries={"mode": "adaptive", "max_attempts": 10}, user_agent_extra=_AGENT
)
_AT_ONCE = Config(
    connect_timeout=_CONNECT_SECONDS,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
    user_agent_extra=_AGENT,
)


class NotAQuestionError(RuntimeError):
    """An operation that may change something was about to be sent."""


class NoAnswerError(RuntimeError):
    """Something answers where AWS should, but not as AWS does."""


def account_id(session: boto3.Session, region: str) -> str:
    """Return the twelve digits of the account of some credentials; within seconds, if nobody answers.

    Raises:
        botocore.exceptions.ClientError: AWS refuses the credentials.
        botocore.exceptions.BotoCoreError: there are no credentials, or nobody answers.
        NoAnswerError: what answers is not AWS.
    """
    client = session.client("sts", region_name=region, config=_AT_ONCE)
    try:
        return str(client.get_caller_identity()["Account"])
    except (ResponseParserError, KeyError):
        raise NoAnswerError(f"what answers at {client.meta.endpoint_url} is not AWS") from None


class Account:
    """The account of some credentials, in the regions of an environment. `now` is in UTC.

    Raises as `account_id` does.
    """

    def __init__(self, session: boto3.Session, regions: tuple[str, ...], now: datetime.datetime) -> None:
        self.id = account_id(session, regions[0])
        self.regions = regions
        self.now = now
        self._session = session
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def home(self) -> str:
        """The region that the environment lives in."""
        return self.regions[0]

    @property
    def arn(self) -> str:
        """What stands for the account itself in results."""
        return f"arn:aws:iam::{self.id}:root"

    def in_region(self, service: str, region: str) -> str:
        """Return what stands for a region's setting of a service in results."""
        return f"arn:aws:{service}:{region}:{self.id}:{SETTINGS}"

    def ask(self, service: str, operation: str, region: str = "", **question: Any) -> dict[str, Any]:
        """Return one answer.

        Raises:
            botocore.exceptions.ClientError: AWS refuses it.
            botocore.exceptions.BotoCoreError: nobody answers, or not as AWS does.
        """
        answer: dict[str, Any] = getattr(self._client(service, region), operation)(**question)
        return answer

    def list(self, service: str, operation: str, key: str, region: str = "", **question: Any) -> Iterator[Any]:
        """Yield what `key` (JMESPath) names in every page of an answer. Raises as `ask` does."""
        client = self._client(service, region)
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(**question)
        else:
            pages = [getattr(client, operation)(**question)]
        for page in pages:
            yield from jmespath.search(key, page) or ()

    def _client(self, service: str, region: str) -> Any:
        wanted = (service, region or self.home)
        if wanted not in self._clients:
            client = self._session.client(wanted[0], region_name=wanted[1], config=_PATIENT)
            client.meta.events.register("before-call", _refuse_changes)
            client.meta.events.register("before-sign.s3-control", self._one_host)
            self._clients[wanted] = client
        return self._clients[wanted]

    def _one_host(self, request: Any, **_: Any) -> None:
        """Take away the account's id that S3 Control puts before an address, such as an emulator's, too."""
        request.url = request.url.replace(f"//{self.id}.127.", "//127.", 1)


def _refuse_changes(model: OperationModel, **_: Any) -> None:
    if not model.name.startswith(_QUESTIONS):
        raise NotAQuestionError(f"{model.service_model.service_name}:{model.name} is no question")
