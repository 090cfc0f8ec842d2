"""Papers: the agreements and transfers that resources refer to exist, and are in force."""

from __future__ import annotations

import datetime
from collections.abc import Generator, Iterator

from policy_pack.examples import allow, declare, kept
from policy_pack.registers import Row as Entry
from policy_pack.rules.diagnostic_access import PERSON, TAGS, TIER, require_diagnostic
from policy_pack.rules.privacy import CUSTOMER_CLASSES, CUSTOMER_STORES, DEPLOYMENT, PAPERS, is_self_hosted
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import Finding, NotApplicable, Registers, Resource, Severity, Unknown, aws, each, rule

# What a tag refers to: the register, and the kind of agreement.
REFERENCES = {
    "transfer-basis": ("transfers", ""),
    "dpa-register": ("agreements", "dpa"),
    "dpa-ref": ("agreements", "dpa"),
    "nda-ref": ("agreements", "nda"),
    "scc-ref": ("transfers", ""),
}
OF_STORES = ("transfer-basis", "dpa-register")
OF_ROLES = ("dpa-ref", "nda-ref", "scc-ref")


def _may_have(resource: Resource, key: str) -> bool:
    try:
        return bool(resource.tag(key))
    except Unknown:
        return True


def _referred(
    resource: Resource, key: str, registers: Registers, today: datetime.date
) -> Generator[Finding, None, Entry | None]:
    """Yield what is wrong with the row that a tag refers to, and return the row if nothing is.

    Raises:
        Unknown: the tag, or whether the row is in force: the stack's configuration names no registers.
    """
    name = resource.tag(key)
    if not name:
        return None
    if not registers.kept:
        raise Unknown(f"whether {name} is in force (policies_reviewed.folder names no registers)")
    register, kind = REFERENCES[key]
    row = registers.find(register, name)
    if row is not None and row.in_force(today) and row.more.get("kind", "") == kind:
        return row
    yield f"tag {key} names {name}, and {register}.yaml has no such {kind.upper() or 'row'} in force"
    return None


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
    if not any(_may_have(store, key) for key in OF_STORES):
        raise NotApplicable("it names no papers; whether it must is customer_store_has_transfer_basis's to say")

    def judge(key: str) -> Iterator[Finding]:
        row = yield from _referred(store, key, registers, today)
        # Only a transfer goes somewhere.
        if row is not None and "destinations" in row.more and store.region not in row.more["destinations"]:
            yield f"tag {key} names {row.id}, which allows no transfer to {store.region}"

    yield from each(OF_STORES, judge)


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
    if not any(_may_have(role, key) for key in OF_ROLES):
        raise NotApplicable("it names no papers; whether it must is diagnostic_role_documented's to say")

    def judge(key: str) -> Iterator[Finding]:
        yield from _referred(role, key, registers, today)

    yield from each(OF_ROLES, judge)


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
