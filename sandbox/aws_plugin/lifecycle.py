"""Create, read, update and delete, through the handlers, in a running emulator.

Checked inputs and stored states go in, both as Python values; new states come out. Every state records in `__emulator`
which incarnation of the emulator holds the resource, and is never believed under another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.configuration import Configuration
from sandbox.aws_plugin.diff import same
from sandbox.aws_plugin.emulator import Emulator, EmulatorError
from sandbox.aws_plugin.errors import DoubtfulError, PartialError, PluginError
from sandbox.aws_plugin.schema import ListOf, MapOf, ObjectOf, Property, Resource, Type
from sandbox.aws_plugin.values import Props, Secret, encode, like, plain, redacted

INCARNATION = "__emulator"
T = TypeVar("T")
_TAGS = MapOf(schema.Scalar("string"))
# What botocore raises, and `AwsError` carries as its code, when nobody listens at the endpoint.
_NO_ANSWER = frozenset(
    {
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "EndpointConnectionError",
        "HTTPClientError",  # the connection was reset in the middle of an answer
        "ReadTimeoutError",
    }
)


class Lifecycle:
    """Resources of one provider in one emulator."""

    def __init__(self, emulator: Emulator, configuration: Configuration) -> None:
        self._emulator = emulator
        self._configuration = configuration
        self._aws: Any = None
        self._lock = threading.Lock()

    def create(self, token: str, inputs: Props) -> tuple[str, Props]:
        """A new resource's id and state.

        Raises `PluginError`, `EmulatorError`, `PartialError` if it exists, but isn't complete, or `DoubtfulError` if it
        may exist.
        """
        handler = _handler(token)
        if handler is None:
            raise PluginError(f"{token}: not emulated by the sandbox: it previews, but `up` cannot create it here")
        incarnation = self._emulator.live()
        created = self._run(lambda aws: handler.create(_for_handler(inputs), aws), token, inputs, incarnation)
        return created.id, _state(token, created.state, inputs, incarnation)

    def finish(self, token: str, identity: Props, inputs: Props) -> tuple[str, Props] | None:
        """What `create` returns, of a resource whose creation with inputs that hold `identity` is in doubt.

        None if it isn't there, or can't be found.
        """
        handler, incarnation = _handler(token), self._emulator.live()
        id_ = self._run(lambda aws: handler.find(identity, aws), token, inputs, incarnation)
        if id_ is None:
            return None
        wanted = _for_handler(inputs)
        real = self._run(lambda aws: handler.complete(id_, identity, wanted, aws), token, inputs, incarnation)
        return None if real is None else (id_, _state(token, real, inputs, incarnation))

    def read(self, token: str, id_: str, inputs: Props, state: Props) -> tuple[Props, Props] | None:
        """The resource's inputs and state as they really are; None if it is gone.

        Without inputs and state, as for an import, the inputs are all that AWS knows of them.
        """
        incarnation = self._emulator.live()
        handler = _handler(token)
        if handler is None:
            if state and state.get(INCARNATION) != incarnation:
                return None
            raise PluginError(f"{token}: not emulated by the sandbox: `{id_}` cannot be read here")
        stored = {**inputs, **state}
        real = self._run(lambda aws: handler.read(id_, _for_handler(state), aws), token, stored, incarnation)
        if real is None:
            return None
        resource = schema.resource(token)
        read = _state(token, real, stored, incarnation)
        return _read_inputs(resource, inputs, read), read

    def update(self, token: str, id_: str, olds: Props, news: Props) -> Props:
        """The new state of an updated resource; raises as `create` does."""
        incarnation = self._emulator.live()
        self.require_held(token, id_, olds, incarnation)
        handler = _handler(token)
        if handler is None:
            raise PluginError(f"{token}: not emulated by the sandbox: `up` cannot update it here")
        update: Callable[[Any], Props] = lambda aws: handler.update(id_, _for_handler(olds), _for_handler(news), aws)  # noqa: E731
        return _state(token, self._run(update, token, news, incarnation, olds), news, incarnation)

    def delete(self, token: str, id_: str, state: Props) -> None:
        """Delete the resource; one that went with its emulator is deleted already."""
        handler = _handler(token)
        if state.get(INCARNATION) != self._emulator.live() or handler is None:
            return
        self._run(lambda aws: handler.delete(id_, _for_handler(state), aws), token, state, "")

    def invoke(self, token: str, arguments: Props) -> Props:
        """What the function returns.

        Raises `PluginError` if the sandbox doesn't emulate it, or it fails.
        """
        from sandbox.aws_plugin import handlers

        return self._run(lambda aws: handlers.invoke(token, _for_handler(arguments), aws), token, arguments, "")

    def require_held(self, token: str, id_: str, state: Props, incarnation: str | None = None) -> None:
        """Raise `PluginError` unless the emulator that answers is the one that the state is about."""
        if state.get(INCARNATION) != (incarnation or self._emulator.seen()):
            raise PluginError(
                f"{token} `{id_}` exists in the state, but the emulator that held it has stopped: run `pulumi refresh` "
                "to drop what is gone, or `python -m sandbox reset`"
            )

    def _run(
        self, operation: Callable[[Any], T], token: str, props: Props, incarnation: str, olds: Props | None = None
    ) -> T:
        """The operation's result, its failures as the plugin's own errors, in which no secret property is quoted."""
        from sandbox.aws_plugin import handlers
        from sandbox.aws_plugin.aws import AwsError

        try:
            return operation(self._account())
        except handlers.PartlyCreated as error:
            state = _state(token, error.state, props, incarnation)
            raise PartialError(error.id, encode(state), str(self._failure(error.cause, props, olds))) from None
        except (handlers.NotEmulated, AwsError) as error:
            raise self._failure(error, props, olds) from None

    def _failure(self, error: Exception, props: Props, olds: Props | None) -> PluginError | EmulatorError:
        """What went wrong, in one line that quotes no secret property."""
        if getattr(error, "code", None) in _NO_ANSWER:
            return self._emulator.down()
        kind = DoubtfulError if getattr(error, "in_doubt", False) else PluginError
        return kind(redacted(str(error), [props, olds]))

    def _account(self) -> Any:
        """The handlers' way to AWS, once the account is known to be one that the provider may touch."""
        from sandbox.aws_plugin.aws import Aws

        with self._lock:
            if self._aws is None:
                configured = self._configuration
                aws = Aws(self._emulator.endpoint, configured.provider.region or "us-west-2")
                if configured.allowed and aws.account not in configured.allowed:
                    raise PluginError(f"the emulator's account {aws.account} is not among aws:allowedAccountIds")
                if configured.forbidden and aws.account in configured.forbidden:
                    raise PluginError(f"the emulator's account {aws.account} is among aws:forbiddenAccountIds")
                self._aws = aws
            return self._aws


def _handler(token: str) -> Any:
    from sandbox.aws_plugin import handlers

    return handlers.find(token)


def _for_handler(props: Props) -> Props:
    return {name: value for name, value in plain(props).items() if not name.startswith("__")}


def _state(token: str, real: Props, model: Props, incarnation: str) -> Props:
    """What to store of a resource: secret where its inputs or old state are, and where its type always is."""
    marked = {name: like(value, model.get(name)) for name, value in real.items()}
    for name in schema.resource(token).secret_outputs & marked.keys():
        if marked[name] is not None and not isinstance(marked[name], Secret):
            marked[name] = Secret(marked[name])
    return {**marked, INCARNATION: incarnation}


def _read_inputs(resource: Resource, olds: Props, state: Props) -> Props:
    """The inputs that would produce the real state: of an import all that are set, else those that the program gave."""
    types = {name: declared.type for name, declared in resource.inputs.items()} | {"tagsAll": _TAGS}
    if not olds:
        return {name: state[name] for name in types if state.get(name) not in (None, "", [], {})}
    kept = {name: value for name, value in olds.items() if name.startswith("__")}
    real = {name: state[name] for name in olds.keys() & types.keys() if state.get(name) is not None}
    return kept | {name: _merged(olds[name], value, types[name]) for name, value in real.items()}


def _merged(old: Any, real: Any, declared: Type) -> Any:
    """The real value in the old one's words: what means the same stays as it was written, and a nested object keeps to
    the properties that the program set.
    """
    if isinstance(old, Secret) or isinstance(real, Secret):
        merged = _merged(plain(old), plain(real), declared)
        return merged if isinstance(merged, Secret) else Secret(merged)
    scalars = isinstance(declared, ListOf) and not isinstance(declared.item, ObjectOf)
    if same(old, real, ordered=not scalars):
        return old
    match declared:
        case ObjectOf() if isinstance(old, dict) and isinstance(real, dict):
            return _merged_object(old, real, declared.properties)
        case ListOf(item=item) if isinstance(old, list) and isinstance(real, list) and len(old) == len(real):
            return [_merged(before, now, item) for before, now in zip(old, real, strict=True)]
    return real


def _merged_object(old: Props, real: Props, declared: dict[str, Property]) -> Props:
    return {
        name: _merged(value, real.get(name), declared[name].type) if name in declared and name in real else value
        for name, value in old.items()
    }
