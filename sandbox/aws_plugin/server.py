"""The engine's ResourceProvider protocol, answered for all of pulumi_aws.

The engine's requests come in over gRPC; what a type accepts (`check`), what changed (`diff`), what an update would
give, and what the emulator really holds (`lifecycle`) go out. Nothing here knows a service of AWS.
"""

from __future__ import annotations

import re
import threading
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.aws_plugin import check, diff, schema
from sandbox.aws_plugin.configuration import Configuration, check_configuration, configure
from sandbox.aws_plugin.emulator import Emulator, EmulatorError
from sandbox.aws_plugin.errors import DoubtfulError, PluginError, answered
from sandbox.aws_plugin.journal import Journal
from sandbox.aws_plugin.lifecycle import INCARNATION, Lifecycle
from sandbox.aws_plugin.naming import Autonaming
from sandbox.aws_plugin.values import UNKNOWN, Props, Secret, decode, encode, plain

_CAPABILITIES = {"supports_autonaming_configuration": True}
_KINDS = {
    (diff.Kind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (diff.Kind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (diff.Kind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (diff.Kind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (diff.Kind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (diff.Kind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class AwsPlugin(provider_pb2_grpc.ResourceProviderServicer):
    """The provider. Once `cancelled` is set, the engine has called off what it has not begun."""

    def __init__(self, endpoint: str | None) -> None:
        self.cancelled = threading.Event()
        self.journal = Journal()
        self._emulator = Emulator(endpoint)
        self._configuration = Configuration()
        self._lifecycle = Lifecycle(self._emulator, self._configuration)

    @answered
    def Handshake(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, **_CAPABILITIES)

    @answered
    def GetPluginInfo(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=schema.version())

    @answered
    def Attach(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    @answered
    def Cancel(self, _request: Any, context: grpc.ServicerContext) -> Any:
        # Once the answer is out: the engine takes an unanswered Cancel for a crash.
        context.add_callback(self.cancelled.set)
        return empty_pb2.Empty()

    @answered
    def GetSchema(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        raise PluginError("the sandbox's AWS plugin has no package schema: `pulumi import` needs --generate-code=false")

    @answered
    def Parameterize(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        raise PluginError("the AWS provider takes no parameters")

    @answered
    def Construct(self, request: Any, _context: grpc.ServicerContext) -> Any:
        raise PluginError(f"{request.type}: the sandbox's AWS plugin has no component resources")

    @answered
    def Call(self, request: Any, _context: grpc.ServicerContext) -> Any:
        raise PluginError(f"{request.tok}: the sandbox's AWS plugin has no resource methods")

    @answered
    def CheckConfig(self, request: Any, _context: grpc.ServicerContext) -> Any:
        arguments = decode(request.news)
        return _checked(arguments, check_configuration(arguments))

    @answered
    def DiffConfig(self, request: Any, _context: grpc.ServicerContext) -> Any:
        olds, news = plain(decode(request.old_inputs)), plain(decode(request.news))
        changed = sorted(name for name in {*olds, *news} if not diff.same(olds.get(name), news.get(name)))
        return provider_pb2.DiffResponse(changes=_some(changed), diffs=changed)

    @answered
    def Configure(self, request: Any, _context: grpc.ServicerContext) -> Any:
        self._emulator.require_local()
        self._configuration = configure(decode(request.args))
        self._lifecycle = Lifecycle(self._emulator, self._configuration)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, **_CAPABILITIES)

    @answered
    def Invoke(self, request: Any, _context: grpc.ServicerContext) -> Any:
        if not schema.is_function(request.tok):
            raise PluginError(f"{request.tok}: pulumi_aws {schema.version()} has no such function")
        return provider_pb2.InvokeResponse(
            **{"return": encode(self._lifecycle.invoke(request.tok, decode(request.args)))}
        )

    @answered
    def Check(self, request: Any, _context: grpc.ServicerContext) -> Any:
        asked = request.autonaming if request.HasField("autonaming") else None
        modes = provider_pb2.CheckRequest.AutonamingOptions
        inputs, failures = check.check(
            schema.resource(request.type),
            decode(request.news),
            decode(request.olds),
            logical_name=request.name,
            seed=request.randomSeed,
            autonaming=asked
            and Autonaming(asked.proposed_name, asked.mode == modes.ENFORCE, asked.mode == modes.DISABLE),
            provider=self._configuration.provider,
        )
        if not request.olds.fields and (noted := self._unheard(request.urn)):
            # What was created has a name already; the one that was just made up is another.
            made_up = inputs.keys() - decode(request.news).keys()
            inputs |= {name: value for name, value in noted.get("identity", {}).items() if name in made_up}
        return _checked(inputs, failures)

    @answered
    def Diff(self, request: Any, _context: grpc.ServicerContext) -> Any:
        self._lifecycle.require_held(request.type, request.id, decode(request.olds))
        resource = schema.resource(request.type)
        olds, news = decode(request.old_inputs), decode(request.news)
        replace_on = _replace_on(request.type)
        changes = diff.diff(resource, olds, news, replace_on=replace_on, ignore=tuple(request.ignoreChanges))
        replaces = sorted({str(change.path[0]) for change in changes if change.replaces})
        return provider_pb2.DiffResponse(
            changes=_some(changes),
            diffs=sorted({str(change.path[0]) for change in changes}),
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and diff.must_delete_first(resource, olds, news),
            hasDetailedDiff=True,
            detailedDiff={
                diff.written(change.path): provider_pb2.PropertyDiff(
                    kind=_KINDS[change.kind, change.replaces], inputDiff=True
                )
                for change in changes
            },
        )

    @answered
    def Create(self, request: Any, _context: grpc.ServicerContext) -> Any:
        inputs = decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(
                properties=encode(_planned(schema.resource(request.type), inputs, {}, {}))
            )
        told = _replace_on(request.type)
        identity = {name: value for name, value in inputs.items() if name in told and isinstance(value, str)}
        self.journal.begin(request.urn)
        try:
            id_, state = self._adopt(request, inputs) or self._lifecycle.create(request.type, inputs)
        except DoubtfulError:
            self.journal.doubt(request.urn, self._emulator.live(), identity)
            raise
        self.journal.add(request.urn, id_, plain(state).get("region"), state[INCARNATION], identity)
        return provider_pb2.CreateResponse(id=id_, properties=encode(state))

    def _adopt(self, request: Any, inputs: Props) -> tuple[str, Props] | None:
        """Take over what was created, and no engine heard of, made into what is wanted now; None if nothing was."""
        noted = self._unheard(request.urn)
        if noted is None:
            return None
        identity = noted.get("identity", {})
        if "id" not in noted:
            return self._lifecycle.finish(request.type, identity, inputs)
        id_, region = _imported(noted["id"])
        found = self._lifecycle.read(request.type, id_, {}, {**identity, **region})
        return found and (id_, self._lifecycle.update(request.type, id_, found[1], inputs))

    def _unheard(self, urn: str) -> dict[str, Any] | None:
        """What an earlier plugin created, and no engine heard of."""
        if not self.journal.others():
            return None
        try:
            return self.journal.unheard(urn, self._emulator.seen())
        except EmulatorError:  # nothing is there any more
            return None

    @answered
    def Read(self, request: Any, _context: grpc.ServicerContext) -> Any:
        id_, state = request.id, decode(request.properties)
        if not state:
            id_, state = _imported(request.id)
            state = {**self.journal.identity(request.urn, request.id), **state}
        found = self._lifecycle.read(request.type, id_, decode(request.inputs), state)
        if found is None:
            return provider_pb2.ReadResponse()
        inputs, state = found
        return provider_pb2.ReadResponse(id=id_, properties=encode(state), inputs=encode(inputs))

    @answered
    def Update(self, request: Any, _context: grpc.ServicerContext) -> Any:
        olds, news = decode(request.olds), decode(request.news)
        if request.preview:
            state = _planned(schema.resource(request.type), news, decode(request.old_inputs), olds)
        else:
            state = self._lifecycle.update(request.type, request.id, olds, news)
        return provider_pb2.UpdateResponse(properties=encode(state))

    @answered
    def Delete(self, request: Any, _context: grpc.ServicerContext) -> Any:
        self._lifecycle.delete(request.type, request.id, decode(request.properties))
        return empty_pb2.Empty()


def _planned(resource: schema.Resource, inputs: Props, old_inputs: Props, state: Props) -> Props:
    """The outputs after the update, as far as they are known before it: what the program no longer sets is not."""
    unset = old_inputs.keys() - inputs.keys()
    kept = {name: state[name] for name in resource.outputs & state.keys() - unset}
    planned = {
        **dict.fromkeys(resource.outputs, UNKNOWN),
        **kept,
        **{name: value for name, value in inputs.items() if not name.startswith("__")},
    }
    for name in resource.secret_outputs & planned.keys():
        if planned[name] is not UNKNOWN and not isinstance(planned[name], Secret):
            planned[name] = Secret(planned[name])
    return {**planned, INCARNATION: state[INCARNATION]} if INCARNATION in state else planned


def _imported(id_: str) -> tuple[str, Props]:
    """The id and region that an import names: as with the official provider, `id@region` for another than its own."""
    bare, _, region = id_.rpartition("@")
    return (bare, {"region": region}) if bare and re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region) else (id_, {})


def _replace_on(token: str) -> frozenset[str]:
    """The inputs whose change takes a new resource: an emulated type's handler knows best."""
    from sandbox.aws_plugin import handlers

    handler = handlers.find(token)
    return handler.replace_on | {"region"} if handler else diff.replacing(token)


def _checked(inputs: Props, failures: list[str]) -> Any:
    # The property is named in the reason alone: beside a failure's `property` the engine prints that property's value.
    return provider_pb2.CheckResponse(
        inputs=encode(inputs), failures=[provider_pb2.CheckFailure(reason=failure) for failure in failures]
    )


def _some(changes: object) -> Any:
    return provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE
