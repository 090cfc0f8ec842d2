"""Runs, registers and earlier bundles for tests of the report."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evidence.report import Earlier, RegisterEntry, write
from evidence.results import AcceptedViolation, Origin, Place, Result, Run, Verdict
from policy_pack.pack import PACK

RULES = {rule.id: rule for rule in PACK.rules}
BUCKET = "urn:pulumi:shop::analytics::aws:s3/bucket:Bucket::recordings"
GROUP = "urn:pulumi:shop::analytics::aws:ec2/securityGroup:SecurityGroup::reporting"
TOPIC = "urn:pulumi:shop::analytics::aws:sns/topic:Topic::alarms"
VAULT = "urn:pulumi:shop::analytics::aws:backup/vault:Vault::vault"
ROOT = "urn:pulumi:shop::analytics::pulumi:pulumi:Stack::analytics-shop"
TYPES = {
    BUCKET: "aws:s3/bucket:Bucket",
    GROUP: "aws:ec2/securityGroup:SecurityGroup",
    TOPIC: "aws:sns/topic:Topic",
    VAULT: "aws:backup/vault:Vault",
    ROOT: "pulumi:pulumi:Stack",
}
NOW = datetime.datetime(2026, 5, 17, 9, 30, tzinfo=datetime.UTC)
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="90"><path d="M0 0h9"/></svg>'
WAIVER = AcceptedViolation(
    rule="vault_tells_of_failures",
    resource="urn:pulumi:shop::*",
    reason="the topic comes with the next release",
    ticket="OPS-118",
    requester="platform lead",
    approver="security lead",
    approved=datetime.date(2026, 4, 20),
    expires=datetime.date(2026, 6, 1),
)
REGISTERS = [
    RegisterEntry("risk", "Yearly assessment", "security lead", datetime.date(2026, 1, 9), datetime.date(2027, 1, 9)),
    RegisterEntry("vendors", "Error tracking", "privacy lead", datetime.date(2025, 4, 1), datetime.date(2026, 4, 1)),
    RegisterEntry("policies", "Signatures of the handbook", "people lead", None, None),
]
EARLIER = [
    Earlier(datetime.datetime(2026, month, 17, tzinfo=datetime.UTC), month != 3, {Verdict.PASS: 9, Verdict.FAIL: month})
    for month in (4, 2, 3)
]


def result(rule: str, urn: str, verdict: Verdict, message: str = "", **other: Any) -> Result:
    """A result as collecting makes it: with what the pack says of the rule."""
    known = RULES[rule]
    return Result(
        rule=rule,
        urn=urn,
        verdict=verdict,
        message=message,
        controls=known.controls_of(TYPES[urn]) or known.controls,
        promise=known.promise,
        severity=known.severity.name.lower(),
        **other,
    )


RESULTS = (
    result("bucket_versioned", BUCKET, Verdict.PASS),
    result("bucket_encrypted_with_customer_key", BUCKET, Verdict.PASS),
    result("bucket_access_logged", BUCKET, Verdict.UNDETERMINED, "not known before the deployment: targetBucket"),
    result("ingress_not_open_to_world", GROUP, Verdict.FAIL, "0.0.0.0/0 on port 5432", place=Place("app/net.py", 12)),
    result("ingress_described", GROUP, Verdict.FAIL, "ingress[0].description is not set"),
    result("vault_tells_of_failures", VAULT, Verdict.WAIVED, "nobody hears of BACKUP_JOB_FAILED"),
    result("backup_vault_locked", VAULT, Verdict.PASS),
    result("vault_lock_allows_erasure", VAULT, Verdict.NOT_APPLICABLE, "it has no lock"),
)


def run(**changes: Any) -> Run:
    """A complete preview with every verdict in it."""
    fields: dict[str, Any] = {
        "stack": "shop",
        "origin": Origin.PREVIEW,
        "time": NOW,
        "commit": "8c94237e51",
        "pack": "hedgerow",
        "pack_version": "0.1.0",
        "results": RESULTS,
        "resource_types": tuple(sorted(TYPES.items())),
        "waivers": (WAIVER,),
    }
    return Run(**fields | changes)


def pages(folder: Path, runs: Sequence[Run], **extra: Any) -> tuple[str, str]:
    """Write both pages of the runs, and return their text: the private one's first."""
    write(lambda: iter(runs), folder, **extra)
    return tuple((folder / name).read_text(encoding="utf-8") for name in ("report.html", "report-public.html"))  # type: ignore[return-value]
