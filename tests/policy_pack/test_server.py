"""The answers to the engine: what is a verdict, what is only reported, what is kept out of messages and summaries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import empty_pb2
from pulumi.runtime import proto

from policy_pack.pack import PACK
from policy_pack.rules.unreviewed import resource_type_reviewed
from policy_pack.server import UNDETERMINED, Analyzer
from policy_pack.vocabulary import Finding, NotApplicable, Resource, Severity, rule
from tests.policy_pack.protocol import UNKNOWN_TEXT, configuration, in_stack, resource, secret, urn_of
from tests.policy_pack.queues import (
    CONTEXT,
    OTHER,
    QUEUE,
    TODAY,
    analyzer,
    judged,
    only,
    queue_closed,
    queue_crashes,
    queue_has_policy,
    queue_known,
    queue_paired,
)


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


@pytest.mark.parametrize("names", [{"queue": "a-url"}, {"queue": UNKNOWN_TEXT}])
def test_a_rule_that_judged_anything_in_the_stack_is_applicable(names: dict[str, Any]) -> None:
    """Whether it passed or can't be told: what is neither failed nor inapplicable counts as passed or as reported."""
    messages = [in_stack(QUEUE, "alone", single=True), in_stack(QUEUE, "b", id="a-url"), in_stack(OTHER, **names)]
    response = analyzer(queue_paired).AnalyzeStack(proto.AnalyzeStackRequest(resources=messages), CONTEXT)
    assert not response.not_applicable
    assert len(response.diagnostics) == (names["queue"] == UNKNOWN_TEXT)


def test_a_secret_of_one_resource_is_not_printed_with_another() -> None:
    """Whichever of them is judged first, and wherever AWS alone says that it is a secret."""
    messages = [in_stack(QUEUE, "a", open="hunter2"), in_stack(QUEUE, "b", single=True, password=secret("hunter2"))]
    subject = analyzer(queue_paired)
    for name, values in (("a", {"open": "hunter2"}), ("b", {"single": True})):
        subject.Analyze(resource(QUEUE, name, **values), CONTEXT)
    found = only(subject.AnalyzeStack(proto.AnalyzeStackRequest(resources=messages), CONTEXT))
    assert found.message.startswith("no topic names [secret]")


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
