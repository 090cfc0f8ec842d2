"""`catalog.json`, `component-definition.json` and `mapping-collection.json`, from the policy pack's catalogue.

They hold the controls, the rules that answer for them, and the criteria of SOC 2 and controls of NIST SP 800-53 served.

Both mappings are by theme and this project's own reading; neither standard's authority has made them.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from pathlib import Path
from typing import Any

from trestle.core.base_model import OscalBaseModel
from trestle.oscal.catalog import Catalog
from trestle.oscal.component import ComponentDefinition
from trestle.oscal.mapping import MappingCollection

from evidence.formats.oscal.terms import CATALOG, PACK, identifier, line, metadata, objective, prop, token
from policy_pack import catalogue
from policy_pack.catalogue import Answer, Requirement
from policy_pack.pack import PACK as POLICY_PACK

_STANDARDS = {
    "soc-2": (
        "SOC 2 trust services criteria",
        "https://www.aicpa-cima.com/topic/audit-assurance/audit-and-assurance-greater-than-soc-2",
    ),
    "nist-800-53": ("NIST SP 800-53 Rev. 5", "https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final"),
}
_OUR_READING = (
    "Each control serves the criteria of its theme; the mapping is this project's own reading and not official."
)


def write(modified: datetime.datetime, folder: Path) -> None:
    """Write the documents; `modified` is the time that they bear."""
    requirements = catalogue.requirements()
    decided = catalogue.elsewhere()
    answers = [catalogue.answer(requirement, POLICY_PACK.rules, decided) for requirement in requirements]
    _save(Catalog.model_validate(_catalog(requirements, modified)), folder / "catalog.json")
    _save(ComponentDefinition.model_validate(_component(answers, modified)), folder / "component-definition.json")
    _save(MappingCollection.model_validate(_mapping(requirements, modified)), folder / "mapping-collection.json")


def _save(document: OscalBaseModel, file: Path) -> None:
    file.write_bytes(document.oscal_serialize_json_bytes() + b"\n")


def _by_control(requirements: list[Requirement]) -> dict[str, list[Requirement]]:
    found: dict[str, list[Requirement]] = defaultdict(list)
    for requirement in requirements:
        for control in requirement.controls:
            found[control].append(requirement)
    return dict(sorted(found.items()))


def _catalog(requirements: list[Requirement], modified: datetime.datetime) -> dict[str, Any]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for control, asked in _by_control(requirements).items():
        groups[asked[0].promise].append(_control(control, asked))
    return {
        "uuid": CATALOG,
        "metadata": metadata("Hedgerow's catalogue of controls", modified),
        "groups": [
            {"id": token(promise), "title": line(promise.replace("-", " ").capitalize()), "controls": controls}
            for promise, controls in sorted(groups.items())
        ],
    }


def _control(control: str, asked: list[Requirement]) -> dict[str, Any]:
    conditions = list(dict.fromkeys(requirement.condition for requirement in asked))
    return {
        "id": token(control),
        "title": line(f"{control}: {asked[0].theme.replace('-', ' ')} of {asked[0].service}"),
        "props": [prop("control", control)],
        "parts": [
            {
                "id": f"{token(control)}_smt",
                "name": "statement",
                "prose": "\n".join(conditions),
            },
            {
                "id": objective(control),
                "name": "assessment-objective",
                "prose": "Every resource that the control is about keeps the statement.",
            },
        ],
    }


def _component(answers: list[Answer], modified: datetime.datetime) -> dict[str, Any]:
    answering: dict[str, set[str]] = defaultdict(set)
    for answer in answers:
        for rule in answer.rules:
            for control in answer.requirement.controls:
                answering[control].add(rule.id)
    implemented = [
        {
            "uuid": identifier("implemented", control),
            "control-id": token(control),
            "description": "Judged at preview and update by: " + ", ".join(sorted(names)) + ".",
            "props": [prop("rule", name) for name in sorted(names)],
        }
        for control, names in sorted(answering.items())
    ]
    return {
        "uuid": identifier("component definition"),
        "metadata": metadata("The policy pack as a component", modified),
        "components": [
            {
                "uuid": PACK,
                "type": "validation",
                "title": "Hedgerow policy pack",
                "description": "Rules that the Pulumi engine has judge every resource before it is changed.",
                "control-implementations": [
                    {
                        "uuid": identifier("implementation"),
                        "source": "catalog.json",
                        "description": "The controls that a rule answers for.",
                        "implemented-requirements": implemented,
                    }
                ],
            }
        ],
    }


def _mapping(requirements: list[Requirement], modified: datetime.datetime) -> dict[str, Any]:
    criteria: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in _STANDARDS}
    for requirement in requirements:
        for control in requirement.controls:
            criteria["soc-2"][control].update(requirement.criteria)
            criteria["nist-800-53"][control].update(catalogue.NIST_800_53.get(requirement.theme, ()))
    return {
        "uuid": identifier("mapping collection"),
        "metadata": metadata("What the controls serve", modified),
        "provenance": {
            "method": "human",
            "matching-rationale": "semantic",
            "status": "complete",
            "mapping-description": _OUR_READING,
        },
        "mappings": [
            {
                "uuid": identifier("mapping", name),
                "method": "human",
                "matching-rationale": "semantic",
                "status": "complete",
                "source-resource": {"type": "catalog", "href": "catalog.json"},
                "target-resource": {"type": "catalog", "href": href, "remarks": title},
                "maps": [
                    {
                        "uuid": identifier("map", name, control),
                        "relationship": "intersects-with",
                        "sources": [{"type": "control", "id-ref": token(control)}],
                        "targets": [{"type": "control", "id-ref": token(target)} for target in sorted(targets)],
                    }
                    for control, targets in sorted(criteria[name].items())
                    if targets
                ],
            }
            for name, (title, href) in _STANDARDS.items()
        ],
    }
