"""One call of a record: what it sends, and what of its answer is a property."""

import re
from collections.abc import Mapping
from typing import Any

import jmespath

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.aws import Aws, AwsError, perform
from sandbox.aws_plugin.handlers import models, translate
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Step
from sandbox.aws_plugin.values import Props

_NOT_FOUND = re.compile(r"NotFound|NoSuch|DoesNotExist|Nonexistent|^404$|^InvalidDocument$")


def is_not_found(error: AwsError) -> bool:
    """Whether AWS says that the thing isn't there; services have no common code for it."""
    return _NOT_FOUND.search(error.code) is not None


class Scope(Props):
    """What templates and calls are filled from: the properties by wire name, `id`, `region`, `account`, `partition`."""

    def __init__(self, record: Record, props: Mapping[str, Any], aws: Aws) -> None:
        super().__init__(props)
        self["region"] = props.get("region") or aws.region
        self.aws = aws
        self.client = aws.client(record.service, self["region"])
        self.secrets = [str(props[name]) for name in schema.resource(record.token).secret_outputs if props.get(name)]

    def __missing__(self, name: str) -> str:
        if name == "account":
            return self.aws.account
        if name == "partition":
            return self.aws.partition(self["region"])
        raise KeyError(name)

    def fill(self, value: Any) -> Any:
        """A template with its names replaced; in a list or dict each of them; anything else as it is."""
        if isinstance(value, str):
            return value.format_map(self) if "{" in value else value
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        return {name: self.fill(item) for name, item in value.items()} if isinstance(value, dict) else value

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        """Call an operation of the record's service by boto3's name of it."""
        return perform(self.client, operation, members, self.secrets)


def search(expression: str, thing: Any) -> Any:
    """JMESPath."""
    return jmespath.search(expression, thing)


def identify(service: str, operation: str, key: Mapping[str, str], scope: Scope) -> dict[str, Any]:
    """The members that identify the thing to an operation, as far as it has such members."""
    shapes = models.members_of(service, operation)
    members = {}
    for name, template in key.items():
        if target := translate.find_name(shapes, name):
            members[target] = translate.to_aws(scope.fill(template), shapes[target], {})
    return members


def question(record: Record, call: Call, scope: Scope) -> dict[str, Any]:
    """What a read sends: what identifies the thing, never its properties."""
    return {**identify(record.service, call.operation, record.key, scope), **scope.fill(dict(call.given))}


def order(record: Record, call: Call, scope: Scope, old: Props | None = None) -> dict[str, Any]:
    """What a create, update or delete sends besides the key: every property that it takes.

    An update that replaces nothing as a whole (`put_…` does, and what also creates) sends what differs from `old`, what
    its model requires, and flags.
    """
    key = {name: template for name, template in record.key.items() if "{id}" not in template or "id" in scope}
    members = identify(record.service, call.operation, key, scope)
    shape, names = models.operation(record.service, call.operation).input_shape, models.names(record, call)
    whole = old is None or call is record.create or call.operation.startswith("put_")
    for name, member in models.takes(record, call).items():
        value = wanted(record, name, scope)
        if value is None or (call is record.create and name not in scope and translate.is_zero(value)):
            continue
        required = member.partition(".")[0] in shape.required_members
        if whole or required or name in record.flags or differs(record, name, scope, old or {}):
            value = translate.to_aws(value, translate.shape_at(shape, member), names, name)
            translate.put(members, member, value)
    return {**members, **scope.fill(dict(call.given)), **(call.send(scope) if call.send else {})}


def wanted(record: Record, name: str, scope: Scope) -> Any:
    """What a property is to be: as given, or what the record says of one that isn't."""
    return scope.get(name, record.defaults.get(name))


def differs(record: Record, name: str, scope: Scope, old: Props) -> bool:
    """Whether a property is to be other than it was."""
    new, before = wanted(record, name, scope), old.get(name)
    if new is None or (translate.is_zero(new) and translate.is_zero(before)):
        return False
    return not translate.same(new, translate.settle(new, before, record.defaults, name))


def applies(record: Record, call: Call, scope: Scope) -> bool:
    """Whether the call's `when` and `unless` let it be made."""

    def holds(name: str, value: Any) -> bool:
        actual = wanted(record, name, scope)
        return bool(actual == value) or (translate.is_zero(actual) and translate.is_zero(value))

    met = all(holds(*pair) for pair in call.when.items())
    return met and not (call.unless and all(holds(*pair) for pair in call.unless.items()))


def make(record: Record, step: Step, scope: Scope, old: Props) -> None:
    """Make an update or delete step.

    :raises AwsError: AWS refused.
    """
    if isinstance(step, Code):
        step.run(scope, old)
    elif applies(record, step, scope):
        scope.call(step.operation, **order(record, step, scope, old))


def look(record: Record, step: Step, scope: Scope) -> tuple[Any, Props]:
    """Make a read step: the thing itself as AWS has it (None: not there) and its properties.

    :raises AwsError: AWS refused for another reason than "not found".
    """
    try:
        if isinstance(step, Code):
            props = step.run(scope, scope)
            return props, props or {}
        answer = scope.call(step.operation, **question(record, step, scope))
    except AwsError as error:
        if is_not_found(error):
            return None, {}
        raise
    return properties(record, step, answer, scope)


def properties(record: Record, call: Call, answer: Mapping[str, Any], scope: Scope) -> tuple[Any, Props]:
    """The thing in an answer (None: not there) and its properties."""
    thing = search(scope.fill(call.at), answer)
    if thing is None:
        return None, {}
    inputs, names = schema.resource(record.token).inputs, models.names(record, call)
    props = {}
    for name in models.covers(record, call):
        value = search(scope.fill(names[name]), thing) if name in names else None
        if value is None and name not in call.names:
            value = thing.get(translate.find_name(thing, name, record.noun))
        if value is not None and value != {}:
            props[name] = translate.from_aws(value, inputs[name].type if name in inputs else None, names, name)
    return thing, props
