"""A stack's configuration says what it is a deployment of, and a resource's own tag can't say otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime import proto

from policy_pack.pack import PACK
from policy_pack.server import Analyzer
from tests.policy_pack.engine import CONTEXT, TODAY
from tests.policy_pack.protocol import resource, struct

BUCKET = "aws:s3/bucket:Bucket"


def found(rule: str, deployment: str, tags: dict[str, str]) -> list[Any]:
    subject = Analyzer(PACK, TODAY)
    setting = proto.PolicyConfig(enforcementLevel=proto.MANDATORY, properties=struct({"deployment": deployment}))
    subject.Configure(proto.ConfigureAnalyzerRequest(policyConfig={"no_health_data_in_cloud": setting}), CONTEXT)
    answer = subject.Analyze(resource(BUCKET, tags=tags), CONTEXT)
    return [item for item in answer.diagnostics if item.policyName == rule]


@pytest.mark.parametrize(
    ("deployment", "tag", "allowed"),
    [
        ("by-tag", "self-hosted", True),
        ("by-tag", "cloud", False),
        ("cloud", "self-hosted", False),
        ("cloud", "cloud", False),
        ("self-hosted", "self-hosted", True),
        ("self-hosted", "cloud", True),
    ],
)
def test_the_stack_decides_whether_health_data_may_be_held(deployment: str, tag: str, *, allowed: bool) -> None:
    told = found("no_health_data_in_cloud", deployment, {"phi": "true", "deployment": tag})
    assert (not told) is allowed


@pytest.mark.parametrize(("deployment", "role"), [("cloud", "processor"), ("self-hosted", "controller-and-processor")])
def test_the_stack_decides_which_role_the_gdpr_gives(deployment: str, role: str) -> None:
    tags = {"data-class": "restricted", "gdpr-role": "controller", "transfer-basis": "scc-2021", "dpa-register": "d"}
    (told,) = found("customer_store_has_transfer_basis", deployment, tags)
    assert told.message.startswith(f"tag gdpr-role is controller; it must be {role}")


@pytest.mark.parametrize(("deployment", "judged"), [("cloud", True), ("self-hosted", False)])
def test_what_a_customer_holds_needs_no_papers_of_the_company(deployment: str, *, judged: bool) -> None:
    tags = {"data-class": "restricted", "transfer-basis": "none", "dpa-register": "none"}
    assert bool(found("store_papers_in_force", deployment, tags)) is judged
