"""What a waiver lifts, for as long as it holds, and what it never lifts."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
from pulumi.runtime import proto

from policy_pack.rules.waivers import waivers_needed
from policy_pack.server import UNDETERMINED, WAIVED
from policy_pack.tokens import STACK
from policy_pack.vocabulary import Severity, rule
from policy_pack.waivers import Waiver
from tests.policy_pack.protocol import UNKNOWN_TEXT, in_stack, urn_of
from tests.policy_pack.queues import (
    CONTEXT,
    QUEUE,
    TODAY,
    analyzer,
    judged,
    only,
    queue_closed,
    queue_crashes,
    queue_known,
)

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
