"""`ocsf.jsonl`: a Compliance Finding (class 2003) a line for each result, for security data lakes. Runs enter.

The classes and their numbers are those of https://schema.ocsf.io; py-ocsf-models holds them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from py_ocsf_models.events.findings.activity_id import ActivityID
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.events.findings.compliance_finding_type_id import ComplianceFindingTypeID
from py_ocsf_models.events.findings.severity_id import SeverityID
from py_ocsf_models.events.findings.status_id import StatusID
from py_ocsf_models.objects.compliance import Compliance
from py_ocsf_models.objects.compliance_status import StatusID as ComplianceStatus
from py_ocsf_models.objects.finding_info import FindingInformation
from py_ocsf_models.objects.metadata import Metadata
from py_ocsf_models.objects.product import Product
from py_ocsf_models.objects.remediation import Remediation

from evidence import rules
from evidence.results import Result, Run, Runs, Verdict

_COMPLIANCE = {
    Verdict.PASS: ComplianceStatus.Pass,
    Verdict.FAIL: ComplianceStatus.Fail,
    Verdict.WAIVED: ComplianceStatus.Fail,
    Verdict.UNDETERMINED: ComplianceStatus.Warning,
}
_SEVERITY = {
    "low": SeverityID.Low,
    "medium": SeverityID.Medium,
    "high": SeverityID.High,
    "critical": SeverityID.Critical,
}


def write(runs: Runs, folder: Path) -> None:
    """Write the file. A run that is incomplete has a finding of unknown status for each thing that is missing."""
    with (folder / "ocsf.jsonl").open("wb") as file:
        for run in runs():
            file.writelines(map(_line, _of_results(run)))
            file.writelines(_line(_plain(_incomplete(run, problem))) for problem in run.problems)


def _line(event: dict[str, Any]) -> bytes:
    return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)


def _plain(finding: ComplianceFinding) -> dict[str, Any]:
    plain: dict[str, Any] = finding.model_dump(mode="json", exclude_none=True)
    return plain


def _of_results(run: Run) -> Iterator[dict[str, Any]]:
    """Yield an event for each result: the models make one of each kind in a run, of which the others are copies."""
    types = dict(run.resource_types)
    kinds: dict[tuple[Any, ...], dict[str, Any]] = {}
    for result in run.results:
        if result.verdict is Verdict.NOT_APPLICABLE:
            continue
        kind = (result.rule, result.verdict, result.severity, result.controls, result.promise)
        if kind not in kinds:
            kinds[kind] = _plain(_finding(run, result))
        yield {
            **kinds[kind],
            "message": result.message or result.verdict.value,
            "finding_info": kinds[kind]["finding_info"] | {"uid": _uid(run, f"{result.rule} {result.urn}")},
            "resources": [_resource(result.urn, types.get(result.urn))],
        }


def _resource(urn: str, resource_type: str | None) -> dict[str, Any]:
    resource = {"uid": urn, "name": rules.name_of(urn)}
    return {**resource, "type": resource_type} if resource_type is not None else resource


def _uid(run: Run, identity: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{run.stack} {run.origin.value} {_milliseconds(run)} {identity}"))


def _milliseconds(run: Run) -> int:
    return int(run.time.timestamp() * 1000)


def _finding(run: Run, result: Result) -> ComplianceFinding:
    fix = rules.fix(result.rule)
    return _event(
        run,
        title=rules.title(result.rule),
        identity="",
        why=rules.why(result.rule),
        message="",
        severity=_SEVERITY.get(result.severity, SeverityID.Unknown),
        status=StatusID.Suppressed if result.verdict is Verdict.WAIVED else StatusID.New,
        compliance=Compliance(
            category=result.promise or None,
            control=result.rule,
            requirements=list(result.controls),
            standards=sorted({control.partition(":")[0] for control in result.controls}),
            status_id=_COMPLIANCE[result.verdict],
        ),
        remediation=Remediation(desc=fix) if fix else None,
    )


def _incomplete(run: Run, problem: str) -> ComplianceFinding:
    return _event(
        run,
        title="Evidence incomplete",
        identity=f"incomplete {problem}",
        why="The record of this run lacks a part: nothing may be concluded from what it doesn't say.",
        message=problem,
        severity=SeverityID.High,
        status=StatusID.New,
        compliance=Compliance(control="evidence_complete", status_id=ComplianceStatus.Unknown),
        remediation=None,
    )


def _event(  # noqa: PLR0913 - an event's fields, by name
    run: Run,
    *,
    title: str,
    identity: str,
    why: str,
    message: str,
    severity: SeverityID,
    status: StatusID,
    compliance: Compliance,
    remediation: Remediation | None,
) -> ComplianceFinding:
    milliseconds = _milliseconds(run)
    return ComplianceFinding(
        activity_id=ActivityID.Create,
        activity_name=ActivityID.Create.name,
        type_uid=ComplianceFindingTypeID.Create,
        type_name=f"Compliance Finding: {ComplianceFindingTypeID.Create.name}",
        time=milliseconds,
        message=message,
        severity_id=severity,
        severity=severity.name,
        status_id=status,
        status=status.name,
        compliance=compliance,
        finding_info=FindingInformation(
            uid=_uid(run, identity),
            title=title,
            desc=why,
            created_time=milliseconds,
        ),
        metadata=Metadata(
            product=Product(name=run.pack or "policy pack", vendor_name="Hedgerow", version=run.pack_version),
            labels=[f"stack:{run.stack}", f"origin:{run.origin.value}", f"commit:{run.commit}"],
        ),
        resources=[],
        remediation=remediation,
    )
