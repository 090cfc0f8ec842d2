"""Governance: what people must record is recorded, and what they must review is reviewed in time."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Iterator

from policy_pack.examples import kept
from policy_pack.registers import Row as Entry
from policy_pack.tokens import STACK
from policy_pack.vocabulary import (
    Finding,
    Registers,
    Resource,
    Severity,
    Unknown,
    rule,
    setting,
)

HANDBOOK = (
    "acceptable-use",
    "asset-management",
    "backup",
    "business-continuity",
    "code-of-conduct",
    "data-classification",
    "data-deletion",
    "data-protection",
    "disaster-recovery",
    "encryption",
    "incident-response",
    "information-security",
    "password",
    "physical-security",
    "responsible-disclosure",
    "risk-assessment",
    "sdlc",
    "system-access-control",
    "vendor-management",
    "vulnerability-management",
)
"""The policies that the Security & Privacy page lists, by the handbook's ids."""
POLICIES: list[str] = setting(list(HANDBOOK), "ids of the policies that must be recorded")
YEARLY: int = setting(365, "days between two reviews at most", minimum=1)
FOLDER: str = setting(
    "",
    "folder of the registers, in the program's or above; empty where none are kept, which leaves this undetermined",
)


def rows_of(registers: Registers, name: str, today: datetime.date) -> list[Entry]:
    """Return the rows of a register that have not ended.

    Raises:
        Unknown: the stack's configuration names no registers.
    """
    if not registers.kept:
        raise Unknown(f"the register of {name.replace('_', ' ')} (policies_reviewed.folder names no registers)")
    return [row for row in registers.rows[name] if not row.has_ended(today)]


def overdue(rows: Iterable[Entry], longest: int, today: datetime.date) -> Iterator[str]:
    """Yield what is late, is reviewed too seldom, or claims a review that can't have been."""
    for row in rows:
        if row.every > longest:
            yield f"{row.where}: {row.id} is reviewed every {row.every} days; it must be every {longest} at most"
        if row.reviewed is not None and row.reviewed > today:
            yield f"{row.where}: {row.id} says that it was reviewed on {row.reviewed}, which is yet to come"
        elif row.due < today:
            yield f"{row.where}: {row.id} was due on {row.due}; it is the {row.owner}'s to review"


def missing(rows: Iterable[Entry], wanted: Collection[str], what: str, key: Callable[[Entry], str]) -> Iterator[str]:
    """Yield what no row records."""
    found = {key(row) for row in rows}
    yield from (f"no {what} is recorded for {name}" for name in wanted if name not in found)


@rule(
    on=(STACK,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=(
        "PH:EVIDENCE-ACCEPTABLE-USE",
        "PH:EVIDENCE-CODE-OF-CONDUCT",
        "PH:EVIDENCE-PHYSICAL-SECURITY",
        "PH:EVIDENCE-RESPONSIBLE-DISCLOSURE",
        "PH:EVIDENCE-INFORMATION-SECURITY",
        "PH:EVIDENCE-VULNERABILITY-MANAGEMENT",
        "PH:EVIDENCE-SDLC",
    ),
    fix="review the policy, then write the day into policies.yaml of the registers",
)
def policies_reviewed(
    _stack: Resource,
    registers: Registers,
    today: datetime.date,
    *,
    folder: str = FOLDER,  # noqa: ARG001 - the registers are read before any rule is asked
    policies: list[str] = POLICIES,
    longest_days: int = YEARLY,
) -> Iterator[Finding]:
    """A policy that nobody looks at describes a company that no longer exists."""
    rows = rows_of(registers, "policies", today)
    yield from missing(rows, policies, "policy", lambda row: row.id)
    yield from overdue(rows, longest_days, today)


@policies_reviewed.passes
def every_policy_in_time() -> Registers:
    return kept()


@policies_reviewed.fails
def a_policy_last_seen_two_years_ago() -> Registers:
    policies = [{"id": name} for name in HANDBOOK]
    policies[0]["reviewed"] = "2024-01-15"
    return kept(policies=policies)


@policies_reviewed.fails
def a_policy_nobody_recorded() -> Registers:
    return kept(policies=[{"id": name} for name in HANDBOOK if name != "encryption"])


@policies_reviewed.fails
def reviewed_every_ten_years() -> Registers:
    return kept(policies=[{"id": name, "every": 3650} for name in HANDBOOK])


@policies_reviewed.undetermined
def where_no_registers_are_kept() -> None:
    pass


@rule(
    on=(STACK,),
    severity=Severity.MEDIUM,
    promise="vendor-management",
    controls=("PH:EVIDENCE-VENDOR-MANAGEMENT",),
    fix="review the vendor and its agreement, then write the day into subprocessors.yaml of the registers",
)
def vendors_reviewed(
    _stack: Resource,
    registers: Registers,
    today: datetime.date,
    *,
    longest_days: int = YEARLY,
) -> Iterator[Finding]:
    """A vendor that was fit to hold customers' data once must be found so every year."""
    rows = rows_of(registers, "subprocessors", today)
    yield from overdue(rows, longest_days, today)
    for row in rows:
        agreement = registers.find("agreements", row.more["agreement"])
        if agreement is None or agreement.more["kind"] != "dpa" or not agreement.in_force(today):
            yield f"{row.where}: {row.id} names {row.more['agreement']}, which is no DPA in force"


@vendors_reviewed.passes
def a_vendor_under_contract() -> Registers:
    return kept(subprocessors=[{}])


@vendors_reviewed.fails
def a_vendor_last_reviewed_long_ago() -> Registers:
    return kept(subprocessors=[{"reviewed": "2024-06-01"}])


@vendors_reviewed.fails
def a_vendor_without_an_agreement() -> Registers:
    return kept(subprocessors=[{"agreement": "dpa/none"}])


@vendors_reviewed.fails
def a_vendor_under_a_mere_nda() -> Registers:
    return kept(subprocessors=[{"agreement": "nda/1"}])


@rule(
    on=(STACK,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:EVIDENCE-SYSTEM-ACCESS-CONTROL",),
    fix="review who needs which access, then write the day into access_reviews.yaml of the registers",
)
def access_reviewed(
    _stack: Resource,
    registers: Registers,
    today: datetime.date,
    *,
    longest_days: int = setting(90, "days between two reviews at most", minimum=1),
) -> Iterator[Finding]:
    """People change what they do; what they may reach must follow, and only a review takes access away."""
    rows = rows_of(registers, "access_reviews", today)
    if not rows:
        yield "no access review is recorded"
    yield from overdue(rows, longest_days, today)


@access_reviewed.passes
def access_reviewed_this_quarter() -> Registers:
    return kept(access_reviews=[{"id": "access", "reviewed": "2026-01-15"}])


@access_reviewed.fails
def access_reviewed_last_year() -> Registers:
    return kept(access_reviews=[{"id": "access", "reviewed": "2025-06-01"}])


@access_reviewed.fails
def access_never_reviewed() -> Registers:
    return kept(access_reviews=[])


@access_reviewed.fails
def access_reviewed_on_a_day_to_come() -> Registers:
    return kept(access_reviews=[{"id": "access", "reviewed": "2026-12-01"}])


EXERCISES = {
    "restore": "quarterly_days",
    "disaster-recovery": "yearly_days",
    "business-continuity": "yearly_days",
    "incident-response": "yearly_days",
    "risk-assessment": "yearly_days",
}


@rule(
    on=(STACK,),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=(
        "PH:EVIDENCE-DISASTER-RECOVERY",
        "PH:EVIDENCE-BUSINESS-CONTINUITY",
        "PH:EVIDENCE-INCIDENT-RESPONSE",
        "PH:EVIDENCE-RISK-ASSESSMENT",
    ),
    fix="hold the exercise, then write the day and what was measured into exercises.yaml of the registers",
)
def exercises_held(
    _stack: Resource,
    registers: Registers,
    today: datetime.date,
    *,
    quarterly_days: int = setting(92, "days between two restore exercises at most", minimum=1),
    yearly_days: int = setting(365, "days between two exercises of any other kind at most", minimum=1),
) -> Iterator[Finding]:
    """A plan that was never tried fails when it is needed."""
    rows = rows_of(registers, "exercises", today)
    yield from missing(rows, EXERCISES, "exercise", lambda row: str(row.more["kind"]))
    for row in rows:
        yield from overdue([row], quarterly_days if row.more["kind"] == "restore" else yearly_days, today)


@exercises_held.passes
def every_exercise_held() -> Registers:
    return kept()


@exercises_held.fails
def nothing_restored_since_last_spring() -> Registers:
    exercises = [{"id": kind, "kind": kind} for kind in EXERCISES]
    exercises[0]["reviewed"] = "2025-04-01"
    return kept(exercises=exercises)


@exercises_held.fails
def no_risk_ever_assessed() -> Registers:
    kinds = [kind for kind in EXERCISES if kind != "risk-assessment"]
    return kept(exercises=[{"id": kind, "kind": kind} for kind in kinds])


@rule(
    on=(STACK,),
    severity=Severity.MEDIUM,
    promise="gdpr",
    controls=("PH:EVIDENCE-GDPR",),
    fix="review the agreement or transfer, then write the day into agreements.yaml or transfers.yaml of the registers",
)
def agreements_reviewed(
    _stack: Resource,
    registers: Registers,
    today: datetime.date,
    *,
    longest_days: int = YEARLY,
) -> Iterator[Finding]:
    """Clauses are replaced and courts decide: what data crosses a border on must be looked at every year."""
    for name in ("agreements", "transfers"):
        yield from overdue(rows_of(registers, name, today), longest_days, today)


@agreements_reviewed.passes
def clauses_of_this_year() -> Registers:
    return kept()


@agreements_reviewed.fails
def clauses_nobody_looked_at() -> Registers:
    return kept(transfers=[{"id": "scc-2021", "reviewed": "2024-06-27"}])
