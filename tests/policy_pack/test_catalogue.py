"""Every requirement of the catalogue is ruled or decided elsewhere; none is ever lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from policy_pack import catalogue
from policy_pack.catalogue import Elsewhere, Requirement, Status, answer
from policy_pack.pack import PACK
from policy_pack.vocabulary import ANY_AWS_TYPE, Graph, Promise, Resource, Row, Rule, Severity, rule
from tests.policy_pack.test_sdk import sdk

QUEUE, TOPIC, QUEUE_POLICY = "aws:sqs/queue:Queue", "aws:sns/topic:Topic", "aws:sqs/queuePolicy:QueuePolicy"
# The handbook's policies that people keep alone, so that no rule has them for its promise.
KEPT_BY_PEOPLE = {
    "acceptable-use",
    "code-of-conduct",
    "diagnostic-access",
    "physical-security",
    "responsible-disclosure",
}


def requirement(*controls: str, types: tuple[str, ...] = (QUEUE,)) -> Requirement:
    return Requirement("encryption", "network", controls, {}, (), "SQS", types, "", is_cross_resource=False)


def made(*controls: str, on: dict[str, object] | tuple[str, ...] = (QUEUE,)) -> Rule:
    @rule(on=on, severity=Severity.LOW, promise="encryption", controls=controls, fix="mend it")
    def example(resource: Resource) -> Iterator[str]:
        """It shows."""
        yield resource.type

    return example


def test_pack_and_catalogue_agree() -> None:
    """Each line names what is neither ruled nor decided elsewhere, or is cited where it may not be."""
    assert catalogue.problems(PACK.rules) == []


def test_the_catalogue_is_whole() -> None:
    found = catalogue.requirements()
    assert len(found) >= 424, "what was asked for once is corrected or decided elsewhere, never dropped"
    assert len({item.key for item in found}) == len(found)
    assert {item.promise for item in found} <= {*get_args(Promise), *KEPT_BY_PEOPLE}
    assert [item.key for item in found if not item.own_controls or not item.condition or not item.service] == []


def test_every_type_of_the_catalogue_exists() -> None:
    types = {token for item in catalogue.requirements() for token in item.types}
    assert {token for token in types if token.startswith("aws:")} <= sdk().keys()
    assert {token for token in types if not token.startswith(("aws:", "kubernetes:"))} == {"(any)", "(stack)"}


def test_what_is_decided_elsewhere_says_by_what_and_why() -> None:
    decided = catalogue.elsewhere()
    assert {item.decided_by for item in decided.values()} <= {"register", "live check"}
    assert [control for control, item in decided.items() if not item.reason] == []


def test_a_rule_that_names_the_control_and_judges_the_type_rules_it() -> None:
    found = answer(requirement("SH:SQS.1"), [made("SH:SQS.1")], {})
    assert (found.status, found.missing) == (Status.RULED, ())
    assert [item.id for item in found.rules] == ["example"]


@pytest.mark.parametrize(
    ("wanted", "given", "missing"),
    [
        (requirement("SH:SQS.1"), made("SH:SQS.2"), {"SH:SQS.1", QUEUE}),
        (requirement("SH:SQS.1"), made("SH:SQS.1", on=(TOPIC,)), {"SH:SQS.1", QUEUE}),
        (requirement("SH:SQS.1", "SH:SQS.2"), made("SH:SQS.1"), {"SH:SQS.2"}),
        (requirement("SH:SQS.1", types=(QUEUE, TOPIC)), made("SH:SQS.1"), {TOPIC}),
        (requirement("SH:SQS.1", "CIS7:2.21"), made("CIS7:2.21"), {"SH:SQS.1", QUEUE}),
        (
            requirement("SH:SQS.1", types=(QUEUE, TOPIC)),
            made(on={QUEUE: Row(("policy",), controls=("SH:SQS.1",)), TOPIC: Row(("policy",))}),
            {TOPIC},
        ),
    ],
    ids=["other control", "other type", "one of two", "one type of two", "a benchmark's item alone", "by the table"],
)
def test_less_than_every_control_on_every_type_is_missing_something(
    wanted: Requirement, given: Rule, missing: set[str]
) -> None:
    found = answer(wanted, [given], {})
    assert set(found.missing) == missing


def test_two_rules_may_share_a_requirement() -> None:
    wanted = requirement("SH:SQS.1", "SH:SNS.1", types=(QUEUE, TOPIC))
    assert answer(wanted, [made("SH:SQS.1"), made("SH:SNS.1", on=(TOPIC,))], {}).missing == ()


def test_a_type_that_a_rule_reads_through_the_graph_counts_as_looked_at() -> None:
    wanted = requirement("SH:SQS.3", types=(QUEUE_POLICY,))

    @rule(on=(QUEUE,), severity=Severity.LOW, promise="encryption", controls=("SH:SQS.3",), fix="mend it")
    def reads_policies(queue: Resource, graph: Graph) -> Iterator[str]:
        """It shows."""
        yield from (policy.name for policy in _policies(queue, graph))

    assert answer(wanted, [reads_policies], {}).missing == ()
    assert answer(wanted, [made("SH:SQS.3")], {}).missing == ("SH:SQS.3", QUEUE_POLICY)


def _policies(queue: Resource, graph: Graph) -> list[Resource]:
    return graph.children(queue, on=QUEUE_POLICY, via="queueUrl")


def test_the_types_read_are_those_of_the_pack_s_own_rules() -> None:
    read = {item.id: catalogue.types_read(item) - item.on.keys() for item in PACK.rules}
    assert read["vpc_flow_logged"] == {"aws:ec2/flowLog:FlowLog"}
    assert read["postgres_requires_tls"] == {
        "aws:rds/clusterParameterGroup:ClusterParameterGroup",
        "aws:rds/parameterGroup:ParameterGroup",
    }
    assert read["log_group_retention"] == set()


@pytest.mark.parametrize("token", ["(any)", "(stack)", QUEUE])
def test_a_rule_of_every_type_looks_at_any(token: str) -> None:
    wanted = requirement("PH:REGION", types=(token,))
    assert answer(wanted, [made("PH:REGION", on=(ANY_AWS_TYPE,))], {}).missing == ()


def test_what_is_decided_elsewhere_needs_no_rule_and_the_rest_does() -> None:
    decided = {"SH:IAM.4": Elsewhere("live check", "the root user's keys are no resource")}
    assert answer(requirement("SH:IAM.4"), [], decided).status is Status.ELSEWHERE
    half = requirement("PH:IAM-NO-KEYS", "SH:IAM.4")
    assert answer(half, [], decided).missing == ("PH:IAM-NO-KEYS", QUEUE)
    assert answer(half, [made("PH:IAM-NO-KEYS")], decided).missing == ()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (made("SH:SQS.99"), "example cites SH:SQS.99, which the catalogue lacks"),
        (made("SH:IAM.4"), "example cites SH:IAM.4, of which elsewhere.csv says that no preview can decide it"),
        (made("SH:KMS.4"), "example cites SH:KMS.4 and looks at no type of a service that it is about"),
        (made("CIS7:2.21"), "example cites CIS7:2.21 and none of the controls that it stands for"),
    ],
    ids=["unknown", "decided elsewhere", "other type", "a benchmark's item alone"],
)
def test_a_citation_that_is_not_honest_is_a_problem(given: Rule, problem: str) -> None:
    assert catalogue.problems([*PACK.rules, given]) == [problem]


def test_a_citation_on_another_type_of_the_service_is_honest_and_rules_nothing() -> None:
    given = made("SH:S3.19", on=("aws:s3control/accessPointPolicy:AccessPointPolicy",))
    assert catalogue.problems([*PACK.rules, given]) == []
    (wanted,) = [item for item in catalogue.requirements() if "SH:S3.19" in item.controls]
    assert answer(wanted, [given], {}).missing != ()


def test_a_rule_that_is_lost_is_a_problem() -> None:
    (problem,) = catalogue.problems([item for item in PACK.rules if item.id != "vpc_flow_logged"])
    assert problem.startswith("SH:EC2.6 aws:ec2/flowLog:FlowLog is neither ruled nor decided elsewhere")


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("encryption,network,SH:SQS.1 nonsense,CC6.1,SQS,aws:sqs/queue:Queue,it holds,no", "catalogue.csv:2"),
        ("encryption,no-such-theme,SH:SQS.1,CC6.1,SQS,aws:sqs/queue:Queue,it holds,no", "catalogue.csv:2"),
        ("encryption,network,SH:SQS.1,CC6.1,SQS", "catalogue.csv:2"),
        ("encryption,network,SH:SQS.1,CC6.1,SQS,aws:sqs/queue:Queue,one, two,no", "catalogue.csv:2"),
    ],
    ids=["control", "theme", "too few fields", "too many fields"],
)
def test_a_malformed_line_is_refused_by_its_number(
    line: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heading = (catalogue.FOLDER / "catalogue.csv").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "catalogue.csv").write_text(f"{heading}\n{line}\n", encoding="utf-8")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    with pytest.raises(catalogue.CatalogueError, match=where):
        catalogue.requirements()


def test_nothing_of_it_is_read_while_the_pack_judges() -> None:
    """The pack starts with every preview."""
    program = "import sys, policy_pack.pack, policy_pack.server; sys.exit('policy_pack.catalogue' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
