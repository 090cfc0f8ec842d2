"""Every rule's examples, through the dispatch that the engine uses."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from policy_pack.pack import PACK
from policy_pack.vocabulary import ANY_AWS_TYPE, Example, Forbidden, Rule, aws
from tests.policy_pack.engine import ask, judge_program, run
from tests.policy_pack.protocol import UNKNOWN_TEXT

EXAMPLES = [(rule, example) for rule in PACK.rules for example in rule.examples]


def named(cases: list[tuple[Rule, Example]]) -> pytest.MarkDecorator:
    """Return one case for every example, named by it."""
    names = [f"{rule.id}-{example.verdict}-{example.program.__name__}" for rule, example in cases]
    return pytest.mark.parametrize(("rule", "example"), cases, ids=names)


@named(EXAMPLES)
def test_example_gets_its_verdict(rule: Rule, example: Example) -> None:
    answers = judge_program(example.program, preview=example.verdict == "undetermined")
    assert answers.verdict(rule) == example.verdict, [item.message for item in answers.of(rule)]


@named([case for case in EXAMPLES if case[1].verdict != "undetermined"])
def test_preview_contradicts_no_example(rule: Rule, example: Example) -> None:
    """What isn't known yet turns no pass into a failure, and no failure into a pass."""
    verdict = judge_program(example.program, preview=True).verdict(rule)
    assert verdict in {example.verdict, "undetermined"}


@pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.id)
def test_rule_has_examples_of_both_verdicts(rule: Rule) -> None:
    verdicts = {example.verdict for example in rule.examples}
    never_passes = all(isinstance(value, Forbidden) for value in rule.on.values())
    needed = {"fail"} if never_passes else {"pass", "fail"}
    assert needed <= verdicts


@pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.id)
def test_rule_has_an_example_of_every_type_it_judges(rule: Rule) -> None:
    used = {
        request.type
        for example in rule.examples
        for request in run(example.program, preview=example.verdict == "undetermined").analyze
    }
    assert set(rule.on) - {ANY_AWS_TYPE} <= used


def signing_key() -> None:
    aws.kms.Key("signing", customer_master_key_spec="ECC_NIST_P256", key_usage="SIGN_VERIFY")


def replica() -> None:
    aws.rds.Instance("copy", instance_class="db.t4g.small", replicate_source_db="orders")


def log_target() -> None:
    logs = aws.s3.Bucket("logs")
    aws.s3.BucketLogging("other", bucket="another", target_bucket=logs.id, target_prefix="other/")


def mysql() -> None:
    aws.rds.Cluster("shop", engine="aurora-mysql")
    aws.rds.ClusterParameterGroup("shop", family="aurora-mysql8.0")


def egress() -> None:
    everywhere = ["0.0.0.0/0"]
    aws.ec2.SecurityGroupRule(
        "out", type="egress", security_group_id="sg-1", protocol="-1", from_port=0, to_port=0, cidr_blocks=everywhere
    )


def nothing_inside() -> None:
    aws.s3.Bucket("data")
    aws.iam.RolePolicyAttachment("read", role="reader", policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess")


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("kms_key_rotates_yearly", signing_key),
        ("storage_encrypted", replica),
        ("customer_key_used", replica),
        ("database_backups_kept", replica),
        ("store_in_backup_plan", replica),
        ("bucket_access_logged", log_target),
        ("postgres_requires_tls", mysql),
        ("postgres_parameters_force_tls", mysql),
        ("ingress_not_open_to_world", egress),
        ("resource_policy_not_public", nothing_inside),
        ("iam_policy_grants_no_admin", nothing_inside),
    ],
)
def test_what_a_rule_has_nothing_to_say_about_is_not_counted_as_passed(name: str, program: Callable[[], None]) -> None:
    (rule,) = [rule for rule in PACK.rules if rule.id == name]
    assert judge_program(program, preview=False).verdict(rule) == "not applicable"


@named([case for case in EXAMPLES if case[1].verdict != "undetermined"])
def test_no_single_unknown_turns_a_verdict_round(rule: Rule, example: Example) -> None:
    """Whichever value of the program isn't known yet, it may be the one that it is: the verdict holds or is open."""
    program = run(example.program, preview=False)
    for index, request in enumerate(program.analyze):
        for path in paths(json_format.MessageToDict(request.properties)):
            changed = copy.deepcopy(program)
            for properties in (changed.analyze[index].properties, changed.stack.resources[index].properties):
                hide(properties, path)
            assert ask(changed).verdict(rule) in {example.verdict, "undetermined"}, (request.type, path)


def paths(values: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value, of objects and lists too."""
    if above:
        yield above
    inside = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in inside:
        yield from paths(value, (*above, key))


def hide(properties: Struct, path: tuple[str | int, ...]) -> None:
    """Make the value at a path unknown."""
    inside: Any = properties
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = UNKNOWN_TEXT
