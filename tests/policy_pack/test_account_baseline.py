"""A stack is asked for its account's baseline when it sets the account up, and only then."""

from __future__ import annotations

import pytest

from policy_pack.graph import Graph
from policy_pack.judge import Context, Judgement, bind, judge
from policy_pack.rules.account_baseline import account_baseline_complete
from policy_pack.tokens import STACK
from policy_pack.vocabulary import aws
from tests.policy_pack.engine import TODAY, run


def small_stack() -> None:
    aws.s3.Bucket("data")


def account_stack() -> None:
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", is_multi_region_trail=True)


def account_stack_of_two_regions() -> None:
    account_stack()
    aws.backup.Vault("copies", region="us-west-1")
    aws.guardduty.Detector("home")


def stack_that_lost_its_trail() -> None:
    aws.cfg.Recorder("all", role_arn="arn:role")
    aws.guardduty.Detector("all")
    aws.securityhub.Account("all")


def stack_of_one_detector() -> None:
    aws.guardduty.Detector("all")


def verdict(program: object, baseline: str, *parts: str) -> Judgement:
    graph = Graph(run(program, preview=False).stack.resources, {})  # type: ignore[arg-type] # a program is a function
    (stack,) = graph.of_type(STACK)
    settings = {"baseline": baseline, "parts": list(parts)}
    return judge(bind(account_baseline_complete, STACK, settings, Context(TODAY, graph=graph)), stack)


@pytest.mark.parametrize(
    ("program", "baseline", "parts", "expected"),
    [
        (small_stack, "auto", ["trail", "detector"], "not applicable"),
        (small_stack, "yes", ["trail"], "fail"),
        (account_stack, "auto", ["trail"], "pass"),
        (account_stack, "auto", ["trail", "detector"], "fail"),
        (account_stack, "no", ["trail", "detector"], "not applicable"),
        (stack_that_lost_its_trail, "auto", ["trail"], "fail"),
        (stack_of_one_detector, "auto", ["trail"], "not applicable"),
    ],
)
def test_baseline_is_asked_of_the_right_stack(program: object, baseline: str, parts: list[str], expected: str) -> None:
    assert verdict(program, baseline, *parts).verdict == expected


@pytest.mark.parametrize(("baseline", "part"), [("maybe", "trail"), ("yes", "trial")])
def test_a_setting_that_means_nothing_is_no_pass(baseline: str, part: str) -> None:
    assert verdict(small_stack, baseline, part).crashed


def test_what_a_region_has_of_its_own_is_asked_of_each_region_in_use() -> None:
    """A network, a machine or a store makes a region one to watch; the account has its trail once."""
    judgement = verdict(account_stack_of_two_regions, "auto", "trail", "detector")
    (missing,) = judgement.reasons
    assert missing.startswith("detector:")
    assert missing.endswith("in us-west-1")
