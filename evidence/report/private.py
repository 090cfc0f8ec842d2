"""Everything that the page for the auditor says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evidence.report import views
from evidence.report.charts import Trend
from evidence.report.page import picture
from evidence.report.records import RegisterEntry
from evidence.report.standing import Control, Group, by_criterion, by_policy, statement
from evidence.report.summary import Summary
from policy_pack.pack import Pack


def private(  # noqa: PLR0913, PLR0917 - a page has as many parts
    summary: Summary,
    found: Sequence[Control],
    registers: Sequence[RegisterEntry],
    trend: Trend,
    pack: Pack,
    architecture: str,
) -> dict[str, Any]:
    """Return what the template of the private page names."""
    rules = views.rules(pack, summary, found)
    resources = views.resources(summary, {view.id: view for view in rules})
    policies = by_policy(found)
    return {
        "statement": statement(found, complete=summary.complete),
        "everything": Group("", found),
        "complete": summary.complete,
        "controls": found,
        "policies": policies,
        "policy_keys": {group.key for group in policies},
        "criteria": by_criterion(found),
        "trend": trend,
        "summary": summary,
        "runs": views.runs(summary),
        "rules": {view.id: view for view in rules},
        "resources": resources,
        "worst": views.worst(resources),
        "waivers": views.waivers(summary),
        "registers": views.dues(registers, summary.day),
        "gaps": views.gaps(pack, summary, rules),
        "packs": sorted({f"{run.pack} {run.pack_version}" for run in summary.runs}),
        "commits": sorted({run.commit for run in summary.runs}),
        "pack": pack,
        "picture": picture(architecture) if architecture else "",
    }
