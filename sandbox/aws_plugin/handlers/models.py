"""What botocore's models and the SDK say of a record, so that the record needn't."""

import functools
import re
from collections.abc import Mapping
from typing import Any

from botocore import xform_name

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.aws import service_model
from sandbox.aws_plugin.handlers import translate
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Step

# Properties that every type may have and that no operation of its own takes.
COMMON = frozenset({"region", "tags", "tagsAll", "timeouts"})


@functools.cache
def operation(service: str, name: str) -> Any:
    """The botocore model of an operation by boto3's name.

    :raises KeyError: the service has no such operation.
    """
    return service_model(service).operation_model(_operations(service)[name])


def members_of(service: str, name: str) -> Mapping[str, Any]:
    """The members that an operation takes, and their shapes."""
    shape = operation(service, name).input_shape
    return shape.members if shape else {}


@functools.cache
def _operations(service: str) -> dict[str, str]:
    return {xform_name(name): name for name in service_model(service).operation_names}


def names(record: Record, call: Call) -> dict[str, str]:
    """Wire name -> AWS name, as far as they differ, for one call."""
    return {**record.names, **call.names}


@functools.cache
def takes(record: Record, step: Step) -> Mapping[str, str]:
    """The input properties that a step sends: wire name -> AWS member (a dotted path; empty for code)."""
    if isinstance(step, Code):
        return dict.fromkeys(step.only, "")
    members, known = members_of(record.service, step.operation), names(record, step)
    found = {}
    for name in step.only or schema.resource(record.token).inputs:
        member = known.get(name) or translate.find_name(members, name, record.noun)
        if member and member.partition(".")[0] in members and name not in COMMON:
            found[name] = member
    return found


def carries(record: Record, step: Step) -> frozenset[str]:
    """The input properties whose change runs a step: those it sends, and those it is told to act on."""
    return frozenset(takes(record, step)) | frozenset(step.only)


@functools.cache
def key_properties(record: Record) -> frozenset[str]:
    """The input properties that identify the thing."""
    templates = " ".join([*record.key.values(), record.id if "{" in record.id else ""])
    return frozenset(re.findall(r"\{(\w+)\}", templates)) & schema.resource(record.token).inputs.keys()


@functools.cache
def name_property(record: Record) -> str | None:
    """The property that holds the thing's name, if the type can make one up from a prefix."""
    inputs = schema.resource(record.token).inputs
    return next((name for name in inputs if f"{name}Prefix" in inputs), None)


@functools.cache
def replace_on(record: Record) -> frozenset[str]:
    """The properties that AWS has no update for: create takes them and no update does, or they identify the thing."""
    changeable = {name for step in record.updates for name in carries(record, step)}
    fixed = (takes(record, record.create).keys() - changeable - record.flags) | key_properties(record)
    name = name_property(record)
    fixed |= {name, f"{name}Prefix"} if name else set()
    fixed |= {"region"} & schema.resource(record.token).inputs.keys()
    return frozenset(fixed) | record.replace_on


@functools.cache
def emulated(record: Record) -> frozenset[str]:
    """Every input property that the record does something with."""
    steps = (record.create, *record.updates, *record.deletes)
    return frozenset().union(*(carries(record, step) for step in steps), replace_on(record), record.flags, COMMON)


@functools.cache
def covers(record: Record, step: Step) -> frozenset[str]:
    """The properties that a read reports: one that AWS doesn't return is then known to be unset."""
    if step.only or isinstance(step, Code):
        return frozenset(step.only)
    shape = operation(record.service, step.operation).output_shape
    if shape is None:
        return frozenset()
    shape = translate.shape_at(shape, re.sub(r"\[[^\]]*\]|[|@\s]", "", step.at))
    while shape.type_name == "list":
        shape = shape.member
    members, known = getattr(shape, "members", {}), names(record, step)
    candidates = schema.resource(record.token).outputs - key_properties(record) - record.flags - COMMON
    return frozenset(
        name
        for name in candidates - record.computed.keys()
        if name in known or translate.find_name(members, name, record.noun)
    )
