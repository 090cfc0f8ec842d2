"""The OSCAL documents pass trestle, refer to what exists, and call satisfied only what is."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trestle.core.base_model import OscalBaseModel
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.catalog import Catalog
from trestle.oscal.component import ComponentDefinition
from trestle.oscal.mapping import MappingCollection
from trestle.oscal.poam import PlanOfActionAndMilestones

from evidence.formats import oscal
from evidence.formats.oscal import assessment, plan
from evidence.results import Run, Verdict
from policy_pack.catalogue import requirements
from tests.evidence.samples import BUCKET, WAIVER, every_verdict, runs

MODELS: dict[str, type[OscalBaseModel]] = {
    "assessment-results": AssessmentResults,
    "catalog": Catalog,
    "component-definition": ComponentDefinition,
    "mapping-collection": MappingCollection,
    "plan-of-action-and-milestones": PlanOfActionAndMilestones,
}


def values(tree: Any, name: str) -> list[Any]:
    """Everything that bears a name in a document, in order."""
    if isinstance(tree, dict):
        own = [tree[name]] if name in tree else []
        return own + [value for child in tree.values() for value in values(child, name)]
    return [value for child in tree for value in values(child, name)] if isinstance(tree, list) else []


@pytest.fixture
def documents(tmp_path: Path) -> dict[str, Any]:
    oscal.write(lambda: iter([every_verdict(), every_verdict(stack="next")]), tmp_path)
    found = {}
    for name, model in MODELS.items():
        file = tmp_path / "oscal" / f"{name}.json"
        assert model.oscal_read(file) is not None
        found[name] = json.loads(file.read_text())
    return found


def test_each_control_that_is_mentioned_is_in_the_catalogue(documents: dict[str, Any]) -> None:
    controls = {control["id"] for group in documents["catalog"]["catalog"]["groups"] for control in group["controls"]}
    objectives = {part["id"] for part in values(documents["catalog"], "parts") for part in part}
    assert len(controls) == len({control for requirement in requirements() for control in requirement.controls})
    for name in ("assessment-results", "component-definition"):
        mentioned = set(values(documents[name], "control-id"))
        assert mentioned
        assert mentioned <= controls
    assert {
        item["id-ref"] for sources in values(documents["mapping-collection"], "sources") for item in sources
    } <= controls
    assert set(values(documents["assessment-results"], "target-id")) <= objectives


def test_findings_and_subjects_refer_to_what_the_result_holds(documents: dict[str, Any]) -> None:
    results = documents["assessment-results"]["assessment-results"]["results"]
    assert len(results) == 2
    seen: set[str] = set()
    for result in results:
        observations = {observation["uuid"] for observation in result["observations"]}
        items = {item["uuid"] for item in result["local-definitions"]["inventory-items"]}
        assert set(values(result["findings"], "observation-uuid")) <= observations
        assert set(values(result["observations"], "subject-uuid")) <= items
        assert not seen & (observations | items)
        seen |= observations | items


def test_a_control_is_satisfied_only_by_passes(documents: dict[str, Any]) -> None:
    result = documents["assessment-results"]["assessment-results"]["results"][0]
    states = {
        finding["props"][0]["value"]: (finding["target"]["status"]["state"], finding["target"]["status"]["reason"])
        for finding in result["findings"]
    }
    assert states == {
        "SH:S3.14": ("satisfied", "pass"),
        "SH:S3.17": ("not-satisfied", "fail"),
        "SH:S3.5": ("not-satisfied", "other"),
        "SH:KMS.4": ("not-satisfied", "fail"),
    }


def test_an_observation_names_its_resources(documents: dict[str, Any]) -> None:
    result = documents["assessment-results"]["assessment-results"]["results"][0]
    (failed,) = [o for o in result["observations"] if o["title"] == "bucket_encrypted_with_customer_key: fail"]
    assert [subject["title"] for subject in failed["subjects"]] == [BUCKET]
    assert "AES256" in failed["relevant-evidence"][0]["description"]


def test_a_waiver_is_an_item_with_its_deadline(documents: dict[str, Any]) -> None:
    poam = documents["plan-of-action-and-milestones"]["plan-of-action-and-milestones"]
    assert len(poam["poam-items"]) == 2
    properties = {prop["name"]: prop["value"] for prop in poam["poam-items"][0]["props"]}
    assert properties["approved-by"] == WAIVER.approver
    assert properties["ticket"] == WAIVER.ticket
    assert poam["risks"][0]["deadline"].startswith(WAIVER.expires.isoformat())


def test_without_a_waiver_there_is_no_plan(tmp_path: Path) -> None:
    oscal.write(lambda: iter([every_verdict(waivers=())]), tmp_path)
    assert not (tmp_path / "oscal" / "plan-of-action-and-milestones.json").exists()
    assert (tmp_path / "oscal" / "assessment-results.json").exists()


@given(st.lists(runs, min_size=1, max_size=2))
def test_any_runs_pass_trestle(some: list[Run]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        assessment.write(lambda: iter(some), folder)
        plan.write(lambda: iter(some), folder)
        read = AssessmentResults.oscal_read(folder / "assessment-results.json")
        assert isinstance(read, AssessmentResults)
        for run, result in zip(some, read.results, strict=True):
            verdicts = {result.verdict for result in run.results if result.controls} - {Verdict.NOT_APPLICABLE}
            statuses = [finding.target.status for finding in result.findings or []]
            states = {status.state.value for status in statuses if status is not None}
            if verdicts != {Verdict.PASS} or run.problems:
                assert "satisfied" not in states or Verdict.PASS in verdicts
            if run.problems:
                assert "satisfied" not in states
        if any(run.waivers for run in some):
            assert PlanOfActionAndMilestones.oscal_read(folder / "plan-of-action-and-milestones.json") is not None
