"""A small pack on queues, and its answers: for tests of what the pack tells the engine, whatever the rule."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import grpc
from pulumi.runtime import proto

from policy_pack.callers import is_public
from policy_pack.documents import statements
from policy_pack.pack import Pack
from policy_pack.registers import Registers
from policy_pack.server import Analyzer
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Rule, Severity, rule, setting
from policy_pack.waivers import Waiver
from tests.policy_pack.protocol import resource

QUEUE = "aws:sqs/queue:Queue"
OTHER = "aws:sns/topic:Topic"
TODAY = datetime.date(2026, 3, 1)
CONTEXT = cast(grpc.ServicerContext, SimpleNamespace())


@rule(on=(QUEUE,), severity=Severity.HIGH, promise="encryption", controls=("PH:TEST",), fix="set open to false")
def queue_closed(queue: Resource, *, allowed: str = setting("no", "value that passes")) -> Iterator[Finding]:
    """An open queue is read by anybody."""
    if queue.get("open") != allowed:
        yield f"open is {queue.get('open')}"
    if queue.get("later") == "wrong":
        yield "later is wrong"


@rule(on=(QUEUE,), severity=Severity.LOW, promise="encryption", fix="mend the rule")
def queue_crashes(queue: Resource) -> Iterator[Finding]:
    """A rule may be wrong."""
    yield f"length is {int(queue.get('length'))}"


@rule(on=(QUEUE,), severity=Severity.LOW, promise="encryption", fix="close the queue")
def queue_has_policy(queue: Resource) -> Iterator[Finding]:
    """A policy that nobody can read says nothing."""
    for statement in statements(queue, "policy"):
        if is_public(statement):
            yield "policy is for everybody"


@rule(on=(QUEUE,), severity=Severity.MEDIUM, promise="encryption", fix="none", undetermined_blocks=True)
def queue_known(queue: Resource) -> Iterator[Finding]:
    """Some things must be known before anything is built."""
    if queue.get("open") == "never":
        yield "open is never"


@rule(on=(QUEUE,), severity=Severity.HIGH, promise="encryption", fix="pair the queue")
def queue_paired(queue: Resource, graph: Graph) -> Iterator[Finding]:
    """A queue needs its topic."""
    if queue.get("single"):
        raise NotApplicable("it is meant to be alone")
    if not graph.children(queue, on=OTHER, via="queue"):
        yield f"no topic names {queue.get('open')}"


def analyzer(*rules: Rule, fallback: Rule | None = None, waivers: Sequence[Waiver] = ()) -> Analyzer:
    return Analyzer(Pack(rules, reviewed=[OTHER], fallback=fallback), TODAY, Registers({}, tuple(waivers)))


def judged(subject: Analyzer, **values: Any) -> proto.AnalyzeResponse:
    return subject.Analyze(resource(QUEUE, **values), CONTEXT)


def only(response: proto.AnalyzeResponse) -> proto.AnalyzeDiagnostic:
    assert len(response.diagnostics) == 1
    diagnostic: proto.AnalyzeDiagnostic = response.diagnostics[0]
    return diagnostic
