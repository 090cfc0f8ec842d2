"""What the engine would say to the pack about a program: real Pulumi code in, the pack's requests and answers out.

The program runs under the SDK's own mock monitor. Its registrations become `Analyze` and `AnalyzeStack` requests, with
unknown values and property dependencies as the SDK itself sent them.
"""

from __future__ import annotations

import datetime
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast

import grpc
import pulumi
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import mocks, proto, rpc

from policy_pack.pack import PACK, Pack
from policy_pack.registers import NO_REGISTERS, Registers
from policy_pack.server import UNDETERMINED, Analyzer
from policy_pack.vocabulary import Rule

ACCOUNT = "111122223333"
REGION = "us-west-2"
TODAY = datetime.date(2026, 3, 1)
CONTEXT = cast(grpc.ServicerContext, SimpleNamespace())
STACK = "pulumi:pulumi:Stack"


class _Aws(mocks.Mocks):
    """Answers as AWS would: with an id, an ARN and a name for everything."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return None, args.inputs

    def call(self, args: mocks.MockCallArgs) -> Any:
        answers = {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
            "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com"},
            "aws:index/getRegion:getRegion": {"region": REGION, "name": REGION, "id": REGION},
            "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": [f"{REGION}{zone}" for zone in "abc"]},
        }
        return answers[args.token]


_AWS = _Aws()


class _Monitor(mocks.MockMonitor):
    """Keeps what the SDK registers, and answers with outputs unless it is a preview."""

    def __init__(self, account: mocks.Mocks, *, preview: bool) -> None:
        super().__init__(account)
        self.preview = preview
        self.registered: list[tuple[str, Any, Struct]] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        # The engine leaves the stack out of the types that a URN strings together; the mocks don't.
        urn = self.make_urn(request.parent, request.type, request.name).replace(f"{STACK}$", "")
        outputs = Struct()
        outputs.CopyFrom(request.object)
        identity: dict[str, Any] = {}
        if request.type != STACK and request.custom:
            identity = dict.fromkeys(("id", "arn"), rpc.UNKNOWN) if self.preview else self._answer(request)
            outputs.update({key: value for key, value in identity.items() if key not in outputs})
            self.resources[urn] = mocks.MockMonitor.ResourceRegistration(urn, identity["id"], {})
        self.registered.append((urn, request, outputs))
        known = "" if self.preview else identity.get("id", "")
        answer = request.object if self.preview else outputs
        return proto.RegisterResourceResponse(urn=urn, id=known, object=answer)

    def _answer(self, request: Any) -> dict[str, Any]:
        inputs = rpc.deserialize_properties(request.object)
        _, state = self.mocks.new_resource(mocks.MockResourceArgs(request.type, request.name, inputs, custom=True))
        return {**state, **_identity(request, self._account_id)}

    @cached_property
    def _account_id(self) -> str:
        who = mocks.MockCallArgs("aws:index/getCallerIdentity:getCallerIdentity", {}, "")
        answer: Any = self.mocks.call(who)
        return str((answer[0] if isinstance(answer, tuple) else answer)["accountId"])


def _identity(request: Any, account: str) -> dict[str, str]:
    kind = request.type.split("/")[-1].split(":")[-1]
    service = request.type.split(":")[1].split("/")[0]
    inputs = dict(request.object.items())
    region = inputs.get("region", REGION)
    name = inputs.get("bucket") if kind.startswith("Bucket") else inputs.get("name")
    name = name if isinstance(name, str) else f"{request.name}-1a2b3c"
    if kind in {"Bucket", "BucketV2"}:
        return {"id": name, "arn": f"arn:aws:s3:::{name}", "bucket": name}
    if kind == "Key":
        return {"id": f"{name}-key", "keyId": f"{name}-key", "arn": f"arn:aws:kms:{region}:{account}:key/{name}-key"}
    arns = {
        "LogGroup": f"arn:aws:logs:{region}:{account}:log-group:{name}",
        "Role": f"arn:aws:iam::{account}:role{inputs.get('path', '/')}{name}",
    }
    arn = arns.get(kind, f"arn:aws:{service}:{region}:{account}:{kind.lower()}:{name}")
    return {"id": name, "arn": arn, "name": name}


@dataclass
class Program:
    """What a program declared, as the engine would send it on."""

    analyze: list[proto.AnalyzeRequest] = field(default_factory=list)
    stack: proto.AnalyzeStackRequest = field(default_factory=proto.AnalyzeStackRequest)
    registers: Registers = NO_REGISTERS


def run(
    program: Callable[[], Registers | None],
    *,
    preview: bool,
    stack: str = "stack",
    account: mocks.Mocks = _AWS,
) -> Program:
    """Run Pulumi code as the program of a stack and return what the engine would ask the pack.

    What the program looks up is answered by `account`.
    """
    monitor = _Monitor(account, preview=preview)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # examples use deprecated forms on purpose
        quiet = logging.getLogger("pulumi.examples")
        quiet.setLevel(logging.CRITICAL)
        pulumi.runtime.settings.ROOT.set(None)  # what an earlier program hung on its stack is none of this one's
        mocks.set_mocks(account, stack=stack, preview=preview, monitor=monitor, logger=quiet)
        returned: list[Registers | None] = []
        pulumi.runtime.test(lambda: returned.append(program()))()  # type: ignore[no-untyped-call] # the SDK's own
    providers = {urn: request for urn, request, _ in monitor.registered if request.type == "pulumi:providers:aws"}
    result = Program(registers=returned[0] or NO_REGISTERS)
    # The mock monitor gets no registration of the stack itself; the engine sends it like any other resource.
    root: Any = {"urn": f"urn:pulumi:stack::project::{STACK}::project-stack", "type": STACK, "name": "project-stack"}
    result.analyze.append(proto.AnalyzeRequest(**root))
    result.stack.resources.append(proto.AnalyzerResource(**root))
    for urn, request, outputs in monitor.registered:
        if request.type == STACK or not request.custom:
            continue
        provider = _provider(request, providers)
        options = proto.AnalyzerResourceOptions(protect=request.protect)
        common = {
            "urn": urn,
            "type": request.type,
            "name": request.name,
            "provider": provider,
            "options": options,
        }
        result.analyze.append(proto.AnalyzeRequest(**common, properties=request.object))
        result.stack.resources.append(
            proto.AnalyzerResource(
                **common,
                properties=outputs,
                dependencies=request.dependencies,
                propertyDependencies={
                    key: proto.AnalyzerPropertyDependencies(urns=value.urns)
                    for key, value in request.propertyDependencies.items()
                },
            )
        )
    return result


def _provider(request: Any, providers: dict[str, Any]) -> Any:
    properties = Struct()
    if request.type.startswith("pulumi:providers:"):
        return None
    if request.provider:
        properties.CopyFrom(providers[request.provider.rpartition("::")[0]].object)
    else:
        properties.update({"region": REGION})
    return proto.AnalyzerProviderResource(type="pulumi:providers:aws", name="default", properties=properties)


@dataclass
class Answers:
    """What the pack answered: diagnostics, and which rules apply to nothing, and which to something."""

    diagnostics: list[proto.AnalyzeDiagnostic]
    applied: set[str]

    def of(self, rule: Rule | str) -> list[proto.AnalyzeDiagnostic]:
        """Return the diagnostics of a rule."""
        name = rule if isinstance(rule, str) else rule.id
        return [diagnostic for diagnostic in self.diagnostics if diagnostic.policyName == name]

    def verdict(self, rule: Rule) -> str:
        """Return the worst verdict of a rule on any resource."""
        found = self.of(rule)
        if not found:
            return "pass" if rule.id in self.applied else "not applicable"
        return "undetermined" if all(item.message.startswith(UNDETERMINED) for item in found) else "fail"


def ask(program: Program, pack: Pack = PACK, analyzer: Analyzer | None = None) -> Answers:
    """Ask the pack about a program, through the protocol that the engine uses."""
    analyzer = analyzer or Analyzer(pack, TODAY, program.registers)
    diagnostics: list[proto.AnalyzeDiagnostic] = []
    applied: set[str] = set()
    for request in program.analyze:
        response = analyzer.Analyze(request, CONTEXT)
        diagnostics += response.diagnostics
        applied |= _applied(pack, response, graph=False)
    response = analyzer.AnalyzeStack(program.stack, CONTEXT)
    diagnostics += response.diagnostics
    return Answers(diagnostics, applied | _applied(pack, response, graph=True))


def _applied(pack: Pack, response: proto.AnalyzeResponse, *, graph: bool) -> set[str]:
    foreign = {item.policy_name for item in response.not_applicable}
    return {rule.id for rule in pack.rules if rule.needs_graph is graph} - foreign


def judge_program(program: Callable[[], Registers | None], *, preview: bool, pack: Pack = PACK) -> Answers:
    """Run a program and ask the pack about it."""
    return ask(run(program, preview=preview), pack)
