"""The same resources for every judge: the engine's messages, a Pulumi deployment export, a Terraform plan, plain JSON.

Enters: declared resources. Leaves: messages, or JSON as the tools read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import proto

from bench.declared import ACCOUNT, REGION, Declared, urn

_STACK = "pulumi:pulumi:Stack"
_PROVIDER = "pulumi:providers:aws"
_PROVIDER_ID = "2f0f0c8e-8a5c-4a1f-9a40-0f6f3f0b6a10"
_CREATED = "2026-01-01T00:00:00Z"
# Objects that Terraform has as maps too; every other object is a block of its own.
_MAPS = frozenset({"tags", "variables", "dimensions"})
# Lists of blocks have the name of one block in Terraform.
_BLOCKS = {
    "rules": "rule",
    "parameters": "parameter",
    "attributes": "attribute",
    "load_balancers": "load_balancer",
    "encryption_configurations": "encryption_configuration",
    "apply_server_side_encryption_by_default": "apply_server_side_encryption_by_default",
}
_NAMES = {"aws_cloudwatch_metric_alarm": {"name": "alarm_name"}}


def messages(exported: Mapping[str, Any]) -> tuple[list[proto.AnalyzeRequest], proto.AnalyzeStackRequest]:
    """Return what the engine sends of a deployment: each resource by itself, then all of them."""
    requests, everything = [], proto.AnalyzeStackRequest()
    provider = proto.AnalyzerProviderResource(
        type=_PROVIDER, urn=urn(_PROVIDER, "aws"), name="aws", properties=_struct({"region": REGION})
    )
    for one in exported["deployment"]["resources"]:
        common: dict[str, Any] = {"urn": one["urn"], "type": one["type"], "name": one["urn"].rpartition("::")[2]}
        if "provider" in one:
            common["provider"] = provider
        requests.append(proto.AnalyzeRequest(**common, properties=_struct(one.get("inputs", {}))))
        depends = one.get("propertyDependencies", {})
        everything.resources.append(
            proto.AnalyzerResource(
                **common,
                properties=_struct(one.get("outputs", {})),
                dependencies=one.get("dependencies", ()),
                propertyDependencies={
                    key: proto.AnalyzerPropertyDependencies(urns=urns) for key, urns in depends.items()
                },
            )
        )
    return requests, everything


def export(declared: Sequence[Declared]) -> dict[str, Any]:
    """Return a deployment as `pulumi stack export` writes it."""
    root = urn(_STACK, "bench-bench")
    provider = urn(_PROVIDER, "aws")
    dated = {"created": _CREATED, "modified": _CREATED}
    held: list[dict[str, Any]] = [
        {"urn": root, "custom": False, "type": _STACK, **dated},
        {
            "urn": provider,
            "custom": True,
            "id": _PROVIDER_ID,
            "type": _PROVIDER,
            "inputs": {"region": REGION},
            "outputs": {"region": REGION},
            "parent": root,
            **dated,
        },
    ]
    for one in declared:
        depends = one.depends()
        held.append(
            {
                "urn": one.urn,
                "custom": True,
                "id": one.id,
                "type": one.token,
                "inputs": _inputs(one),
                "outputs": _outputs(one),
                "parent": root,
                "dependencies": _union(depends),
                "propertyDependencies": depends,
                "provider": f"{provider}::{_PROVIDER_ID}",
                **dated,
            }
        )
    manifest = {"time": _CREATED, "magic": "", "version": "v3.259.0"}
    return {"version": 3, "deployment": {"manifest": manifest, "secrets_providers": None, "resources": held}}


def plan(declared: Sequence[Declared]) -> dict[str, Any]:
    """Return a plan as `terraform show -json` writes it."""
    planned, changes, configured = [], [], []
    for one in declared:
        name = one.name.replace("-", "_")
        address = f"{one.terraform}.{name}"
        where = {"address": address, "mode": "managed", "type": one.terraform, "name": name}
        values = _block(one.terraform, _inputs(one))
        known = {**where, "provider_name": "registry.terraform.io/hashicorp/aws"}
        planned.append({**known, "schema_version": 0, "values": values, "sensitive_values": {}})
        change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {"id": True}}
        changes.append({**known, "change": {**change, "before_sensitive": False, "after_sensitive": {}}})
        expressions = {key: {"constant_value": value} for key, value in values.items()}
        configured.append({**where, "provider_config_key": "aws", "expressions": expressions, "schema_version": 0})
    provider = {"name": "aws", "expressions": {"region": {"constant_value": REGION}}}
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"provider_config": {"aws": provider}, "root_module": {"resources": configured}},
    }


def plain(declared: Sequence[Declared]) -> list[dict[str, Any]]:
    """Return the resources as objects with URN, type and properties, for a judge that knows neither tool."""
    return [{"urn": one.urn, "type": one.token, "properties": _inputs(one)} for one in declared]


def _inputs(one: Declared) -> dict[str, Any]:
    return {key: value for key, value in one.properties.items() if value is not None}


def _outputs(one: Declared) -> dict[str, Any]:
    return {**_inputs(one), **one.answered, "ownerId": ACCOUNT}


def _union(depends: Mapping[str, Sequence[str]]) -> list[str]:
    return sorted({urn for urns in depends.values() for urn in urns})


def _struct(values: Mapping[str, Any]) -> Struct:
    result = Struct()
    result.update(values)
    return result


def _block(terraform: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's values under Terraform's names, its blocks as lists."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        name = re.sub("(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", key)
        name = _NAMES.get(terraform, {}).get(name, name)
        if isinstance(value, Mapping) and name not in _MAPS:
            value = [_block("", value)]  # noqa: PLW2901
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            name = _BLOCKS[name]
            value = [_block("", item) for item in value]  # noqa: PLW2901
        result[name] = value
    return result
