"""Every emulated resource type lives as boto3 alone can see: created, read, changed, drifted, deleted."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws_plugin import handlers
from sandbox.aws_plugin.aws import Aws
from sandbox.aws_plugin.values import Props
from tests.sandbox.conformance import CASES
from tests.sandbox.conformance.case import Account, Case


def test_every_emulated_type_has_exactly_one_case() -> None:
    assert sorted(case.token for case in CASES) == sorted(handlers.tokens())


def handler_of(case: Case) -> handlers.Handler:
    handler = handlers.find(case.token)
    assert handler is not None
    return handler


def seen(case: Case, account: Account, thing_id: str) -> Any:
    """What boto3 sees; None where it sees nothing."""
    try:
        return case.seen(account, thing_id)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404):
            return None
        raise


def differences(inputs: Props, state: Props) -> dict[str, tuple[Any, Any]]:
    """What a program that gives these inputs would see as a change to this state."""
    return {
        name: (given, state.get(name))
        for name, given in inputs.items()
        if given is not None and state.get(name) != given
    }


def expected(value: Any, inputs: Props) -> Any:
    return value(inputs) if callable(value) else value


def finish(handler: handlers.Handler, inputs: Props, aws: Aws) -> tuple[str, Props | None] | None:
    """What becomes of a creation of which only the inputs are known that tell it from others."""
    told = handler.replace_on | {"region"}
    identity = {name: value for name, value in inputs.items() if name in told and isinstance(value, str)}
    found = handler.find(identity, aws)
    return (found, handler.complete(found, identity, inputs, aws)) if found else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.token.rpartition(":")[2])
def test_lifecycle(case: Case, aws: Aws, account: Account) -> None:
    """Create, read, update and delete do in the account what they say; nothing is reported that is not so."""
    handler = handler_of(case)
    inputs = case.inputs(account)
    if case.never is not None:
        assert handler.read(case.never, inputs, aws) is None
        handler.delete(case.never, inputs, aws)

    created = handler.create(inputs, aws)
    assert seen(case, account, created.id) == expected(case.created, inputs)
    assert differences(inputs, created.state) == {}
    assert {*case.outputs} <= created.state.keys()
    assert handler.read(created.id, created.state, aws) == created.state
    imported = handler.read(created.id, {}, aws)
    assert imported is not None
    assert imported.keys() >= {*case.outputs}
    finished = finish(handler, inputs, aws)
    assert finished in (None, (created.id, created.state)), "a creation in doubt is finished as what it created, or not"

    state = created.state
    update = case.update(account) if callable(case.update) else case.update
    if update:
        assert not update.keys() & handler.replace_on
        inputs = {name: value for name, value in {**inputs, **update}.items() if value is not None}
        state = handler.update(created.id, state, inputs, aws)
        assert seen(case, account, created.id) == expected(case.updated, inputs)
        assert differences(inputs, state) == {}
        assert handler.read(created.id, state, aws) == state
    else:
        assert inputs.keys() <= handler.replace_on, "a property that can be changed needs an update in its case"

    if case.drift:
        case.drift(account, created.id)
        drifted = handler.read(created.id, state, aws)
        assert drifted is not None
        assert {name: drifted.get(name) for name in case.drifted} == case.drifted
        assert differences(inputs, drifted).keys() == case.drifted.keys(), "drift in more than was changed by hand"

    handler.delete(created.id, state, aws)
    assert seen(case, account, created.id) == case.left
    if case.left is None:
        assert handler.read(created.id, state, aws) is None
    handler.delete(created.id, state, aws)
