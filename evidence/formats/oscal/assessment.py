"""`assessment-results.json`: a result for each run. Runs enter.

An observation tells of one rule and one verdict, on which resources; a finding of one control, from all observations
that bear on it. A control is satisfied only where every one of them is a pass and the run is complete.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import trestle.oscal.assessment_results as oscal

from evidence import rules
from evidence.canonical import encode
from evidence.formats.oscal.terms import CATALOG, PACK, identifier, line, metadata, objective, prop, token
from evidence.results import Result, Run, Runs, Verdict

_NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_PLAN = identifier("assessment plan")


def write(runs: Runs, folder: Path) -> datetime.datetime:
    """Write the document, run by run, and return the time of the latest run."""
    latest, identities = _NEVER, []
    with (folder / "assessment-results.json").open("wb") as file:
        file.write(b'{"assessment-results":{"results":[')
        for number, run in enumerate(runs()):
            result = _result(run)
            _validate(result)
            file.write(b"," if number else b"")
            file.write(orjson.dumps(result))
            latest = max(latest, run.time)
            identities.append(result["uuid"])
        head = {
            "uuid": identifier("assessment results", *identities),
            "metadata": metadata("What the policy pack said of the environment", latest),
            "import-ap": {"href": f"#{_PLAN}"},
            "back-matter": {
                "resources": [
                    {
                        "uuid": _PLAN,
                        "title": "How it was assessed",
                        "description": "The policy pack judged every resource of a stack, as the engine showed it "
                        "before or after a deployment, or the account itself was asked. There is no further plan.",
                    },
                    {
                        "uuid": CATALOG,
                        "title": "The catalogue of controls",
                        "rlinks": [{"href": "catalog.json"}],
                    },
                ]
            },
        }
        file.write(b"]," + encode(head).strip()[1:] + b"}\n")
    return latest


def _validate(result: dict[str, Any]) -> None:
    """Have trestle check a result, with one resource for all: they differ in nothing but their names."""
    some = dict(result)
    if "local-definitions" in result:
        some["local-definitions"] = {"inventory-items": result["local-definitions"]["inventory-items"][:1]}
    if "observations" in result:
        some["observations"] = [one | {"subjects": one["subjects"][:1]} for one in result["observations"]]
    oscal.Result.model_validate(some)


def _result(run: Run) -> dict[str, Any]:
    own = (run.stack, run.origin.value, run.time.isoformat())
    judged = [result for result in run.results if result.verdict is not Verdict.NOT_APPLICABLE]
    groups: dict[tuple[str, Verdict], list[Result]] = defaultdict(list)
    for result in judged:
        groups[result.rule, result.verdict].append(result)
    controls: dict[str, set[tuple[str, Verdict]]] = defaultdict(set)
    for result in judged:
        for control in result.controls:
            controls[control].add((result.rule, result.verdict))
    body: dict[str, Any] = {
        "uuid": identifier("result", *own),
        "title": line(f"Stack {run.stack}: {run.origin.value}"),
        "description": "Judged by the policy pack."
        if run.complete
        else "INCOMPLETE: nothing may be concluded from what this result doesn't say.\n" + "\n".join(run.problems),
        "start": run.time.isoformat(),
        "end": run.time.isoformat(),
        "props": [
            prop("stack", run.stack),
            prop("origin", run.origin.value),
            prop("commit", run.commit),
            prop("policy-pack", f"{run.pack} {run.pack_version}"),
            prop("complete", "yes" if run.complete else "no"),
        ],
        "reviewed-controls": _reviewed(sorted(controls)),
    }
    resources = sorted({result.urn for result in judged} | {urn for urn, _ in run.resource_types})
    ids = {urn: identifier("resource", *own, urn) for urn in resources}
    if resources:
        types = dict(run.resource_types)
        body["local-definitions"] = {
            "inventory-items": [_item(ids[urn], urn, types.get(urn, "")) for urn in resources],
        }
    if groups:
        body["observations"] = [_observation(run, own, ids, *key, results) for key, results in sorted(groups.items())]
    if controls:
        body["findings"] = [_finding(run, own, control, seen) for control, seen in sorted(controls.items())]
    return body


def _reviewed(controls: list[str]) -> dict[str, Any]:
    if not controls:
        return {
            "description": "No control was judged.",
            "control-selections": [{"description": "none", "include-all": {}}],
        }
    return {"control-selections": [{"include-controls": [{"control-id": token(control)} for control in controls]}]}


def _item(identity: str, urn: str, resource_type: str) -> dict[str, Any]:
    return {
        "uuid": identity,
        "description": line(urn),
        "props": [prop("urn", urn), *([prop("type", resource_type)] if resource_type else [])],
    }


def _observation(  # noqa: PLR0913, PLR0917 - what an observation is of
    run: Run, own: tuple[str, ...], ids: Mapping[str, str], rule: str, verdict: Verdict, results: list[Result]
) -> dict[str, Any]:
    messages = sorted({result.message for result in results if result.message})
    observation: dict[str, Any] = {
        "uuid": identifier("observation", *own, rule, verdict.value),
        "title": line(f"{rule}: {verdict.value}"),
        "description": rules.why(rule),
        "props": [prop("rule", rule), prop("verdict", verdict.value)],
        "methods": ["TEST"],
        "types": ["control-objective"],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": PACK}]}],
        "subjects": [
            {"subject-uuid": ids[urn], "type": "inventory-item", "title": line(urn)}
            for urn in sorted({result.urn for result in results})
        ],
        "collected": run.time.isoformat(),
    }
    if messages:
        observation["relevant-evidence"] = [{"description": message} for message in messages]
    return observation


def _finding(run: Run, own: tuple[str, ...], control: str, seen: set[tuple[str, Verdict]]) -> dict[str, Any]:
    verdicts = {verdict for _, verdict in seen}
    satisfied = run.complete and verdicts == {Verdict.PASS}
    reason = "pass" if satisfied else "fail" if verdicts & {Verdict.FAIL, Verdict.WAIVED} else "other"
    said = ", ".join(sorted(verdict.value for verdict in verdicts))
    return {
        "uuid": identifier("finding", *own, control),
        "title": line(f"Control {control}"),
        "description": f"The rules that answer for {control} said: {said}."
        + ("" if run.complete else " The run is incomplete."),
        "props": [prop("control", control)],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": PACK}]}],
        "target": {
            "type": "objective-id",
            "target-id": objective(control),
            "status": {"state": "satisfied" if satisfied else "not-satisfied", "reason": reason},
        },
        "related-observations": [
            {"observation-uuid": identifier("observation", *own, rule, verdict.value)} for rule, verdict in sorted(seen)
        ],
    }
