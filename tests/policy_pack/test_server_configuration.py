"""What a policy configuration changes, and how one that is not understood is refused."""

from __future__ import annotations

from typing import Any, NoReturn, cast

import grpc
import pytest
from pulumi.runtime import proto

from policy_pack.pack import PACK
from policy_pack.server import Analyzer
from tests.policy_pack.protocol import configuration, in_stack, resource
from tests.policy_pack.queues import CONTEXT, OTHER, TODAY, analyzer, judged, only, queue_closed


class RefusedError(Exception):
    """The servicer gave the call up."""


class Refusing:
    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise RefusedError(f"{code.name}: {details}")


def test_a_disabled_rule_neither_judges_nor_appears() -> None:
    subject = analyzer(queue_closed)
    assert judged(subject, open="yes").diagnostics
    subject.Configure(configuration(queue_closed="disabled"), CONTEXT)
    response = judged(subject, open="yes")
    assert (list(response.diagnostics), list(response.not_applicable)) == ([], [])
    assert not subject.Analyze(resource(OTHER), CONTEXT).not_applicable


def test_configured_level_and_setting_apply() -> None:
    subject = analyzer(queue_closed)
    subject.Configure(configuration(queue_closed={"enforcementLevel": "advisory", "allowed": "yes"}), CONTEXT)
    assert not judged(subject, open="yes").diagnostics
    assert only(judged(subject, open="no")).enforcementLevel == proto.ADVISORY


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"queue_close": "mandatory"}, "there is no rule 'queue_close'"),
        ({"all": {"allowed": "yes"}}, "there is no rule 'all'"),
        ({"queue_closed": {"alowed": "yes"}}, "queue_closed has no setting 'alowed'"),
        ({"queue_closed": {"waivers": []}}, "queue_closed has no setting 'waivers'"),
        ({"queue_closed": {"allowed": 3}}, "queue_closed.allowed is not of type string"),
    ],
)
def test_a_malformed_configuration_is_refused_in_one_line(given: dict[str, Any], problem: str) -> None:
    subject = analyzer(queue_closed)
    with pytest.raises(RefusedError, match=r"^INVALID_ARGUMENT: policy configuration: [^\n]+$") as refused:
        subject.Configure(configuration(**given), cast(grpc.ServicerContext, Refusing()))
    assert problem in str(refused.value)
    assert judged(subject, open="yes").diagnostics, "the configuration before it stays in force"


@pytest.mark.parametrize(("value", "problem"), [(0, "is 0, below 1"), (1.5, "is not of type integer")])
def test_a_number_out_of_range_is_refused(value: float, problem: str) -> None:
    subject = Analyzer(PACK, TODAY)
    with pytest.raises(RefusedError, match=problem):
        subject.Configure(
            configuration(log_group_retention={"least_days": value}), cast(grpc.ServicerContext, Refusing())
        )


def test_a_shared_setting_is_set_once_for_all_its_readers() -> None:
    subject = Analyzer(PACK, TODAY)
    subject.Configure(configuration(resource_in_allowed_region={"regions": ["us-west-2"]}), CONTEXT)
    plan = in_stack(
        "aws:backup/plan:Plan",
        rules=[{"copyActions": [{"destinationVaultArn": "arn:aws:backup:us-west-1:1:backup-vault:v"}]}],
    )
    response = subject.AnalyzeStack(proto.AnalyzeStackRequest(resources=[plan]), CONTEXT)
    (found,) = [item for item in response.diagnostics if item.policyName == "backup_plan_copies_to_second_region"]
    assert "copies to us-west-1, outside us-west-2" in found.message
