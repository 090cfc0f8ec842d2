"""`plan-of-action-and-milestones.json`: an item for each waiver, due on the day it expires. Runs enter.

OSCAL knows no plan without an item: where nothing is waived, there is no file.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from trestle.oscal.poam import PlanOfActionAndMilestones

from evidence import rules
from evidence.formats.oscal.terms import identifier, line, metadata, prop
from evidence.results import AcceptedViolation, Runs


def write(runs: Runs, folder: Path) -> None:
    """Write the document, unless nothing is waived."""
    waived: dict[tuple[str, AcceptedViolation], datetime.datetime] = {}
    for run in runs():
        for waiver in run.waivers:
            waived[run.stack, waiver] = max(run.time, waived.get((run.stack, waiver), run.time))
    if not waived:
        return
    entries = sorted(waived, key=lambda entry: (entry[0], entry[1].rule, entry[1].resource, entry[1].expires))
    document = {
        "uuid": identifier("plan", *(_identity(stack, waiver) for stack, waiver in entries)),
        "metadata": metadata("Violations accepted for a time", max(waived.values())),
        "system-id": {"identifier-type": "https://ietf.org/rfc/rfc4122", "id": identifier("system")},
        "risks": [_risk(*entry) for entry in entries],
        "poam-items": [_item(*entry) for entry in entries],
    }
    plan = PlanOfActionAndMilestones.model_validate(document)
    (folder / "plan-of-action-and-milestones.json").write_bytes(plan.oscal_serialize_json_bytes() + b"\n")


def _identity(stack: str, waiver: AcceptedViolation) -> str:
    return f"{stack}\n{waiver.rule}\n{waiver.resource}\n{waiver.ticket}\n{waiver.expires}"


def _risk(stack: str, waiver: AcceptedViolation) -> dict[str, Any]:
    due = datetime.datetime.combine(waiver.expires, datetime.time(23, 59, 59), tzinfo=datetime.UTC)
    return {
        "uuid": identifier("risk", _identity(stack, waiver)),
        "title": line(f"{rules.title(waiver.rule)} is not kept"),
        "description": rules.why(waiver.rule),
        "statement": line(waiver.reason),
        "props": [prop("rule", waiver.rule), prop("stack", stack)],
        "status": "deviation-approved",
        "deadline": due.isoformat(),
    }


def _item(stack: str, waiver: AcceptedViolation) -> dict[str, Any]:
    return {
        "uuid": identifier("item", _identity(stack, waiver)),
        "title": line(f"{waiver.rule} in stack {stack}, until {waiver.expires}"),
        "description": rules.fix(waiver.rule) or rules.why(waiver.rule),
        "props": [
            prop("resource", waiver.resource),
            prop("ticket", waiver.ticket),
            prop("requested-by", waiver.requester),
            prop("approved-by", waiver.approver),
            prop("approved", waiver.approved.isoformat()),
            prop("expires", waiver.expires.isoformat()),
        ],
        "related-risks": [{"risk-uuid": identifier("risk", _identity(stack, waiver))}],
    }
