"""What the page for the public may say: controls, policies, verdicts and counts.

Its records have no field for a name, an address, a path or a person, so that no template can let one through. Whatever
a run states as free text stays out, even a version that doesn't look like one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evidence.report.charts import Trend
from evidence.report.records import RegisterEntry
from evidence.report.standing import Control, Group, Standing, by_criterion, by_policy, statement
from evidence.report.summary import Summary
from evidence.report.views import dues
from evidence.results import Verdict
from policy_pack.catalogue import Elsewhere, Requirement

_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){1,2}")


@dataclass(frozen=True)
class PublicControl:
    """A control of the catalogue, where it stands, and how many verdicts say so."""

    anchor: str
    requirement: Requirement
    nist: Sequence[str]
    frameworks: Sequence[str]
    severities: Sequence[str]
    standing: Standing
    total: Counter[Verdict]
    elsewhere: Sequence[tuple[str, Elsewhere]]


def public(
    summary: Summary, found: Sequence[Control], registers: Sequence[RegisterEntry], trend: Trend
) -> dict[str, Any]:
    """Return what the template of the public page names."""
    shown = {control.anchor: _control(control) for control in found}
    pack_versions = {run.pack_version for run in summary.runs}
    rows = dues(registers, summary.day)
    return {
        "complete": summary.complete,
        "statement": statement(found, complete=summary.complete),
        "everything": Group("", list(shown.values())),
        "controls": list(shown.values()),
        "policies": [_group(group, shown) for group in by_policy(found)],
        "criteria": [_group(group, shown) for group in by_criterion(found)],
        "trend": trend,
        "day": summary.day,
        "runs": len(summary.runs),
        "incomplete_runs": sum(not run.complete for run in summary.runs),
        "stacks": len({run.stack for run in summary.runs}),
        "resources": sum(run.resources for run in summary.runs),
        "origins": sorted({run.origin.value for run in summary.runs}),
        "pack_versions": sorted(version for version in pack_versions if _VERSION.fullmatch(version)),
        "verdicts": summary.verdicts,
        "waivers": summary.expiries.total(),
        "expired_waivers": sum(count for day, count in summary.expiries.items() if summary.day and day < summary.day),
        "registers": len(rows),
        "late_registers": sum(row.is_late for row in rows),
    }


def _control(control: Control) -> PublicControl:
    return PublicControl(
        anchor=control.anchor,
        requirement=control.answer.requirement,
        nist=control.nist,
        frameworks=control.frameworks,
        severities=control.severities,
        standing=control.standing,
        total=control.total,
        elsewhere=tuple(control.answer.elsewhere.items()),
    )


def _group(group: Group[Control], shown: dict[str, PublicControl]) -> Group[PublicControl]:
    return Group(group.key, [shown[control.anchor] for control in group.controls])
