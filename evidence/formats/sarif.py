"""`results.sarif`: SARIF 2.1.0, a run for each run, for code scanning. Runs enter.

It holds what someone has to look at: violations, waived ones as suppressed, and what couldn't be determined. Passes are
left to the other formats, for services that show SARIF show each result as an alert, whatever its kind.
"""

from __future__ import annotations

import hashlib
import json
import urllib.parse
from pathlib import Path
from typing import Any

from evidence import rules
from evidence.results import Result, Run, Runs, Verdict

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_KINDS = {Verdict.FAIL: "fail", Verdict.WAIVED: "fail", Verdict.UNDETERMINED: "open"}
# The ranges in which code scanning calls an alert low, medium, high and critical.
_SECURITY_SEVERITY = {"low": "3.0", "medium": "5.0", "high": "8.0", "critical": "9.5"}
_PROGRAM = "Pulumi.yaml"
"""Where a result is shown whose resource has no known place in the program: services refuse one that has none."""


def write(runs: Runs, folder: Path) -> None:
    """Write the file."""
    with (folder / "results.sarif").open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"$schema":"{_SCHEMA}","version":"2.1.0","runs":[')
        for number, run in enumerate(runs()):
            file.write(("," if number else "") + json.dumps(_run(run), sort_keys=True, separators=(",", ":")))
        file.write("]}\n")


def _run(run: Run) -> dict[str, Any]:
    shown = [result for result in run.results if result.verdict in _KINDS]
    ids = sorted({result.rule for result in shown})
    severities = {result.rule: result.severity for result in shown}
    positions = {rule: position for position, rule in enumerate(ids)}
    return {
        "tool": {
            "driver": {
                "name": run.pack or "policy pack",
                "organization": "Hedgerow",
                **({"version": run.pack_version} if run.pack_version else {}),
                "rules": [_rule(rule, severities[rule]) for rule in ids],
            }
        },
        "automationDetails": {"id": f"{run.pack}/{run.origin.value}/{run.stack}/"},
        "invocations": [
            {
                "executionSuccessful": run.complete,
                "endTimeUtc": run.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": _plain(problem)}} for problem in run.problems
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "properties": {"stack": run.stack, "commit": run.commit},
        "results": [_result(result, positions[result.rule]) for result in shown],
    }


def _rule(rule: str, severity: str) -> dict[str, Any]:
    fix = rules.fix(rule)
    known = rules.RULES.get(rule)
    return {
        "id": rule,
        "shortDescription": {"text": rules.title(rule)},
        "fullDescription": {"text": rules.why(rule)},
        "help": {"text": f"{rules.why(rule)}\nFix: {fix}" if fix else rules.why(rule)},
        "properties": {
            "tags": ["security", *([known.promise] if known else [])],
            "security-severity": _SECURITY_SEVERITY.get(severity, "5.0"),
        },
    }


def _result(result: Result, position: int) -> dict[str, Any]:
    kind = _KINDS[result.verdict]
    # SARIF 2.1.0, 3.27.10: a result of another kind than "fail" has no level.
    level = ("error" if result.blocking else "warning") if kind == "fail" else "none"
    entry: dict[str, Any] = {
        "ruleId": result.rule,
        "ruleIndex": position,
        "kind": kind,
        "level": level,
        "message": {"text": _plain(result.message or result.verdict.value)},
        "locations": [
            {
                "physicalLocation": _place(result),
                "logicalLocations": [
                    {
                        "name": rules.name_of(result.urn),
                        "fullyQualifiedName": result.urn,
                        "kind": "resource",
                    }
                ],
            }
        ],
        "partialFingerprints": {"ruleAndResource/v1": _fingerprint(result)},
        "properties": {"verdict": result.verdict.value, "controls": list(result.controls)},
    }
    if result.verdict is Verdict.WAIVED:
        entry["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": result.message.partition("\n")[0]}
        ]
    return entry


def _place(result: Result) -> dict[str, Any]:
    file = result.place.path if result.place else _PROGRAM
    place: dict[str, Any] = {"artifactLocation": {"uri": urllib.parse.quote(file), "uriBaseId": "%SRCROOT%"}}
    if result.place:
        place["region"] = {"startLine": max(1, result.place.line)}
    return place


def _fingerprint(result: Result) -> str:
    """Return what stays the same while the message, the line or the commit change."""
    return hashlib.sha256(f"{result.rule}\n{result.urn}".encode()).hexdigest()


def _plain(text: str) -> str:
    """Return text in which SARIF finds no link: a plain message may embed some as [text](target)."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
