"""Requests for tests that need no program: resources written as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import proto
from pulumi_policy import deserialize, proxy

UNKNOWN_TEXT = proxy.UNKNOWN_STRING_VALUE


def urn_of(token: str, name: str) -> str:
    """Return the URN of a resource in the tests' stack."""
    return f"urn:pulumi:test::project::{token}::{name}"


def secret(value: Any) -> dict[str, Any]:
    """Return a value as the engine marks secrets."""
    return {deserialize.SPECIAL_SIG_KEY: deserialize.SPECIAL_SECRET_SIG, "value": value}


def struct(values: Mapping[str, Any]) -> Struct:
    """Return values as the wire holds them."""
    result = Struct()
    result.update(values)
    return result


def provider(region: str = "us-west-2") -> proto.AnalyzerProviderResource:
    """Return an AWS provider of a region."""
    return proto.AnalyzerProviderResource(type="pulumi:providers:aws", properties=struct({"region": region}))


def resource(token: str, name: str = "one", **values: Any) -> proto.AnalyzeRequest:
    """Return the request to judge a resource's inputs."""
    return proto.AnalyzeRequest(
        type=token, urn=urn_of(token, name), name=name, properties=struct(values), provider=provider()
    )


def in_stack(
    token: str, name: str = "one", *, names: Mapping[str, list[str]] | None = None, **values: Any
) -> proto.AnalyzerResource:
    """Return a resource of a stack; `names` holds the URNs that each of its properties depends on."""
    depends = names or {}
    return proto.AnalyzerResource(
        type=token,
        urn=urn_of(token, name),
        name=name,
        properties=struct(values),
        provider=provider(),
        dependencies=[urn for urns in depends.values() for urn in urns],
        propertyDependencies={key: proto.AnalyzerPropertyDependencies(urns=urns) for key, urns in depends.items()},
    )


def configuration(**rules: dict[str, Any] | str) -> proto.ConfigureAnalyzerRequest:
    """Return a configuration as the engine sends it: it fills in the level of every rule."""
    levels = {"advisory": proto.ADVISORY, "mandatory": proto.MANDATORY, "disabled": proto.DISABLED}
    sent = {}
    for name, value in rules.items():
        given = {"enforcementLevel": value} if isinstance(value, str) else dict(value)
        level = levels[given.pop("enforcementLevel", "mandatory")]
        sent[name] = proto.PolicyConfig(enforcementLevel=level, properties=struct(given))
    return proto.ConfigureAnalyzerRequest(policyConfig=sent)
