"""Waivers: a risk is accepted for some weeks and for something that is there, or it is not accepted."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from policy_pack.examples import kept
from policy_pack.tokens import STACK
from policy_pack.vocabulary import Finding, Registers, Resource, Severity, Unknown, aws, rule
from policy_pack.waivers import Waiver


@rule(
    on=(STACK,),
    severity=Severity.HIGH,
    promise="risk-assessment",
    fix="mend what was waived and delete the waiver, or have it approved anew",
)
def waivers_in_force(stack: Resource, registers: Registers, today: datetime.date) -> Iterator[str]:
    """A risk was accepted until a day: from then on it is a violation, and a waiver that lingers hides that."""
    for found in registers.waivers:
        if found.is_of(stack.urn) and not found.in_force(today):
            when = f"expired on {found.expires}" if found.expires < today else f"is approved from {found.approved} on"
            yield f"{found.where}: the waiver of {found.rule} for {found.resource} {when}"


@waivers_in_force.passes
def a_waiver_for_some_weeks() -> Registers:
    return kept(waivers=[{"expires": "2026-03-01"}])


@waivers_in_force.fails
def a_waiver_past_its_last_day() -> Registers:
    return kept(waivers=[{"expires": "2026-02-28"}])


@waivers_in_force.fails
def a_waiver_approved_on_a_day_to_come() -> Registers:
    return kept(waivers=[{"approved": "2026-03-02"}])


@rule(
    on=(STACK,),
    severity=Severity.LOW,
    promise="risk-assessment",
    fix="delete the waiver, or correct the URN that it names",
)
def waivers_needed(stack: Resource, unused: Mapping[Waiver, bool]) -> Iterator[Finding]:
    """A waiver that nothing needs waits for a violation that nobody has accepted."""
    for found, may_be_used in unused.items():
        if found.is_of(stack.urn) and may_be_used:
            yield Unknown(f"whether the waiver of {found.rule} for {found.resource} is needed")
        elif found.is_of(stack.urn):
            yield f"{found.where}: the waiver of {found.rule} for {found.resource} matches no violation"


LEGACY = "urn:pulumi:stack::project::aws:kms/key:Key::legacy"


@waivers_needed.passes
def a_waiver_for_a_violation() -> Registers:
    aws.kms.Key("legacy", enable_key_rotation=False)
    return kept(waivers=[{"rule": "kms_key_rotates_yearly", "resource": LEGACY}])


@waivers_needed.fails
def a_waiver_for_a_key_long_mended() -> Registers:
    aws.kms.Key("legacy", enable_key_rotation=True)
    return kept(waivers=[{"rule": "kms_key_rotates_yearly", "resource": LEGACY}])
