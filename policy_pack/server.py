"""The adapter to the engine: the `Analyzer` protocol in front, rules, verdicts and configuration behind.

`pulumi_policy` decodes a resource once per policy and takes the first unknown value for the end of the policy. This
servicer decodes it once for all, and answers "not applicable" for the rest from a cache per type.
"""

from __future__ import annotations

import datetime
import gc
import sys
from collections.abc import Callable, Collection
from concurrent import futures
from dataclasses import replace
from functools import lru_cache

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, Severity

from policy_pack.configuration import ConfigurationError, configure, default_level, read_registers
from policy_pack.evaluation import Evaluation
from policy_pack.judge import Context, Judgement, Verdict
from policy_pack.pack import Pack
from policy_pack.registers import NO_REGISTERS, Registers
from policy_pack.remedies import remedied
from policy_pack.resources import Resource
from policy_pack.vocabulary import Rule
from policy_pack.waivers import Waiver

NAME = "hedgerow"
_WORKERS = 1  # the engine asks one thing at a time, and threads that take turns cost it a twentieth of its time
_LARGEST_MESSAGE = 400 * 1024 * 1024  # what the engine itself allows
_LEVELS = {
    EnforcementLevel.ADVISORY: proto.ADVISORY,
    EnforcementLevel.MANDATORY: proto.MANDATORY,
    EnforcementLevel.REMEDIATE: proto.MANDATORY,  # what no remedy could mend blocks
    EnforcementLevel.DISABLED: proto.DISABLED,
}
_SEVERITIES = {
    Severity.LOW: proto.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: proto.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: proto.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: proto.POLICY_SEVERITY_CRITICAL,
}
UNDETERMINED = "undetermined: "
"""How a message begins that reports neither a pass nor a violation."""
WAIVED = "waived until "
"""How a message begins that reports a violation accepted for a time; the waiver follows on the same line."""


class Analyzer(proto.AnalyzerServicer):
    """Answers the engine for one run. The protocol's methods bear its names."""

    def __init__(self, pack: Pack, today: datetime.date, registers: Registers = NO_REGISTERS) -> None:
        self._pack = pack
        self._context = Context(today, registers)
        self._configuration = configure(pack.rules, {})
        self._evaluate()
        self.stop: Callable[[], None] = lambda: None

    def Analyze(self, request: proto.AnalyzeRequest, _context: grpc.ServicerContext) -> proto.AnalyzeResponse:
        """Judge one resource's inputs by the rules that need no more, before it is changed."""
        response = proto.AnalyzeResponse()
        response.CopyFrom(self._not_for(request.type))
        for rule, resource, judgement in self.evaluation.judge(request):
            if judgement.verdict is Verdict.NOT_APPLICABLE:
                response.MergeFromString(_not_applicable(rule.id, judgement.reasons[0]))
            else:
                self._report(response, rule, resource, judgement)
        return response

    def AnalyzeStack(self, request: proto.AnalyzeStackRequest, _context: grpc.ServicerContext) -> proto.AnalyzeResponse:
        """Judge the stack by the rules that need more than one resource."""
        response = proto.AnalyzeResponse()
        for rule, found in self.evaluation.judge_stack(request, self._unused):
            if found is None:
                response.MergeFromString(_not_applicable(rule.id, "the stack has no resource that the rule judges"))
            else:
                for resource, judgement in found:
                    self._report(response, rule, resource, judgement)
        return response

    def Remediate(self, request: proto.AnalyzeRequest, _context: grpc.ServicerContext) -> proto.RemediateResponse:
        """Mend what the stack lets the pack mend. Each remediation holds what those before it changed, too."""
        response = proto.RemediateResponse()
        properties = request.properties
        for rule in self._remediating(request.type):
            changed = remedied(rule, request, properties, self._configuration[rule.id].settings, self._context)
            if changed is not None:
                properties = changed
                response.remediations.append(
                    proto.Remediation(
                        policyName=rule.id, policyPackName=NAME, description=rule.why, properties=properties
                    )
                )
        if response.remediations:
            done = {remediation.policyName for remediation in response.remediations}
            others = (item for item in self._not_for("").not_applicable if item.policy_name not in done)
            response.not_applicable.extend(others)
        else:
            response.CopyFrom(self._unmended)
        return response

    def GetAnalyzerInfo(self, _request: empty_pb2.Empty, _context: grpc.ServicerContext) -> proto.AnalyzerInfo:
        """Describe the pack and its rules."""
        return proto.AnalyzerInfo(
            name=NAME, supportsConfig=True, policies=[_describe(rule) for rule in self._pack.rules]
        )

    def GetPluginInfo(self, _request: empty_pb2.Empty, _context: grpc.ServicerContext) -> proto.PluginInfo:
        """Leave the version to PulumiPolicy.yaml, which the engine prefers."""
        return proto.PluginInfo()

    def Handshake(
        self, _request: proto.AnalyzerHandshakeRequest, _context: grpc.ServicerContext
    ) -> proto.AnalyzerHandshakeResponse:
        """Accept the engine."""
        return proto.AnalyzerHandshakeResponse()

    def ConfigureStack(
        self, _request: proto.AnalyzerStackConfigureRequest, _context: grpc.ServicerContext
    ) -> proto.AnalyzerStackConfigureResponse:
        """Accept the stack; no rule depends on its name or tags."""
        return proto.AnalyzerStackConfigureResponse()

    def Configure(self, request: proto.ConfigureAnalyzerRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Take over the policy configuration, or refuse it in one line."""
        try:
            configuration = configure(self._pack.rules, request.policyConfig)
            registers = read_registers(configuration)
        except ConfigurationError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        self._configuration, self._context = configuration, replace(self._context, registers=registers)
        self._evaluate()
        return empty_pb2.Empty()

    def Cancel(self, _request: empty_pb2.Empty, _context: grpc.ServicerContext) -> empty_pb2.Empty:
        """End at once; the engine waits seconds for a plugin that doesn't."""
        self.stop()
        return empty_pb2.Empty()

    def _evaluate(self) -> None:
        """Begin anew, by the configuration and context that are there."""
        self.evaluation = Evaluation(self._pack, self._configuration, self._context)
        self._needed: set[Waiver] = set()
        self._perhaps_needed: set[Waiver] = set()
        self._foreign: dict[str, proto.AnalyzeResponse] = {}
        self._unmended = proto.RemediateResponse(not_applicable=self._not_for("").not_applicable)

    def _remediating(self, token: str) -> list[Rule]:
        return [
            rule
            for rule in self._pack.rules_on(token)
            if rule.remedies and self._configuration[rule.id].level is EnforcementLevel.REMEDIATE
        ]

    def _not_for(self, token: str) -> proto.AnalyzeResponse:
        """Return "not applicable" for the rules that don't judge a type, or any, which else count as passed."""
        found = self._foreign.get(token)
        if found is None:
            own = {rule.id for rule, _ in self.evaluation.checks(token)} if token else set()
            named = (_not_applicable(rule.id, "") for rule in self.evaluation.rules if rule.id not in own)
            found = self._foreign[token] = proto.AnalyzeResponse.FromString(b"".join(named))
        return found

    def _unused(self) -> dict[Waiver, bool]:
        return {
            waiver: waiver in self._perhaps_needed
            for waiver in self._context.registers.waivers
            if waiver not in self._needed
        }

    def _report(self, response: proto.AnalyzeResponse, rule: Rule, resource: Resource, judgement: Judgement) -> None:
        """Add what the engine must hear of a violation, or of what can't be told."""
        level = self._configuration[rule.id].level
        lines = list(judgement.reasons)
        waiver = self._context.registers.waiver_for(rule.id, resource.urn, self._context.today)
        if waiver is not None:
            (self._needed if judgement.verdict is Verdict.FAIL else self._perhaps_needed).add(waiver)
        if judgement.crashed:
            level = EnforcementLevel.MANDATORY
            lines[0] = f"{UNDETERMINED}the rule crashed on {resource.urn}: {lines[0]}"
        elif judgement.malformed:
            level = EnforcementLevel.MANDATORY
            lines[0] = f"{UNDETERMINED}it can't be judged, for {lines[0]}"
        elif judgement.verdict is Verdict.UNDETERMINED:
            if not rule.undetermined_blocks or (waiver is not None and waiver.in_force(self._context.today)):
                level = EnforcementLevel.ADVISORY
            lines = [f"{UNDETERMINED}not known before the deployment: {', '.join(lines)}; judged again on `pulumi up`"]
        else:
            level, note = self._waive(waiver, level)
            lines = [*note, *lines, f"Fix: {rule.fix}"]
        keeps = ", ".join(rule.controls_of(resource.type))
        lines.append(f"Keeps: {rule.promise}" + (f" ({keeps})" if keeps else ""))
        response.diagnostics.append(
            proto.AnalyzeDiagnostic(
                policyName=rule.id,
                policyPackName=NAME,
                description=rule.why,
                message=_redact("\n".join(lines), resource.secrets),
                urn=resource.urn,
                enforcementLevel=_LEVELS[level],
                severity=_SEVERITIES[rule.severity],
            )
        )

    def _waive(self, waiver: Waiver | None, level: EnforcementLevel) -> tuple[EnforcementLevel, list[str]]:
        if waiver is None:
            return level, []
        if waiver.in_force(self._context.today):
            return EnforcementLevel.ADVISORY, [f"{WAIVED}{waiver}:"]
        if waiver.approved > self._context.today:
            return level, [f"the waiver for this is approved from {waiver.approved} on"]
        return level, [f"the waiver for this expired on {waiver.expires}"]


def serve(pack: Pack, make: Callable[[Pack, datetime.date], Analyzer] = Analyzer) -> None:
    """Serve the pack until the engine cancels or interrupts; print the port first, as the engine expects."""
    analyzer = make(pack, datetime.datetime.now(tz=datetime.UTC).date())
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=_WORKERS),
        options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE)],
    )

    def stop() -> None:
        server.stop(grace=0.1)  # lets the answer to Cancel itself leave

    analyzer.stop = stop
    proto.add_AnalyzerServicer_to_server(analyzer, server)
    gc.disable()  # everything read is kept for the run, and the process ends with it
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        server.stop(grace=None)


@lru_cache(maxsize=4096)
def _not_applicable(rule: str, reason: str) -> bytes:
    """Return what adds to a response, by merging it, that a rule doesn't apply; most resources get the same ones."""
    named = proto.PolicyNotApplicable(policy_name=rule, reason=reason)
    return bytes(proto.AnalyzeResponse(not_applicable=[named]).SerializeToString())


def _describe(rule: Rule) -> proto.PolicyInfo:
    schema = proto.PolicyConfigSchema()
    schema.properties.update(
        {name: item.schema() for name, item in rule.settings.items() if item.owner in {None, rule.id}}
    )
    return proto.PolicyInfo(
        name=rule.id,
        displayName=rule.id.replace("_", " ").capitalize(),
        description=rule.why,
        enforcementLevel=_LEVELS[default_level(rule)],
        severity=_SEVERITIES[rule.severity],
        policy_type=proto.POLICY_TYPE_STACK if rule.needs_graph else proto.POLICY_TYPE_RESOURCE,
        configSchema=schema,
        framework=proto.PolicyComplianceFramework(name="Security & Privacy page", specification=rule.promise),
        tags=rule.controls,
        remediation_steps=rule.fix,
    )


def _redact(message: str, secrets: Collection[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, "[secret]")
    return message
