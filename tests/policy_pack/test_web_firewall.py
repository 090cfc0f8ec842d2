"""A stack's configuration says what its own web ACL and log must have beyond what every ACL is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime import proto

from policy_pack.pack import PACK
from policy_pack.server import Analyzer
from tests.policy_pack.engine import CONTEXT, TODAY
from tests.policy_pack.protocol import resource, struct

ACL = "aws:wafv2/webAcl:WebAcl"
LOG = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
GROUP = "AWSManagedRulesSQLiRuleSet"
SEEN = {"cloudwatchMetricsEnabled": True, "metricName": "web", "sampledRequestsEnabled": True}


def found(rule: str, settings: dict[str, Any], token: str, **properties: Any) -> list[str]:
    subject = Analyzer(PACK, TODAY)
    configured = proto.PolicyConfig(enforcementLevel=proto.MANDATORY, properties=struct(settings))
    subject.Configure(proto.ConfigureAnalyzerRequest(policyConfig={rule: configured}), CONTEXT)
    answer = subject.Analyze(resource(token, **properties), CONTEXT)
    return [item.message.splitlines()[0] for item in answer.diagnostics if item.policyName == rule]


def managed(name: str, *counted: str) -> dict[str, Any]:
    overrides = [{"name": rule, "actionToUse": {"count": {}}} for rule in counted]
    statement = {"managedRuleGroupStatement": {"vendorName": "AWS", "name": name, "ruleActionOverrides": overrides}}
    return {"overrideAction": {"none": {}}, "statement": statement}


def limit(requests: int) -> dict[str, Any]:
    return {"action": {"block": {}}, "statement": {"rateBasedStatement": {"limit": requests}}}


@pytest.mark.parametrize(
    ("settings", "rules", "told"),
    [
        ({"groups": [GROUP]}, [limit(2000), managed(GROUP)], []),
        ({"groups": [GROUP]}, [limit(2000)], [f"no rule lets AWS's group {GROUP} block"]),
        ({"groups": [GROUP], "most_lenient": 1}, [limit(2000), managed(GROUP, "SQLi_BODY")], []),
        (
            {"groups": [GROUP], "most_lenient": 0},
            [limit(2000), managed(GROUP, "SQLi_BODY")],
            [f"no rule lets AWS's group {GROUP} block"],
        ),
        (
            {"groups": [GROUP], "most_requests": 1999},
            [limit(2000), managed(GROUP)],
            ["no rate-based rule turns away who asks more than 1999 times in five minutes"],
        ),
    ],
)
def test_the_stack_says_what_its_web_acl_turns_away(
    settings: dict[str, Any], rules: list[Any], told: list[str]
) -> None:
    assert found("web_acl_turns_attacks_away", settings, ACL, defaultAction={"allow": {}}, rules=rules) == told


@pytest.mark.parametrize(("samples", "told"), [(True, []), (False, ["visibilityConfig.sampledRequestsEnabled"])])
def test_the_stack_says_whether_requests_are_kept_as_samples(*, samples: bool, told: list[str]) -> None:
    rules = [{"name": "common", "visibilityConfig": {**SEEN, "sampledRequestsEnabled": False}}]
    messages = found("web_acl_filters", {"samples": samples}, ACL, visibilityConfig=SEEN, rules=rules)
    assert [message.partition(" ")[0] for message in messages] == told


def test_the_stack_says_what_its_web_acls_log_must_not_show() -> None:
    fields = [{"singleHeader": {"name": name}} for name in ("authorization", "cookie")]
    settings = {"headers": ["authorization", "X-Api-Key"], "parts": ["queryString"]}
    assert found("web_acl_log_redacted", {}, LOG, redactedFields=fields) == []
    first, *_ = found("web_acl_log_redacted", settings, LOG, redactedFields=fields)
    assert first == "redactedFields lack the header x-api-key"
    whole = [*fields, {"singleHeader": {"name": "x-api-key"}}, {"queryString": {}}]
    assert found("web_acl_log_redacted", settings, LOG, redactedFields=whole) == []
