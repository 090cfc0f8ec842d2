"""Papers: the agreements and transfers that resources refer to exist, and are in force."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from policy_pack.examples import allow, declare, kept
from policy_pack.registers import Row as Entry
from policy_pack.rules.diagnostic_access import PERSON, TAGS, TIER, require_diagnostic
from policy_pack.rules.privacy import CUSTOMER_CLASSES, CUSTOMER_STORES, DEPLOYMENT, PAPERS, is_self_hosted
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import Finding, NotApplicable, Registers, Resource, Severity, Unknown, aws, rule


def _in_force(registers: Registers, register: str, key: str, today: datetime.date) -> Entry | None:
    """Return the row that a reference names.

    Raises:
        Unknown: the stack's configuration names no registers.
    """
    if not registers.kept:
        raise Unknown(f"whether {key} is in force (policies_reviewed.folder names no registers)")
    row = registers.find(register, key)
    return row if row is not None and row.in_force(today) else None


@rule(
    on=CUSTOMER_STORES,
    severity=Severity.HIGH,
    promise="gdpr",
    controls=("PH:SCC-TAG",),
    fix="name a transfer and a DPA of the registers that are in force",
)
def store_papers_in_force(
    store: Resource,
    registers: Registers,
    today: datetime.date,
    *,
    classes: list[str] = CUSTOMER_CLASSES,
    deployment: str = DEPLOYMENT,
) -> Iterator[Finding]:
    """A tag proves nothing: the agreement it names must exist, must have begun and must not have ended."""
    if store.tag("data-class") not in classes:
        raise NotApplicable("it holds no customer's data")
    if is_self_hosted(store, deployment):
        raise NotApplicable("the customer holds it, and nothing is transferred to the company")
    basis, agreement = store.tag("transfer-basis"), store.tag("dpa-register")
    if not basis and not agreement:
        raise NotApplicable("it names no papers; whether it must is customer_store_has_transfer_basis's to say")
    if basis:
        row = _in_force(registers, "transfers", basis, today)
        region = store.region
        if row is None:
            yield f"tag transfer-basis names {basis}, and transfers.yaml has no such row in force"
        elif region not in row.more["destinations"]:
            yield f"tag transfer-basis names {basis}, which allows no transfer to {region}"
    if agreement:
        row = _in_force(registers, "agreements", agreement, today)
        if row is None or row.more["kind"] != "dpa":
            yield f"tag dpa-register names {agreement}, and agreements.yaml has no such DPA in force"


@store_papers_in_force.passes
def with_papers_in_force() -> Registers:
    for token in CUSTOMER_STORES:
        declare(token, tags=PAPERS)
    return kept()


@store_papers_in_force.fails
def under_a_dpa_that_nobody_signed() -> Registers:
    aws.s3.Bucket("data", tags={**PAPERS, "dpa-register": "dpa/none"})
    return kept()


@store_papers_in_force.fails
def under_a_dpa_that_has_ended() -> Registers:
    aws.s3.Bucket("data", tags=PAPERS)
    return kept(agreements=[{"id": "dpa/1", "kind": "dpa", "ends": "2026-02-28"}])


@store_papers_in_force.fails
def under_an_nda() -> Registers:
    aws.s3.Bucket("data", tags={**PAPERS, "dpa-register": "nda/1"})
    return kept()


@store_papers_in_force.fails
def on_a_basis_that_is_not_recorded() -> Registers:
    aws.s3.Bucket("data", tags={**PAPERS, "transfer-basis": "privacy-shield"})
    return kept()


@store_papers_in_force.fails
def in_a_place_that_the_clauses_do_not_name() -> Registers:
    aws.s3.Bucket("data", region="us-east-1", tags=PAPERS)
    return kept()


@store_papers_in_force.undetermined
def papers_that_nobody_can_look_up() -> None:
    aws.s3.Bucket("data", tags=PAPERS)


# What a diagnostic role refers to: the tag, the register and the kind of agreement.
REFERENCES = {"dpa-ref": ("agreements", "dpa"), "nda-ref": ("agreements", "nda"), "scc-ref": ("transfers", "")}


@rule(
    on=(ROLE,),
    severity=Severity.HIGH,
    promise="gdpr",
    controls=("PH:DIAG-TAGS", "PH:EVIDENCE-DIAGNOSTIC-ACCESS"),
    fix="name a DPA, a mutual NDA and, from the US, clauses of the registers that are in force",
)
def diagnostic_papers_in_force(
    role: Resource, registers: Registers, today: datetime.date, *, tier: str = TIER
) -> Iterator[Finding]:
    """A customer lets somebody look under agreements that both have signed, not under a tag's word."""
    require_diagnostic(role, tier)
    named = {key: role.tag(key) for key in REFERENCES}
    if not any(named.values()):
        raise NotApplicable("it names no papers; whether it must is diagnostic_role_documented's to say")
    for key, value in named.items():
        register, kind = REFERENCES[key]
        row = _in_force(registers, register, value, today) if value else None
        if value and (row is None or (kind and row.more["kind"] != kind)):
            yield f"tag {key} names {value}, and {register}.yaml has no such {kind or 'row'} in force"


def _role(tags: dict[str, str]) -> None:
    aws.iam.Role("look", assume_role_policy=allow("sts:AssumeRole", Principal={"AWS": PERSON}), tags=tags)


@diagnostic_papers_in_force.passes
def access_under_signed_papers() -> Registers:
    _role({**TAGS, "accessor-country": "US", "scc-ref": "scc-2021"})
    return kept()


@diagnostic_papers_in_force.fails
def access_under_an_nda_yet_to_begin() -> Registers:
    _role(TAGS)
    return kept(agreements=[{"id": "dpa/1", "kind": "dpa"}, {"id": "nda/1", "kind": "nda", "since": "2026-04-01"}])


@diagnostic_papers_in_force.fails
def access_under_a_dpa_in_place_of_an_nda() -> Registers:
    _role({**TAGS, "nda-ref": "dpa/1"})
    return kept()


@diagnostic_papers_in_force.undetermined
def access_under_papers_that_nobody_can_look_up() -> None:
    _role(TAGS)
