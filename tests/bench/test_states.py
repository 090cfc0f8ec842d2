"""The states that the benchmark makes: the same for every judge, and such that there is something to find."""

from __future__ import annotations

import json

import pytest

from bench.eight import EIGHT
from bench.formats import export, messages, plain, plan
from bench.in_process import TODAY, judge
from bench.judges import Run, same_eight
from bench.states import resources
from policy_pack.pack import PACK
from policy_pack.server import UNDETERMINED, Analyzer

SIZE = 300


def test_a_state_is_the_same_every_time_and_the_beginning_of_a_larger_one() -> None:
    state = export(resources(SIZE))
    assert json.dumps(state) == json.dumps(export(resources(SIZE)))
    assert len({one["urn"] for one in state["deployment"]["resources"]}) == SIZE + 2
    assert resources(10 * SIZE)[:SIZE] == resources(SIZE)


def test_every_form_holds_the_same_resources() -> None:
    declared = resources(SIZE)
    planned = plan(declared)["planned_values"]["root_module"]["resources"]
    assert len(planned) == len(plain(declared)) == SIZE
    assert {one["type"] for one in plain(declared)} == {one.token for one in declared}
    group = next(one for one in planned if one["type"] == "aws_s3_bucket_lifecycle_configuration")
    assert group["values"]["rule"][0]["noncurrent_version_expiration"] == [{"noncurrent_days": 90}]
    assert next(one for one in planned if one["type"] == "aws_vpc")["values"]["tags"]["Name"] == "net0"


def test_every_reference_in_a_state_leads_to_a_resource_of_it() -> None:
    held = export(resources(SIZE))["deployment"]["resources"]
    urns = {one["urn"] for one in held}
    assert {urn for one in held for urn in one.get("dependencies", ())} <= urns
    assert sum(bool(one.get("dependencies")) for one in held) > SIZE / 3


def test_the_pack_knows_every_type_and_judges_every_state_without_a_crash() -> None:
    assert {one.token for one in resources(SIZE) if not PACK.knows(one.token)} == set()
    requests, everything = messages(export(resources(SIZE)))
    analyzer = Analyzer(PACK, TODAY)
    said = [said for request in requests for said in analyzer.Analyze(request, None).diagnostics]
    said += analyzer.AnalyzeStack(everything, None).diagnostics
    assert not [one.message for one in said if f"{UNDETERMINED}the rule crashed" in one.message]
    assert len({one.policyName for one in said}) > 10
    assert len({one.urn for one in said}) < SIZE  # most resources are in order


def test_the_eight_rules_find_the_faults_that_the_states_have() -> None:
    _, found = judge(export(resources(1000)), EIGHT)
    assert {rule for rule, _ in found} == {rule.id for rule in EIGHT.rules}


def test_two_that_found_different_things_did_not_do_the_same_work() -> None:
    ours = Run(1.0, json.dumps({"found": [["logs_kept", "urn:a"]]}))

    def opas(*found: list[str]) -> Run:
        return Run(1.0, json.dumps({"result": [{"expressions": [{"value": list(found)}]}]}))

    assert same_eight(ours, opas(["logs_kept", "urn:a"])) == 1
    with pytest.raises(RuntimeError, match="urn:b"):
        same_eight(ours, opas(["logs_kept", "urn:a"], ["logs_kept", "urn:b"]))
