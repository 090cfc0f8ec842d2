"""A conformance case: how a resource type is tried, and how boto3 alone sees what became of it."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws_plugin.values import Props

TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"%s"},"Action":"sts:AssumeRole"}]}'
)


@functools.cache
def _client(endpoint: str, service: str, region: str) -> Any:
    config = Config(s3={"addressing_style": "path"}, proxies={})
    session = boto3.session.Session("testing", "testing", region_name=region)
    client = session.client(service, endpoint_url=endpoint, config=config)

    def address(request: Any, **_more: Any) -> None:
        """S3 Control puts the account before the host's name, which an address can't have."""
        request.url = endpoint + urlsplit(request.url).path

    client.meta.events.register("before-sign.s3-control", address)
    return client


class Account:
    """boto3 on an account: independent of the plugin, and the maker of what a case needs beforehand."""

    def __init__(self, endpoint: str, region: str) -> None:
        self.endpoint, self.region = endpoint, region

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of a service."""
        return _client(self.endpoint, service, region or self.region)

    def key(self) -> str:
        """The ARN of a new key."""
        return str(self.client("kms").create_key()["KeyMetadata"]["Arn"])

    def bucket(self, name: str = "case-bucket") -> str:
        """The name of a new bucket."""
        location = {"LocationConstraint": self.region}
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location)
        return name

    def role(self, service: str = "ec2.amazonaws.com", name: str = "case-role") -> str:
        """The name of a new role that a service may take."""
        self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST % service)
        return name

    def vpc(self) -> str:
        """The id of a new network, 10.9.0.0/16."""
        return str(self.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])

    def subnets(self, vpc: str) -> list[str]:
        """The ids of three new subnets, one a zone."""
        return [
            self.client("ec2").create_subnet(
                VpcId=vpc, CidrBlock=f"10.9.{place}.0/24", AvailabilityZone=f"{self.region}{zone}"
            )["Subnet"]["SubnetId"]
            for place, zone in enumerate("abc")
        ]


def refused(code: str) -> Any:
    """AWS refuses with this code."""
    return pytest.raises(ClientError, match=rf"\({code}\)")


@dataclass(frozen=True)
class Case:
    """How one resource type is tried.

    inputs: makes what must be there before, and returns the inputs.
    seen: what boto3 alone sees of the thing with this id: None, or a ClientError, once it is gone.
    created, updated: what `seen` returns then, or a function of the inputs that tells it.
    never: an id of this type that nothing has; None for what every account has, set or not.
    update: input properties to change (None as a value: to remove), or a function that makes what they need. No update:
        every input needs a replacement.
    drift: a change made by hand, of which a read must report `drifted`. None where AWS can't change the thing.
    outputs: output properties that the state must hold besides the inputs.
    left: what `seen` still returns after a delete, where AWS can't take a setting away.
    """

    token: str
    _: KW_ONLY
    inputs: Callable[[Account], Props]
    seen: Callable[[Account, str], Any]
    created: Any
    never: str | None
    update: Props | Callable[[Account], Props] = field(default_factory=dict)
    updated: Any = None
    drift: Callable[[Account, str], object] | None = None
    drifted: Props = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    left: Any = None


def tags_of(pairs: list[Mapping[str, str]]) -> dict[str, str]:
    """Tags as a dictionary, from pairs of Key and Value or of TagKey and TagValue."""
    return {(pair.get("Key") or pair["TagKey"]): (pair.get("Value") or pair["TagValue"]) for pair in pairs}
