"""Where a control stands after the runs, and how a fleet is counted: gravest first, nothing taken for a pass."""

from __future__ import annotations

import dataclasses
import re
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.report import summary
from evidence.report.criteria import CRITERIA
from evidence.report.standing import Control, Standing, controls, finder, types_judged
from evidence.report.summary import Summary
from evidence.results import Origin, Result, Run, Verdict
from evidence.runs import DISABLED
from policy_pack.catalogue import requirements
from policy_pack.documentation import account
from policy_pack.pack import PACK
from tests.evidence.reporting import (
    BUCKET,
    RESULTS,
    ROOT,
    TYPES,
    pages,
    result,
    run,
)

ANSWERS = account(PACK)


def stand(*runs: Run) -> dict[str, Control]:
    """Where the controls stand after some runs, by each of their ids."""
    counted = Summary(finder(ANSWERS))
    for one in runs:
        counted.add(one)
    found: dict[str, Control] = {}
    for control in controls(ANSWERS, counted):
        for name in control.answer.requirement.controls:
            found.setdefault(name, control)
    return found


def counts(*runs: Run) -> Counter[Standing]:
    return Counter(control.standing for control in stand(*runs).values())


class TestStanding:
    def test_a_control_stands_as_its_gravest_verdict(self) -> None:
        found = stand(run())
        assert found["SH:EC2.13"].standing is Standing.FAIL
        assert found["SH:S3.9"].standing is Standing.UNDETERMINED
        assert found["PH:VAULT-NOTIFY"].standing is Standing.WAIVED
        assert found["SH:S3.17"].standing is Standing.PASS

    def test_a_pass_hides_no_failure_on_another_resource(self) -> None:
        second = BUCKET.replace("recordings", "exports")
        results = (*RESULTS, result("bucket_versioned", BUCKET, Verdict.FAIL))
        types = {**TYPES, second: TYPES[BUCKET]}
        found = stand(run(results=results, resource_types=tuple(types.items())))
        assert found["SH:S3.14"].standing is Standing.FAIL

    def test_nothing_passes_without_a_verdict(self) -> None:
        assert counts(run(results=()))[Standing.PASS] == 0
        assert counts()[Standing.PASS] == 0
        assert counts(run(results=(), resource_types=()))[Standing.PASS] == 0

    def test_silence_on_a_type_that_is_there_is_no_result(self) -> None:
        without = tuple(one for one in RESULTS if one.rule != "bucket_versioned")
        assert stand(run(results=without))["SH:S3.14"].standing is Standing.NO_RESULT

    def test_silence_on_a_type_that_is_not_there_is_not_applicable(self) -> None:
        assert stand(run())["SH:RDS.3"].standing is Standing.NOT_APPLICABLE

    def test_an_incomplete_run_lets_no_control_pass(self) -> None:
        found = counts(run(), run(stack="other", problems=("the log ends early",)))
        assert found[Standing.PASS] == found[Standing.IN_PART] == found[Standing.NOT_APPLICABLE] == 0
        assert found[Standing.FAIL] == counts(run())[Standing.FAIL]

    def test_a_rule_that_is_switched_off_lets_no_control_pass(self) -> None:
        off = result("bucket_encrypted_with_customer_key", BUCKET, Verdict.NOT_APPLICABLE, DISABLED)
        assert stand(run())["SH:S3.17"].standing is Standing.PASS
        assert stand(run(), run(stack="other", results=(off,)))["SH:S3.17"].standing is Standing.IN_PART
        assert stand(run(results=(off,)))["SH:S3.17"].standing is Standing.NO_RESULT

    def test_the_live_check_alone_says_nothing_of_the_packs_rules(self) -> None:
        asked = Result("root_user_locked_away", "arn:aws:iam::1:root", Verdict.PASS, controls=("SH:IAM.4",))
        found = stand(run(origin=Origin.LIVE, results=(asked,), resource_types=()))
        assert found["SH:RDS.3"].standing is Standing.NO_RESULT
        assert found["SH:IAM.4"].standing is Standing.IN_PART

    def test_the_live_check_is_no_pack_of_others(self, tmp_path: Path) -> None:
        asked = Result("root_user_locked_away", "arn:aws:iam::1:root", Verdict.PASS, controls=("SH:IAM.4",))
        private, _ = pages(tmp_path, [run(), run(origin=Origin.LIVE, results=(asked,), resource_types=(("a", "s3"),))])
        assert "Rules of another policy pack" not in private
        assert "another version of the policy pack" not in private
        assert 'class="mono">s3</th>' not in private
        assert 'class="mono">s3</span> (' not in private

    def test_what_no_preview_decides_says_what_does_until_something_did(self) -> None:
        assert stand(run())["SH:S3.20"].standing is Standing.ELSEWHERE
        asked = Result("mfa_delete", "arn:aws:s3:::recordings", Verdict.PASS, controls=("SH:S3.20",))
        live = run(origin=Origin.LIVE, results=(asked,))
        assert stand(run(), live)["SH:S3.20"].standing is Standing.PASS

    def test_a_pass_of_the_whole_stack_is_none_for_types_that_it_lacks(self) -> None:
        """The engine says of a rule over many resources that it passed, not on what."""
        rule = next(
            rule
            for answer in ANSWERS
            for rule in answer.rules
            if rule.needs_graph
            and answer.requirement.controls[0] == "SH:S3.17"
            and types_judged(rule, answer.requirement)
        )
        passed = result(rule.id, ROOT, Verdict.PASS)
        only_root = run(results=(passed,), resource_types=((ROOT, TYPES[ROOT]),))
        assert stand(only_root)["SH:S3.17"].standing is Standing.NOT_APPLICABLE

    def test_a_violation_that_fits_no_control_is_still_told_of_those_it_names(self) -> None:
        odd = dataclasses.replace(
            result("bucket_versioned", BUCKET, Verdict.FAIL), urn="urn:x", rule="bucket_versioned"
        )
        assert stand(run(results=(odd,)))["SH:S3.14"].standing is Standing.FAIL

    def test_every_criterion_of_the_catalogue_has_a_name(self) -> None:
        assert {criterion for row in requirements() for criterion in row.criteria} == set(CRITERIA)


class TestFleet:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, limit in {"LISTED_IN_FULL": 60, "LISTED_OF_A_RULE": 3, "LISTED_RESOURCES": 4}.items():
            monkeypatch.setattr(summary, name, limit)

    def fleet(self, size: int, worst: int) -> Iterator[Run]:
        for number in range(size):
            types = {urn.replace("shop", f"shop-{number}"): kind for urn, kind in TYPES.items()}
            judged = tuple(dataclasses.replace(one, urn=one.urn.replace("shop", f"shop-{number}")) for one in RESULTS)
            more = [dataclasses.replace(judged[3], rule=f"broken_{n}") for n in range(5 if number == worst else 0)]
            yield run(stack=f"shop-{number}", results=(*judged, *more), resource_types=tuple(types.items()))

    def test_all_is_counted_and_the_worst_is_listed(self, tmp_path: Path) -> None:
        private, _ = pages(tmp_path, list(self.fleet(40, worst=37)))
        assert "40 runs of 40 stacks" in private
        assert "and 37 more, in the bundle" in private
        assert len(re.findall(r'id="resource-\d+"', private)) == 4
        first = private[private.index('id="resource-1"') :]
        assert "shop-37" in first[: first.index("</details>")]

    def test_memory_does_not_grow_with_the_fleet(self) -> None:
        counted = Summary(finder(ANSWERS))
        sizes = []
        tracemalloc.start()
        for number, one in enumerate(self.fleet(400, worst=1)):
            counted.add(one)
            if number in {199, 399}:
                sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert sizes[1] - sizes[0] < 200 * 4_000
        assert counted.verdicts[Verdict.PASS] == 400 * 3

    def test_a_violation_is_counted_in_every_stack_that_has_it(self) -> None:
        counted = Summary(finder(ANSWERS))
        for one in self.fleet(40, worst=37):
            counted.add(one)
        assert counted.rules["ingress_described"].failing_runs == 40
        assert counted.rules["vault_tells_of_failures"].verdicts[Verdict.WAIVED] == 40
        assert not counted.in_full
