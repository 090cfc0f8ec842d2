"""A run says what the engine said of each rule and resource, once, and nothing that it didn't say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from bench.event_logs import START, event_log, root, urn
from evidence.results import Origin, Result, Run, Verdict
from evidence.rules import pack_version
from evidence.runs import NAMED_NEITHER, NOT_OF_TYPE
from evidence.sources import Source, read_source
from policy_pack.pack import PACK
from policy_pack.server import UNDETERMINED, WAIVED

QUEUE = urn("dev", "aws:sqs/queue:Queue", "r5")
ROOT = root("dev")
OF_QUEUES = next(rule for rule in PACK.rules_on("aws:sqs/queue:Queue") if rule.controls and not rule.needs_graph)
RULE = OF_QUEUES.id
GRAPH_RULE = next(rule.id for rule in PACK.rules_on("aws:s3/bucket:Bucket") if rule.needs_graph)
Edit = Callable[[dict[str, Any]], bool | None]


def read(lines: list[bytes], folder: Path) -> Run:
    path = folder / "log"
    path.write_bytes(b"".join(lines))
    return read_source(Source(path))[0]


def edited(lines: list[bytes], edit: Edit) -> list[bytes]:
    """The log with each event changed in place, or left out where `edit` returns True, renumbered."""
    events = [event for event in map(orjson.loads, lines) if not edit(event)]
    for number, event in enumerate(events):
        event["sequence"] = number
    return [orjson.dumps(event) + b"\n" for event in events]


def found(run: Run, rule: str, resource: str = "") -> list[Result]:
    return [result for result in run.results if result.rule == rule and resource in {"", result.urn}]


@pytest.fixture
def healthy() -> list[bytes]:
    return list(event_log("dev", 6))


def test_a_clean_log_is_a_complete_run(healthy: list[bytes], tmp_path: Path) -> None:
    run = read(healthy, tmp_path)
    assert run.complete, run.problems
    assert (run.stack, run.origin, run.pack, run.pack_version) == ("dev", Origin.PREVIEW, "hedgerow", pack_version())
    assert run.time == datetime.fromtimestamp(START, tz=UTC)
    assert len(run.resource_types) == 7


def test_every_rule_has_a_result_and_no_rule_two_of_one_resource(healthy: list[bytes], tmp_path: Path) -> None:
    run = read(healthy, tmp_path)
    keys = [(result.rule, result.urn) for result in run.results]
    assert keys == sorted(set(keys))
    assert {rule for rule, _ in keys} == {rule.id for rule in PACK.rules}


def test_a_pass_names_controls_promise_and_severity(healthy: list[bytes], tmp_path: Path) -> None:
    (result,) = found(read(healthy, tmp_path), RULE, QUEUE)
    assert (result.verdict, result.urn, result.promise) == (Verdict.PASS, QUEUE, OF_QUEUES.promise)
    assert result.controls == tuple(sorted(OF_QUEUES.controls_of("aws:sqs/queue:Queue")))
    assert result.severity == OF_QUEUES.severity.value


def test_silence_is_no_pass(healthy: list[bytes], tmp_path: Path) -> None:
    def forget(event: dict[str, Any]) -> None:
        if event.get("policyAnalyzeSummaryEvent", {}).get("resourceUrn") == QUEUE:
            event["policyAnalyzeSummaryEvent"]["passed"].remove(RULE)

    (result,) = found(read(edited(healthy, forget), tmp_path), RULE, QUEUE)
    assert (result.verdict, result.message) == (Verdict.NOT_APPLICABLE, NAMED_NEITHER)


def test_a_rule_of_types_that_are_not_there_is_derived_and_says_so(healthy: list[bytes], tmp_path: Path) -> None:
    met = {rule.id for kind in dict(read(healthy, tmp_path).resource_types).values() for rule in PACK.rules_on(kind)}
    rule = next(rule.id for rule in PACK.rules if rule.id not in met)
    (result,) = found(read(healthy, tmp_path), rule)
    assert (result.verdict, result.urn, result.message) == (Verdict.NOT_APPLICABLE, ROOT, NOT_OF_TYPE)


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        ("queueUrl is not set\nFix: set it\n", Verdict.FAIL),
        (f"{UNDETERMINED}not known before the deployment: policy\n", Verdict.UNDETERMINED),
        (f"{WAIVED}2030-01-01 (being replaced):\nqueueUrl is not set\n", Verdict.WAIVED),
        (f"<{{%fg 3%}}>{UNDETERMINED}not known\n<{{%reset%}}>", Verdict.UNDETERMINED),
        (f"the waiver for this expired on 2020-01-01; {WAIVED}", Verdict.FAIL),
    ],
)
def test_the_message_tells_which_of_what_the_engine_counts_as_failed(
    message: str, verdict: Verdict, tmp_path: Path
) -> None:
    run = read(list(event_log("dev", 6, broken={(RULE, QUEUE)}, message=message)), tmp_path)
    (result,) = found(run, RULE, QUEUE)
    assert (result.verdict, result.urn, result.blocking) == (verdict, QUEUE, True)
    assert "<{%" not in result.message
    assert run.complete, run.problems


def test_a_blocked_preview_is_complete_and_a_blocked_update_is_not(tmp_path: Path) -> None:
    assert read(list(event_log("dev", 6, broken={(RULE, QUEUE)})), tmp_path).complete
    update = read(list(event_log("dev", 6, broken={(RULE, QUEUE)}, preview=False)), tmp_path)
    assert update.origin is Origin.UPDATE
    assert update.problems == ("the engine ended with 'failed'",)


def test_a_rule_on_the_stack_passes_as_a_whole_and_fails_on_its_resources(tmp_path: Path) -> None:
    bucket = urn("dev", "aws:s3/bucket:Bucket", "r0")
    (passed,) = found(read(list(event_log("dev", 6)), tmp_path), GRAPH_RULE)
    (failed,) = found(read(list(event_log("dev", 6, broken={(GRAPH_RULE, bucket)})), tmp_path), GRAPH_RULE)
    assert (passed.verdict, passed.urn) == (Verdict.PASS, ROOT)
    assert (failed.verdict, failed.urn) == (Verdict.FAIL, bucket)


def test_a_rule_counted_both_ways_is_not_passed_and_makes_the_run_incomplete(tmp_path: Path) -> None:
    def count_twice(event: dict[str, Any]) -> None:
        if event.get("policyAnalyzeSummaryEvent", {}).get("resourceUrn") == QUEUE:
            event["policyAnalyzeSummaryEvent"]["passed"].append(RULE)

    run = read(edited(list(event_log("dev", 6, broken={(RULE, QUEUE)})), count_twice), tmp_path)
    (result,) = found(run, RULE, QUEUE)
    assert result.verdict is Verdict.FAIL
    assert any(RULE in problem for problem in run.problems)


def test_another_pack_is_told_apart(healthy: list[bytes], tmp_path: Path) -> None:
    other = {"policyPackName": "other", "policyPackVersion": "1", "policyPackVersionTag": "1"}
    summary = {"sequence": 0, "timestamp": START, "policyAnalyzeSummaryEvent": {"resourceUrn": QUEUE, **other}}
    summary["policyAnalyzeSummaryEvent"]["passed"] = [RULE]  # type: ignore[index]
    run = read(edited([healthy[0], orjson.dumps(summary), *healthy[1:]], lambda _: None), tmp_path)
    assert [result.verdict for result in found(run, f"other:{RULE}")] == [Verdict.PASS]
    assert len(found(run, RULE, QUEUE)) == 1
    assert "policy pack other did not judge the stack as a whole" in run.problems
    assert any(problem.startswith("policy pack other was not asked about") for problem in run.problems)


def drop(kind: str) -> Edit:
    return lambda event: kind in event


def change(kind: str, **members: Any) -> Edit:
    return lambda event: event[kind].update(members) if kind in event else None


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (drop("cancelEvent"), "the log ends before the engine did"),
        (drop("summaryEvent"), "the log ends before the engine did"),
        (drop("policyAnalyzeStackSummaryEvent"), "did not judge the stack as a whole"),
        (lambda e: e.get("policyAnalyzeSummaryEvent", {}).get("resourceUrn") == QUEUE, f"was not asked about {QUEUE}"),
        (lambda e: any(kind.startswith("policyAnalyze") for kind in e), "give the engine --policy-pack"),
        (change("policyAnalyzeSummaryEvent", policyPackVersion="99.0.0"), "99.0.0"),
        (change("policyAnalyzeSummaryEvent", notApplicable=[]), "a newer engine means"),
        (change("policyAnalyzeSummaryEvent", passed=["no_such_rule"]), "rule no_such_rule is not in the pack at hand"),
        (change("policyAnalyzeStackSummaryEvent", failed=[GRAPH_RULE]), "no event says why"),
        (change("policyAnalyzeStackSummaryEvent", passed="all"), "passed is not what it was"),
        (change("summaryEvent", result="cancelled"), "the engine ended with 'cancelled'"),
        (change("summaryEvent", maybeCorrupt=True), "corrupt"),
        (change("summaryEvent", PolicyPacks={"second|local|x": "1"}), "policy pack second ran and judged nothing"),
        (change("resourcePreEvent", metadata={"op": "create"}), "names no step"),
    ],
)
def test_what_is_missing_or_unknown_makes_a_run_incomplete(
    edit: Edit, problem: str, healthy: list[bytes], tmp_path: Path
) -> None:
    run = read(edited(healthy, edit), tmp_path)
    assert any(problem in line for line in run.problems), run.problems
    assert not run.complete


def test_an_engine_error_makes_a_run_incomplete(healthy: list[bytes], tmp_path: Path) -> None:
    said = {"prefix": "error: ", "message": "the program crashed\nat length", "color": "never", "severity": "error"}
    error = orjson.dumps({"sequence": 0, "timestamp": START, "diagnosticEvent": said})
    run = read(edited([*healthy[:3], error, *healthy[3:]], lambda _: None), tmp_path)
    assert run.problems == ("the engine reports an error: the program crashed",)
