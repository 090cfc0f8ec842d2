"""The physical name of a resource that its program does not name.

A type, the program's inputs and the engine's seed go in; a property and a name come out, or what forbids the name. As
in the official provider, the name is the resource's logical name, a hyphen and seven hexadecimal digits, and is kept
for as long as the resource lives.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sandbox.aws_plugin import cloudformation
from sandbox.aws_plugin.schema import Resource, Scalar
from sandbox.aws_plugin.values import Props

# Limits that CloudFormation's schemas leave out, from the AWS API reference of each service's create operation.
_MAX_LENGTHS = {
    "aws:alb/loadBalancer:LoadBalancer": 32,
    "aws:alb/targetGroup:TargetGroup": 32,
    "aws:backup/vault:Vault": 50,
    "aws:elasticache/subnetGroup:SubnetGroup": 255,
    "aws:elb/loadBalancer:LoadBalancer": 32,
    "aws:iam/group:Group": 128,
    "aws:iam/policy:Policy": 128,
    "aws:iam/rolePolicy:RolePolicy": 128,
    "aws:iam/user:User": 64,
    "aws:lambda/function:Function": 64,
    "aws:lb/loadBalancer:LoadBalancer": 32,
    "aws:lb/targetGroup:TargetGroup": 32,
    "aws:sqs/queue:Queue": 80,
}
_DEFAULT_MAX_LENGTH = 255
# Services that store names in lower case: another case would differ at the next refresh.
_LOWER_CASE = ("aws:docdb/", "aws:elasticache/", "aws:neptune/", "aws:rds/")
_SUFFIX_LENGTH = 7


@dataclass(frozen=True, slots=True)
class Autonaming:
    """What `pulumi:autonaming` in the stack's configuration asks for."""

    proposed: str
    enforce: bool
    disable: bool


class NameRefusedError(ValueError):
    """No automatic name is possible; the message names the property and the limit."""


def named_by(resource: Resource) -> str | None:
    """The optional input that names the resource in AWS: `name`, or one that a prefix can stand in for (bucket)."""
    optional = [
        name
        for name, declared in resource.inputs.items()
        if declared.type == Scalar("string") and not declared.required
    ]
    if "name" in optional:
        return "name"
    return next((name for name in optional if f"{name}Prefix" in resource.inputs), None)


def fresh_name(logical_name: str, seed: bytes) -> str:
    """A name of its own for each seed; without a seed a random one."""
    digits = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(_SUFFIX_LENGTH)
    return f"{logical_name}-{digits[:_SUFFIX_LENGTH]}"


def automatic_name(token: str, name: str, fresh: str, inputs: Props, asked: Autonaming | None) -> str:
    """The value of the property `name`: what the configuration asks for, else the fresh name, as the service takes it.

    Raises `NameRefusedError` if the configuration forbids automatic names or AWS would refuse the one that results.
    """
    if asked and asked.disable:
        raise NameRefusedError(f"{name}: is not set, and the stack's configuration turns automatic naming off")
    chosen = (asked.proposed if asked else "") or fresh
    if not (asked and asked.enforce):
        chosen = _fitted(token, name, chosen, inputs)
    rule = cloudformation.name_rule(token, name)
    limit = _MAX_LENGTHS.get(token) or rule.max_length or _DEFAULT_MAX_LENGTH
    if len(chosen) > limit:
        raise NameRefusedError(
            f"{name}: the automatic name {chosen!r} has {len(chosen)} characters, AWS takes {limit}: set {name} itself"
        )
    if rule.pattern and not rule.pattern.search(chosen):
        raise NameRefusedError(
            f"{name}: AWS does not take the automatic name {chosen!r} (only {rule.pattern.pattern}): set {name} itself"
        )
    return chosen


def _fitted(token: str, property_name: str, name: str, inputs: Props) -> str:
    if inputs.get("fifoQueue") is True or inputs.get("fifoTopic") is True:
        name = f"{name.removesuffix('.fifo')}.fifo"
    if token == "aws:kms/alias:Alias":  # noqa: S105 - a type token
        name = f"alias/{name.removeprefix('alias/')}"
    if token.startswith(_LOWER_CASE):
        name = name.lower()
    pattern = cloudformation.name_rule(token, property_name).pattern
    candidates = (name, name.lower(), name.replace("-", "_"))
    return next((candidate for candidate in candidates if pattern and pattern.search(candidate)), name)
