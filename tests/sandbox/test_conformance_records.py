"""Every record speaks of operations, members and properties that botocore and the SDK know."""

import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from sandbox.aws_plugin import handlers, schema
from sandbox.aws_plugin.handlers import models, translate
from sandbox.aws_plugin.handlers.invokes import INVOKES
from sandbox.aws_plugin.handlers.records import Call, Record

each_record = pytest.mark.parametrize(
    "record", handlers.RECORDS.values(), ids=[token.rpartition(":")[2] for token in handlers.RECORDS]
)


def calls(record: Record) -> Iterator[Call]:
    for step in (record.create, *record.reads, *record.updates, *record.deletes):
        if isinstance(step, Call):
            yield step


def has_property(token: str, path: str) -> bool:
    """Whether the SDK has a property, nested ones by dotted path."""
    name, _, rest = path.partition(".")
    resource = schema.resource(token)
    if not rest:
        return name in resource.inputs or name in resource.outputs
    kind: schema.Type | None = resource.inputs[name].type if name in resource.inputs else None
    for part in rest.split("."):
        while isinstance(kind, schema.ListOf | schema.MapOf):
            kind = kind.item
        if not isinstance(kind, schema.ObjectOf) or part not in kind.properties:
            return False
        kind = kind.properties[part].type
    return True


@each_record
def test_every_property_of_a_record_is_one_of_the_sdk(record: Record) -> None:
    steps = (record.create, *record.reads, *record.updates, *record.deletes)
    written = {*record.names, *record.defaults, *record.initially, *record.flags, *record.computed, *record.replace_on}
    written |= {name for step in steps for name in step.only}
    written |= {name for call in calls(record) for name in (*call.names, *call.when, *call.unless)}
    assert [path for path in sorted(written) if not has_property(record.token, path)] == []


@each_record
def test_every_template_of_a_record_names_a_property(record: Record) -> None:
    tagging = record.tagging.key.values() if record.tagging else ()
    written = str([*record.key.values(), record.id, *record.computed.values(), *tagging, *map(str, calls(record))])
    names = set(re.findall(r"\{(\w+)\}", written)) - {"id", "region", "account", "partition"}
    assert [name for name in sorted(names) if not has_property(record.token, name)] == []


@each_record
def test_every_operation_member_and_waiter_of_a_record_is_one_of_botocore(record: Record) -> None:
    tagging = record.tagging
    operations = [call.operation for call in calls(record)]
    operations += [name for name in (tagging.add, tagging.remove, tagging.read) if name] if tagging else []
    for name in operations:
        models.operation(record.service, name)
    for call in calls(record):
        members = models.members_of(record.service, call.operation)
        assert call.given.keys() <= members.keys(), call.operation
        shape = models.operation(record.service, call.operation).input_shape
        for path in models.takes(record, call).values():
            translate.shape_at(shape, path)
    waits = record.ready or record.deleted
    waiters = botocore.session.get_session().get_waiter_model(record.service).waiter_names if waits else []
    known = {re.sub(r"[^a-z]", "", name.lower()) for name in waiters}
    assert {name.replace("_", "") for name in (record.ready, record.deleted) if name} <= known


@each_record
def test_the_key_of_a_record_identifies_the_thing_to_every_change_of_it(record: Record) -> None:
    """An account's defaults have no key: there is one of each."""
    for step in (*record.updates, *record.deletes):
        if isinstance(step, Call):
            members = models.members_of(record.service, step.operation)
            named = any(translate.find_name(members, name) for name in record.key)
            named = named or bool(models.key_properties(record) & models.takes(record, step).keys())
            assert step.given or named or not record.key, step.operation


def leads(record: Record, call: Call, path: str, shape: Any) -> bool:
    """Whether a nested property's name, and those of its parents, are members of a shape."""
    parts, names = path.split("."), models.names(record, call)
    for place, part in enumerate(parts):
        while shape is not None and shape.type_name == "list":
            shape = shape.member
        members = getattr(shape, "members", {})
        member = names.get(".".join(parts[: place + 1])) or translate.find_name(members, part)
        if member is None or member.partition(".")[0] not in members:
            return False
        shape = translate.shape_at(shape, member)
    return True


@each_record
def test_every_name_of_a_record_is_of_use(record: Record) -> None:
    """A name that no operation knows is a misspelling."""
    nested = {path for path in record.names if "." in path}
    reached: set[str] = set()
    for call in calls(record):
        operation = models.operation(record.service, call.operation)
        reached |= {name for name, path in record.names.items() if models.takes(record, call).get(name) == path}
        reached |= models.covers(record, call) if call in record.reads else set()
        shapes = (operation.input_shape, operation.output_shape)
        reached |= {path for path in nested if any(leads(record, call, path, shape) for shape in shapes)}
    assert sorted(record.names.keys() - reached) == []


@each_record
def test_a_property_is_either_replaced_or_updated_or_only_steers(record: Record) -> None:
    """No input that the record knows falls through: its change would be accepted and do nothing."""
    changed = {name for step in record.updates for name in models.carries(record, step)}
    deleted = {name for step in record.deletes for name in models.carries(record, step)}
    handled = models.replace_on(record) | changed | record.flags | models.COMMON
    assert sorted(models.emulated(record) - handled) == []
    assert sorted(deleted - handled) == []


def test_every_function_is_one_of_the_sdk() -> None:
    assert [token for token in INVOKES if not schema.is_function(token)] == []


def test_what_is_replaced_follows_from_the_operations() -> None:
    """Two types, spelled out: what `replace_on` is derived to be."""
    alias, cluster = (handlers.find(token) for token in ("aws:kms/alias:Alias", "aws:rds/cluster:Cluster"))
    assert alias is not None
    assert alias.replace_on == {"name", "namePrefix", "region"}
    assert cluster is not None
    assert cluster.replace_on >= {"clusterIdentifier", "engine", "kmsKeyId", "masterUsername", "storageEncrypted"}
    assert not cluster.replace_on & {"backupRetentionPeriod", "deletionProtection", "engineVersion", "tags"}


def test_unknown_types_and_functions_are_not_emulated() -> None:
    assert handlers.find("aws:quicksight/dataSet:DataSet") is None
    with pytest.raises(handlers.NotEmulated, match="getVpc"):
        handlers.invoke("aws:ec2/getVpc:getVpc", {}, None)  # type: ignore[arg-type]  # it is refused before it is used
