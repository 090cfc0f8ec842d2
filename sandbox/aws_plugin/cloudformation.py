"""What AWS's own resource schemas, shipped in cfn-lint, say of a pulumi_aws type.

A resource token goes in; out come the properties that AWS can't change in place, those whose order means nothing, and
what a name may look like. Types and properties are matched by name, ignoring case; what can't be matched with certainty
has no facts, and the caller falls back to its own rule.
"""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# Pulumi modules whose types CloudFormation files under other services than the module's own name.
_SERVICES = {
    "acm": ("certificatemanager",),
    "alb": ("elasticloadbalancingv2",),
    "amp": ("aps",),
    "appautoscaling": ("applicationautoscaling",),
    "cfg": ("config",),
    "cloudwatch": ("cloudwatch", "logs", "events"),
    "ebs": ("ec2",),
    "elb": ("elasticloadbalancing",),
    "inspector2": ("inspectorv2",),
    "keyspaces": ("cassandra",),
    "lb": ("elasticloadbalancingv2",),
    "macie2": ("macie",),
    "mq": ("amazonmq",),
    "mskconnect": ("kafkaconnect",),
    "opensearch": ("opensearchservice",),
    "sesv2": ("ses",),
    "sfn": ("stepfunctions",),
    "ssoadmin": ("sso",),
    "timestreamwrite": ("timestream",),
    "vpc": ("ec2",),
}
# CloudFormation puts these before a type's name: RDS::DBCluster, Backup::BackupVault.
_TYPE_PREFIXES = ("", "db", "cache", "{service}")


@dataclass(frozen=True, slots=True)
class NameRule:
    """What AWS takes as a name: at most so many characters, matching the pattern."""

    max_length: int | None = None
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class _Type:
    name: str
    properties: dict[str, dict[str, Any]]
    create_only: frozenset[str]
    definitions: dict[str, dict[str, Any]]


def create_only(token: str, properties: frozenset[str]) -> frozenset[str]:
    """Which of the type's properties AWS sets at creation only."""
    return frozenset(name for name in properties if _matched(token, name) in _create_only(token))


def updatable(token: str, name: str) -> bool:
    """Whether AWS is known to change this property in place."""
    matched = _matched(token, name)
    return matched is not None and matched not in _create_only(token)


def unordered(token: str, name: str) -> bool:
    """Whether the list's order is known to mean nothing."""
    declared = _declaration(token, name)
    return bool(declared.get("uniqueItems")) or declared.get("insertionOrder") is False


def name_rule(token: str, name: str) -> NameRule:
    """How AWS limits the property that names a resource."""
    declared = _declaration(token, name)
    pattern = declared.get("pattern")
    try:
        compiled = re.compile(pattern) if isinstance(pattern, str) else None
    except re.error:
        compiled = None  # a pattern in a dialect of its own limits nothing here: AWS still judges the name at creation
    limit = declared.get("maxLength")
    return NameRule(limit if isinstance(limit, int) else None, compiled)


def _create_only(token: str) -> frozenset[str]:
    found = _type(token)
    return found.create_only if found else frozenset()


def _declaration(token: str, name: str) -> dict[str, Any]:
    found, matched = _type(token), _matched(token, name)
    if found is None or matched is None:
        return {}
    declared = found.properties[matched]
    return found.definitions.get(str(declared.get("$ref")).removeprefix("#/definitions/"), declared)


@cache
def _matched(token: str, name: str) -> str | None:
    """The CloudFormation property of the same meaning: the same name, or that name after the type's (BucketName)."""
    found = _type(token)
    if found is None:
        return None
    plain = name.lower()
    kind = found.name.rpartition("::")[2].lower()
    candidates = {plain, kind + plain}
    if kind.startswith("db"):
        candidates.add("db" + plain)
    if plain == kind:  # the bucket of a Bucket is its BucketName
        candidates.add(kind + "name")
    if kind.startswith("security"):
        candidates.add("group" + plain)
    matches = [declared for declared in found.properties if declared.lower() in candidates]
    return matches[0] if len(matches) == 1 else None


@cache
def _type(token: str) -> _Type | None:
    module, _, kind = token.partition(":")[2].partition(":")
    service = module.partition("/")[0].replace("-", "")
    wanted = kind.lower()
    names = [
        _types()[key]
        for candidate in _SERVICES.get(service, (service,))
        for prefix in _TYPE_PREFIXES
        if (key := (candidate, prefix.format(service=candidate) + wanted)) in _types()
    ]
    if len(set(names)) != 1:
        return None
    full_name, file = names[0]
    declared = json.loads((_folder() / "resources" / f"{file}.json").read_text(encoding="utf-8"))
    paths = [path.removeprefix("/properties/") for path in declared.get("createOnlyProperties", ())]
    return _Type(
        name=full_name,
        properties=declared.get("properties", {}),
        create_only=frozenset(path for path in paths if "/" not in path),
        definitions=declared.get("definitions", {}),
    )


@cache
def _types() -> dict[tuple[str, str], tuple[str, str]]:
    """(service, type) in lower case → CloudFormation type and the file that describes it in us-west-2."""
    index = json.loads((_folder() / "providers" / "us-west-2.json").read_text(encoding="utf-8"))
    found = {}
    for name, file in index.items():
        _, service, kind = name.lower().split("::")[:3]
        found[service, kind] = (name, file)
    return found


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("cfn-lint is not installed beside the sandbox")
    return Path(spec.submodule_search_locations[0]) / "data" / "schemas"
