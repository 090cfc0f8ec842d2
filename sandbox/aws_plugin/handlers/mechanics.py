"""The life of a resource type, from its record: create, read, update, delete.

In: a `Record`, wire properties, an `Aws`. Out: a `Handler`. Rules that hold for every type:
- A property that the new inputs don't hold keeps what AWS has, unless the record's `defaults` says what to send.
- State is the inputs, less secrets, plus all that the reads find, in the words of `translate.settle`. What the service
  chose itself (an engine version, a zone) is in there too; no input names it, so it makes no difference. A property
  that a read covers and AWS no longer returns leaves the state; what no read covers (flags, say) stays as it was given.
- An input that no step takes is refused, not ignored.
- "Not found" at the first read, or at a delete, means gone; at a later read, that this part is not set.
"""

import functools
import re
import secrets
from collections.abc import Mapping
from typing import Any

from botocore import xform_name

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.aws import Aws, AwsError, wait
from sandbox.aws_plugin.handlers import calls, models, tags, translate
from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Created, Handler, NotEmulated, PartlyCreated, Record
from sandbox.aws_plugin.values import Props


def handler(record: Record) -> Handler:
    """The handler of a record."""
    return Handler(
        create=functools.partial(_create, record),
        find=functools.partial(_find, record),
        complete=functools.partial(_complete, record),
        read=functools.partial(_read, record),
        update=functools.partial(_update, record),
        delete=functools.partial(_delete, record),
        replace_on=models.replace_on(record),
    )


def _create(record: Record, inputs: Props, aws: Aws) -> Created:
    inputs = _named(record, _checked(record, inputs))
    scope = Scope(record, inputs, aws)
    members = calls.order(record, record.create, scope) | tags.on_creation(record, scope)
    answer = scope.call(record.create.operation, **members)
    thing, found = calls.properties(record, record.create, answer, scope)
    known = {**found, **inputs}
    scope |= known
    thing_id = scope.fill(record.id) if "{" in record.id else calls.search(record.id, thing)
    if not thing_id:
        raise AwsError(record.create.operation, record.service, "NotFound", "AWS answered without the id of the thing")
    scope["id"] = thing_id
    try:
        if record.ready:
            _wait(record, record.ready, scope)
        for step in record.after_create:
            calls.make(record, step, scope, {})
        taken = {name: value for name, value in inputs.items() if name in models.takes(record, record.create)}
        new = {**record.defaults, **record.initially, **found, **taken}
        _apply(record, scope, new, tags.wanted(inputs) if tags.creation_member(record) else {})
        state = _read_again(record, record.create.operation, thing_id, known, aws)
    except (AwsError, NotEmulated) as cause:
        raise PartlyCreated(thing_id, _storable(record, known), cause) from cause
    return Created(thing_id, state)


def _find(record: Record, identity: Props, aws: Aws) -> str | None:
    scope = Scope(record, identity, aws)
    try:
        if record.unique:
            answer = scope.call(record.unique.operation, **scope.fill(dict(record.unique.given)))
            return calls.search(record.unique.at, answer) or None
        return scope.fill(record.id) if "{" in record.id else None
    except KeyError:  # an input is missing that the id or the question is made of
        return None


def _complete(record: Record, thing_id: str, identity: Props, inputs: Props, aws: Aws) -> Props | None:
    """Make of a thing that was created, and no more, what a new one is to be; None if it isn't there."""
    scope = Scope(record, {**inputs, **identity, "id": thing_id}, aws)
    thing, _ = calls.look(record, record.reads[0], scope)
    if thing is None or _counts_as_gone(record, thing, scope):
        return None
    if record.ready:
        _wait(record, record.ready, scope)
    for step in record.after_create:
        calls.make(record, step, scope, {})
    return _update(record, thing_id, _read_again(record, "adoption", thing_id, identity, aws), inputs, aws)


def _read(record: Record, thing_id: str, state: Props, aws: Aws) -> Props | None:
    known = {**_from_id(record, thing_id), **state}
    scope = Scope(record, {**known, "id": thing_id}, aws)
    first: Any = None
    found: Props = {}
    covered: set[str] = set()
    for step in record.reads:
        thing, props = calls.look(record, step, scope)
        if first is None:
            first = thing
            if thing is None or _counts_as_gone(record, thing, scope):
                return None
        covered |= models.covers(record, step)
        found |= props
        scope |= props
    computed = {name: scope.fill(template) for name, template in record.computed.items()}
    scope |= computed
    kept = {n: v for n, v in known.items() if n not in covered or translate.is_zero(v)}
    settled = {n: translate.settle(state.get(n), value, record.defaults, n) for n, value in found.items()}
    result = kept | settled | computed | tags.read(record, first, scope, state)
    if "region" in schema.resource(record.token).outputs:
        result["region"] = scope["region"]
    return _storable(record, result)


def _read_again(record: Record, after: str, thing_id: str, known: Props, aws: Aws) -> Props:
    """The state of a thing that must be there."""
    state = _read(record, thing_id, known, aws)
    if state is None:
        raise AwsError(after, record.service, "NotFound", f"{thing_id} is gone straight after it")
    return state


def _update(record: Record, thing_id: str, old_state: Props, new_inputs: Props, aws: Aws) -> Props:
    new_inputs = _checked(record, new_inputs)
    # What an update can't change, and what AWS alone says, is still true; the rest is as the new inputs have it.
    standing = models.replace_on(record) | (old_state.keys() - models.emulated(record))
    known = {**{name: old_state[name] for name in standing & old_state.keys()}, **new_inputs}
    scope = Scope(record, {**known, "id": thing_id}, aws)
    if _apply(record, scope, old_state, tags.wanted(old_state)) and record.ready:
        _wait(record, record.ready, scope)
    return _read_again(record, "update", thing_id, known, aws)


def _delete(record: Record, thing_id: str, state: Props, aws: Aws) -> None:
    scope = Scope(record, {**_from_id(record, thing_id), **state, "id": thing_id}, aws)
    thing, found = calls.look(record, record.reads[0], scope)
    if thing is None or _counts_as_gone(record, thing, scope):
        return
    scope |= {**found, **scope}
    for step in record.deletes:
        try:
            calls.make(record, step, scope, {})
        except AwsError as error:
            if not calls.is_not_found(error):
                raise
    if record.deleted:
        _wait(record, record.deleted, scope)


def _apply(record: Record, scope: Scope, old: Props, old_tags: Mapping[str, str]) -> bool:
    """Make every update that a changed property asks for; returns whether there was one."""
    changed = False
    for step in record.updates:
        triggers = models.carries(record, step) - record.flags - models.key_properties(record)
        if any(calls.differs(record, name, scope, old) for name in triggers):
            calls.make(record, step, scope, old)
            changed = True
    return tags.apply(record, scope, old_tags) or changed


def _counts_as_gone(record: Record, thing: Any, scope: Scope) -> bool:
    return record.gone is not None and bool(calls.search(scope.fill(record.gone), thing))


def _wait(record: Record, waiter: str, scope: Scope) -> None:
    operation = xform_name(scope.client.get_waiter(waiter).config.operation)
    wait(scope.client, waiter, calls.identify(record.service, operation, record.key, scope))


def _checked(record: Record, inputs: Props) -> Props:
    """The inputs that say something, all of which the record must know."""
    given = {name: value for name, value in inputs.items() if value is not None and not name.startswith("__")}
    for name in given.keys() - models.emulated(record):
        if not translate.is_zero(given[name]):
            raise NotEmulated(f"{record.token}: the sandbox does not emulate the property {name}")
    return given


def _named(record: Record, inputs: Props) -> Props:
    name = models.name_property(record)
    if name is None or inputs.get(name):
        return inputs
    return {**inputs, name: f"{inputs.get(f'{name}Prefix') or 'hedgerow-'}{secrets.token_hex(4)}"}


def _from_id(record: Record, thing_id: str) -> Props:
    """The properties that an id holds, so that a thing can be read by its id alone (import)."""
    names = re.findall(r"\{(\w+)\}", record.id)
    match = re.fullmatch(re.sub(r"\\\{\w+\\\}", "(.+?)", re.escape(record.id)), thing_id) if names else None
    found = dict(zip(names, match.groups(), strict=True)) if match else {}
    return {name: value for name, value in found.items() if name in schema.resource(record.token).outputs}


def _storable(record: Record, props: Props) -> Props:
    return {
        name: value
        for name, value in props.items()
        if name not in schema.resource(record.token).secret_outputs | {"id"}
    }
