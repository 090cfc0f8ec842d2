"""The answers to the engine: what blocks, what is only reported, what is kept out of messages and of the summary."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime import proto

from policy_pack.documents import is_public, statements
from policy_pack.pack import PACK, Pack
from policy_pack.registers import Registers
from policy_pack.rules.unreviewed import resource_type_reviewed
from policy_pack.rules.waivers import waivers_needed
from policy_pack.server import UNDETERMINED, WAIVED, Analyzer
from policy_pack.tokens import STACK
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Rule, Severity, rule, setting
from policy_pack.waivers import Waiver
from tests.policy_pack.protocol import UNKNOWN_TEXT, configuration, in_stack, resource, secret, urn_of

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


class RefusedError(Exception):
    """The servicer gave the call up."""


class Refusing:
    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise RefusedError(f"{code.name}: {details}")


def test_a_pass_says_nothing() -> None:
    response = judged(analyzer(queue_closed), open="no")
    assert (list(response.diagnostics), list(response.not_applicable)) == ([], [])


def test_a_violation_says_what_is_wrong_how_to_fix_it_and_what_it_keeps() -> None:
    found = only(judged(analyzer(queue_closed), open="yes"))
    assert found.message == "open is yes\nFix: set open to false\nKeeps: encryption (PH:TEST)"
    assert (found.policyName, found.urn) == ("queue_closed", urn_of(QUEUE, "one"))
    assert (found.enforcementLevel, found.severity) == (proto.MANDATORY, proto.POLICY_SEVERITY_HIGH)


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.LOW, proto.ADVISORY),
        (Severity.MEDIUM, proto.ADVISORY),
        (Severity.HIGH, proto.MANDATORY),
        (Severity.CRITICAL, proto.MANDATORY),
    ],
)
def test_high_severity_blocks_unless_configured(severity: Severity, level: int) -> None:
    made = rule(on=(QUEUE,), severity=severity, promise="encryption", fix="none")(queue_closed.check)
    assert only(judged(analyzer(made), open="yes")).enforcementLevel == level


def test_an_unknown_is_reported_by_name_and_does_not_block() -> None:
    found = only(judged(analyzer(queue_closed), open=UNKNOWN_TEXT))
    assert found.message.startswith(f"{UNDETERMINED}not known before the deployment: open;")
    assert found.enforcementLevel == proto.ADVISORY


def test_an_unknown_hides_no_violation_found_before_it() -> None:
    found = only(judged(analyzer(queue_closed), open="yes", later=UNKNOWN_TEXT))
    assert found.message.startswith("open is yes\n")
    assert found.enforcementLevel == proto.MANDATORY


def test_a_rule_may_say_that_undetermined_blocks() -> None:
    subject = analyzer(queue_known)
    subject.Configure(configuration(queue_known="mandatory"), CONTEXT)
    assert only(judged(subject, open=UNKNOWN_TEXT)).enforcementLevel == proto.MANDATORY


def test_a_crash_names_the_rule_and_the_resource_and_blocks() -> None:
    found = only(judged(analyzer(queue_crashes), length="many"))
    assert found.policyName == "queue_crashes"
    assert found.message.startswith(f"{UNDETERMINED}the rule crashed on {urn_of(QUEUE, 'one')}: ValueError")
    assert found.enforcementLevel == proto.MANDATORY


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "policy is not JSON"),
        ("7", "policy is neither an object nor a list"),
        ("[]", "policy is not a policy document"),
        ('{"Statement": ["everything"]}', "policy.Statement holds what is no statement"),
        (
            '{"Statement": {"Effect": "Allow", "Principal": "*", "Condition": {"Bool": 1}}}',
            "policy.Statement.Condition.Bool is no",
        ),
    ],
)
def test_a_malformed_document_is_named_and_blocks(text: str, problem: str) -> None:
    found = only(judged(analyzer(queue_has_policy), policy=text))
    assert found.message.startswith(f"{UNDETERMINED}it can't be judged, for {problem}")
    assert found.enforcementLevel == proto.MANDATORY


def test_a_crash_of_one_rule_leaves_the_others() -> None:
    response = judged(analyzer(queue_crashes, queue_closed), length="many", open="yes")
    assert [found.policyName for found in response.diagnostics] == ["queue_crashes", "queue_closed"]


@pytest.mark.parametrize(
    "values", [{"open": secret("hunter2"), "length": 1}, {"open": "no", "length": secret("hunter2")}]
)
def test_a_secret_is_judged_and_never_printed(values: dict[str, Any]) -> None:
    """Neither in what a rule says, nor in what an exception quotes."""
    found = judged(analyzer(queue_closed, queue_crashes), **values).diagnostics
    assert found
    assert "hunter2" not in str(found)
    assert "[secret]" in str(found)


def test_a_secret_of_the_stack_is_never_printed() -> None:
    request = proto.AnalyzeStackRequest(resources=[in_stack(QUEUE, open=secret("hunter2"))])
    found = only(analyzer(queue_paired).AnalyzeStack(request, CONTEXT))
    assert found.message.startswith("no topic names [secret]")


@rule(on=(QUEUE,), severity=Severity.LOW, promise="encryption", fix="decide earlier")
def queue_late(queue: Resource) -> Iterator[Finding]:
    """A rule may find out late that it has nothing to say."""
    yield f"open is {queue.get('open')}"
    raise NotApplicable("too late")


def test_what_was_found_is_not_taken_back() -> None:
    assert only(judged(analyzer(queue_late), open="yes")).message.startswith("open is yes")


def test_a_foreign_type_is_not_applicable_so_that_it_is_not_counted_as_passed() -> None:
    response = analyzer(queue_closed, queue_known).Analyze(resource(OTHER), CONTEXT)
    assert {item.policy_name for item in response.not_applicable} == {"queue_closed", "queue_known"}


def test_a_stack_without_the_type_is_not_applicable() -> None:
    request = proto.AnalyzeStackRequest(resources=[in_stack(OTHER), in_stack(QUEUE, single=True)])
    response = analyzer(queue_paired).AnalyzeStack(request, CONTEXT)
    assert [item.policy_name for item in response.not_applicable] == ["queue_paired"]


def test_one_unknown_resource_hides_no_violation_of_another() -> None:
    topic = in_stack(OTHER, "t", queue=UNKNOWN_TEXT, names={"queue": [urn_of(QUEUE, "a"), urn_of(QUEUE, "b")]})
    queues = [in_stack(QUEUE, name, open="no") for name in "abc"]
    response = analyzer(queue_paired).AnalyzeStack(proto.AnalyzeStackRequest(resources=[topic, *queues]), CONTEXT)
    found = {item.urn: item.message.startswith(UNDETERMINED) for item in response.diagnostics}
    assert found == {urn_of(QUEUE, "a"): True, urn_of(QUEUE, "b"): True, urn_of(QUEUE, "c"): False}


def test_a_stack_rule_reads_the_inputs_that_were_judged_before() -> None:
    subject = analyzer(queue_paired)
    judged(subject, open="as declared")
    request = proto.AnalyzeStackRequest(resources=[in_stack(QUEUE, open="as answered")])
    assert "as declared" in only(subject.AnalyzeStack(request, CONTEXT)).message


def test_a_disabled_rule_neither_judges_nor_appears() -> None:
    subject = analyzer(queue_closed)
    assert judged(subject, open="yes").diagnostics
    subject.Configure(configuration(queue_closed="disabled"), CONTEXT)
    response = judged(subject, open="yes")
    assert (list(response.diagnostics), list(response.not_applicable)) == ([], [])
    assert not subject.Analyze(resource(OTHER), CONTEXT).not_applicable


def test_configured_level_and_setting_apply() -> None:
    subject = analyzer(queue_closed)
    subject.Configure(configuration(queue_closed={"enforcementLevel": "advisory", "allowed": "yes"}), CONTEXT)
    assert not judged(subject, open="yes").diagnostics
    assert only(judged(subject, open="no")).enforcementLevel == proto.ADVISORY


WAIVER = Waiver(
    rule="queue_closed",
    resource=urn_of(QUEUE, "one"),
    reason="migration",
    ticket="SEC-1",
    requester="platform",
    approver="security",
    approved=datetime.date(2026, 2, 1),
    expires=TODAY,
    where="registers/waivers.yaml:1",
)
TOLD = "migration (SEC-1, requested by platform, approved by security on 2026-02-01):"


@pytest.mark.parametrize(
    ("changed", "level", "start"),
    [
        ({}, proto.ADVISORY, f"{WAIVED}2026-03-01: {TOLD}\nopen is yes"),
        ({"resource": urn_of(QUEUE, "o*e")}, proto.ADVISORY, f"{WAIVED}2026-03-01: {TOLD}\nopen is yes"),
        ({"resource": urn_of(QUEUE, "o?e")}, proto.MANDATORY, "open is yes"),
        ({"resource": urn_of(QUEUE, "two")}, proto.MANDATORY, "open is yes"),
        ({"rule": "queue_known"}, proto.MANDATORY, "open is yes"),
        (
            {"expires": datetime.date(2026, 2, 28)},
            proto.MANDATORY,
            "the waiver for this expired on 2026-02-28\nopen is yes",
        ),
        (
            {"approved": datetime.date(2026, 3, 2)},
            proto.MANDATORY,
            "the waiver for this is approved from 2026-03-02 on\nopen is yes",
        ),
    ],
)
def test_a_waiver_lifts_the_block_for_its_resource_while_it_holds(
    changed: dict[str, Any], level: int, start: str
) -> None:
    subject = analyzer(queue_closed, waivers=[replace(WAIVER, **changed)])
    found = only(judged(subject, open="yes"))
    assert found.message.startswith(start)
    assert found.enforcementLevel == level


def test_of_several_waivers_one_in_force_counts_that_lasts_longest() -> None:
    more: list[dict[str, Any]] = [
        {"expires": datetime.date(2026, 4, 1)},
        {"approved": datetime.date(2026, 3, 2), "expires": datetime.date(2026, 5, 1)},
        {},
    ]
    subject = analyzer(queue_closed, waivers=[replace(WAIVER, **changed) for changed in more])
    assert only(judged(subject, open="yes")).message.startswith(f"{WAIVED}2026-04-01")


def test_a_waiver_covers_what_may_turn_out_a_violation() -> None:
    blocks = rule(on=(QUEUE,), severity=Severity.HIGH, promise="encryption", fix="none", undetermined_blocks=True)
    levels = []
    for waivers in ([], [replace(WAIVER, rule="queue_known")]):
        found = only(judged(analyzer(blocks(queue_known.check), waivers=waivers), open=UNKNOWN_TEXT))
        assert found.message.startswith(UNDETERMINED)
        levels.append(found.enforcementLevel)
    assert levels == [proto.MANDATORY, proto.ADVISORY]


def test_a_waiver_lifts_no_block_of_a_rule_that_crashed() -> None:
    subject = analyzer(queue_crashes, waivers=[replace(WAIVER, rule="queue_crashes")])
    assert only(judged(subject, length="many")).enforcementLevel == proto.MANDATORY


@pytest.mark.parametrize(
    ("value", "message"),
    [("yes", None), ("no", "matches no violation"), (UNKNOWN_TEXT, f"{UNDETERMINED}not known")],
)
def test_a_waiver_that_nothing_needs_is_reported(value: str, message: str | None) -> None:
    subject = analyzer(waivers_needed, queue_closed, waivers=[WAIVER])
    judged(subject, open=value)
    root = in_stack(STACK, "stack")
    request = proto.AnalyzeStackRequest(resources=[root])
    found = [item.message for item in subject.AnalyzeStack(request, CONTEXT).diagnostics]
    assert [message is not None and message in item for item in found] == ([] if message is None else [True])


def test_a_waiver_of_another_stack_is_not_this_ones_to_need() -> None:
    subject = analyzer(waivers_needed, waivers=[replace(WAIVER, resource="urn:pulumi:other::project::t::one")])
    request = proto.AnalyzeStackRequest(resources=[in_stack(STACK, "stack")])
    assert not subject.AnalyzeStack(request, CONTEXT).diagnostics


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"queue_close": "mandatory"}, "there is no rule 'queue_close'"),
        ({"all": {"allowed": "yes"}}, "there is no rule 'all'"),
        ({"queue_closed": {"alowed": "yes"}}, "queue_closed has no setting 'alowed'"),
        ({"queue_closed": {"waivers": []}}, "queue_closed has no setting 'waivers'"),
        ({"queue_closed": {"allowed": 3}}, "queue_closed.allowed is not of type string"),
    ],
)
def test_a_malformed_configuration_is_refused_in_one_line(given: dict[str, Any], problem: str) -> None:
    subject = analyzer(queue_closed)
    with pytest.raises(RefusedError, match=r"^INVALID_ARGUMENT: policy configuration: [^\n]+$") as refused:
        subject.Configure(configuration(**given), cast(grpc.ServicerContext, Refusing()))
    assert problem in str(refused.value)
    assert judged(subject, open="yes").diagnostics, "the configuration before it stays in force"


@pytest.mark.parametrize(("value", "problem"), [(0, "is 0, below 1"), (1.5, "is not of type integer")])
def test_a_number_out_of_range_is_refused(value: float, problem: str) -> None:
    subject = Analyzer(PACK, TODAY)
    with pytest.raises(RefusedError, match=problem):
        subject.Configure(
            configuration(log_group_retention={"least_days": value}), cast(grpc.ServicerContext, Refusing())
        )


def test_a_shared_setting_is_set_once_for_all_its_readers() -> None:
    subject = Analyzer(PACK, TODAY)
    subject.Configure(configuration(resource_in_allowed_region={"regions": ["us-west-2"]}), CONTEXT)
    plan = in_stack(
        "aws:backup/plan:Plan",
        rules=[{"copyActions": [{"destinationVaultArn": "arn:aws:backup:us-west-1:1:backup-vault:v"}]}],
    )
    response = subject.AnalyzeStack(proto.AnalyzeStackRequest(resources=[plan]), CONTEXT)
    (found,) = [item for item in response.diagnostics if item.policyName == "backup_plan_copies_to_second_region"]
    assert "copies to us-west-1, outside us-west-2" in found.message


def test_a_type_that_nobody_reviewed_is_reported() -> None:
    subject = analyzer(queue_closed, fallback=resource_type_reviewed)
    new = only(subject.Analyze(resource("aws:gamelift/fleet:Fleet"), CONTEXT))
    assert new.message.startswith("no rule judges aws:gamelift/fleet:Fleet")
    assert new.enforcementLevel == proto.ADVISORY
    assert not subject.Analyze(resource(OTHER), CONTEXT).diagnostics, "it is reviewed"
    assert not judged(subject, open="no").diagnostics, "it is ruled"


def test_components_and_the_engine_s_own_types_need_no_review() -> None:
    subject = analyzer(fallback=resource_type_reviewed)
    for token in ("shop:index:Store", "pulumi:pulumi:Stack"):
        assert not subject.Analyze(proto.AnalyzeRequest(type=token, urn=urn_of(token, "x")), CONTEXT).diagnostics


def test_the_pack_describes_every_rule_to_the_engine() -> None:
    info = Analyzer(PACK, TODAY).GetAnalyzerInfo(empty_pb2.Empty(), CONTEXT)
    described = {policy.name: policy for policy in info.policies}
    assert described.keys() == {item.id for item in PACK.rules}
    keeps = described["backup_plan_keeps_long_enough"]
    assert keeps.policy_type == proto.POLICY_TYPE_RESOURCE
    assert keeps.configSchema.properties["least_days"]["default"] == 35
    assert keeps.configSchema.properties["least_days"]["type"] == "integer"
    assert list(keeps.tags) == ["PH:PLAN-RET"]
    assert described["bucket_versioned"].policy_type == proto.POLICY_TYPE_STACK
    assert "least_days" not in described["backup_vault_locked"].configSchema.properties, "another rule owns it"


def test_nothing_is_remediated_and_nothing_counts_as_remediated() -> None:
    response = analyzer(queue_closed, queue_paired).Remediate(resource(QUEUE, open="yes"), CONTEXT)
    assert not response.remediations
    assert [item.policy_name for item in response.not_applicable] == ["queue_closed"]


def test_cancel_stops_the_server() -> None:
    subject = analyzer(queue_closed)
    stopped: list[bool] = []
    subject.stop = lambda: stopped.append(True)
    subject.Cancel(empty_pb2.Empty(), CONTEXT)
    assert stopped == [True]
