"""An emulator that is told to fail fails as AWS does, for as many requests as it is told, and is itself again."""

from __future__ import annotations

import io
import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.emulator.faults import Faults, fail
from tests.sandbox.conformance.case import Account


def put(faults: Faults, body: bytes, method: str = "PUT") -> str:
    status: list[str] = []
    environ = {"REQUEST_METHOD": method, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    faults.set(environ, lambda line, _headers: status.append(line))
    return status[0]


def request(body: bytes = b"", **more: str) -> dict[str, Any]:
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "CONTENT_LENGTH": str(len(body))}
    return environ | {"wsgi.input": io.BytesIO(body)} | more


def test_as_many_requests_fail_as_were_asked_for() -> None:
    faults = Faults()
    assert faults.next(request()) is None
    assert put(faults, b'{"kind": "throttle", "requests": 2}') == "200 OK"
    assert [faults.next(request()) for _ in range(3)] == ["throttle", "throttle", None]


@pytest.mark.parametrize(
    ("matching", "hit"),
    [
        ("Action=CreateVpc&", request(b"Action=CreateVpc&CidrBlock=10.0.0.0/16")),
        ("PUT /bucket", request(REQUEST_METHOD="PUT", PATH_INFO="/bucket")),
        ("TrentService.CreateKey", request(b"{}", HTTP_X_AMZ_TARGET="TrentService.CreateKey")),
    ],
)
def test_a_failure_waits_for_the_request_that_it_is_for(matching: str, hit: dict[str, Any]) -> None:
    faults = Faults()
    put(faults, json.dumps({"kind": "after", "requests": 1, "matching": matching}).encode())
    other = request(b"Action=CreateVpcEndpoint&VpcId=vpc-1")
    assert [faults.next(each) for each in (other, hit, hit)] == [None, "after", None]
    assert other["wsgi.input"].read() == b"Action=CreateVpcEndpoint&VpcId=vpc-1", "what was searched can still be read"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"kind": "error"}', b'{"kind": "other", "requests": 1}', b'{"kind": "error", "requests": -1}'],
)
def test_what_is_not_understood_changes_nothing(body: bytes) -> None:
    faults = Faults()
    put(faults, b'{"kind": "error", "requests": 1}')
    assert put(faults, body).startswith("400")
    assert [faults.next(request()), faults.next(request())] == ["error", None]


def test_only_a_put_changes_anything() -> None:
    faults = Faults()
    assert put(faults, b'{"kind": "error", "requests": 1}', method="POST").startswith("400")
    assert faults.next(request()) is None


def break_next(endpoint: str, kind: str, matching: str) -> None:
    body = json.dumps({"kind": kind, "requests": 1, "matching": matching}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/_sandbox/faults", body, method="PUT")).close()  # noqa: S310 - loopback


def test_a_lost_answer_is_a_failure_that_was_carried_out(account: Account) -> None:
    ec2 = account.client("ec2")
    before = len(ec2.describe_vpcs()["Vpcs"])
    break_next(account.endpoint, "error", "Action=CreateVpc&")
    account.vpc()
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + 1, "boto3 has asked twice, and once in vain"
    break_next(account.endpoint, "after", "Action=CreateVpc&")
    account.vpc()
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + 3, "EC2 takes no token for it"


@pytest.mark.parametrize(
    ("matching", "service", "create", "arguments", "listed"),
    [
        (
            "Action=CreateVolume&",
            "ec2",
            "create_volume",
            {"AvailabilityZone": "us-west-2a", "Size": 1},
            ("describe_volumes", "Volumes"),
        ),
        (
            "secretsmanager.CreateSecret",
            "secretsmanager",
            "create_secret",
            {"Name": "lost", "SecretString": "x"},
            ("list_secrets", "SecretList"),
        ),
        (
            "POST /clusters",
            "eks",
            "create_cluster",
            {"name": "lost", "roleArn": "arn:aws:iam::123456789012:role/r", "resourcesVpcConfig": {}},
            ("list_clusters", "clusters"),
        ),
    ],
)
def test_what_is_asked_again_with_the_same_token_is_made_once(  # noqa: PLR0917 - a request and how it is looked for
    account: Account, matching: str, service: str, create: str, arguments: dict[str, Any], listed: tuple[str, str]
) -> None:
    client = account.client(service)
    before = len(getattr(client, listed[0])()[listed[1]])
    break_next(account.endpoint, "after", matching)
    getattr(client, create)(**arguments)
    assert len(getattr(client, listed[0])()[listed[1]]) == before + 1


def test_two_calls_are_two_things_and_what_was_refused_may_be_tried_again(account: Account) -> None:
    ec2, zone = account.client("ec2"), {"AvailabilityZone": "us-west-2a", "Size": 1}
    assert ec2.create_volume(**zone)["VolumeId"] != ec2.create_volume(**zone)["VolumeId"]
    nat = {"SubnetId": "subnet-0123456789abcdef0", "ClientToken": "mine"}
    for _ in range(2):
        with pytest.raises(ClientError, match=r"SubnetID\.NotFound"):
            ec2.create_nat_gateway(**nat)


@pytest.mark.parametrize(
    ("environ", "parsed"),
    [
        ({"HTTP_X_AMZ_TARGET": "TrentService.CreateKey", "CONTENT_TYPE": "application/x-amz-json-1.1"}, "__type"),
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"}, "<ErrorResponse><Error><Code>"),
        ({"CONTENT_TYPE": ""}, "<Error><Code>"),
    ],
)
def test_a_failure_speaks_the_protocol_of_the_request(environ: dict[str, Any], parsed: str) -> None:
    lines: list[str] = []
    [body] = fail("throttle", environ, lambda line, _headers: lines.append(line))
    assert lines == ["429 Too Many Requests"]
    assert body.decode().startswith(("{", parsed))
    assert parsed in body.decode()
    assert "ThrottlingException" in (json.loads(body)["__type"] if parsed == "__type" else body.decode())
