"""AWS WAF: web ACLs, where their log goes, and what they guard."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_SEEN = {"cloudwatchMetricsEnabled": True, "metricName": "case", "sampledRequestsEnabled": False}
_LIMIT = {
    "name": "limit",
    "priority": 0,
    "action": {"block": {}},
    "statement": {"rateBasedStatement": {"limit": 1000, "aggregateKeyType": "IP", "evaluationWindowSec": 300}},
    "visibilityConfig": _SEEN,
}
_MANAGED = {
    "name": "common",
    "priority": 1,
    "overrideAction": {"none": {}},
    "statement": {
        "managedRuleGroupStatement": {
            "vendorName": "AWS",
            "name": "AWSManagedRulesCommonRuleSet",
            "ruleActionOverrides": [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}],
        }
    },
    "visibilityConfig": _SEEN,
}
_NEVER = "arn:aws:wafv2:us-west-2:123456789012:regional/webacl/never/00000000-0000-0000-0000-000000000000"


def _acl(account: Account, acl_id: str) -> dict[str, Any] | None:
    waf = account.client("wafv2")
    for each in waf.list_web_acls(Scope="REGIONAL")["WebACLs"]:
        if each["Id"] == acl_id:
            acl = waf.get_web_acl(Id=acl_id, Name=each["Name"], Scope="REGIONAL")["WebACL"]
            tags = waf.list_tags_for_resource(ResourceARN=acl["ARN"])["TagInfoForResource"]["TagList"]
            return {
                "rules": {rule["Name"]: rule["Statement"] for rule in acl["Rules"]},
                "default": acl["DefaultAction"],
                "tags": tags_of(tags),
            }
    return None


def _make(account: Account) -> str:
    """The ARN of a new web ACL without rules."""
    made = account.client("wafv2").create_web_acl(
        Name="made",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig={"CloudWatchMetricsEnabled": True, "MetricName": "case", "SampledRequestsEnabled": False},
    )
    return str(made["Summary"]["ARN"])


def _logging(account: Account, arn: str) -> tuple[list[str], list[Any]]:
    found = account.client("wafv2").get_logging_configuration(ResourceArn=arn)["LoggingConfiguration"]
    return found["LogDestinationConfigs"], found["RedactedFields"]


def _unprotected(account: Account, acl_id: str) -> None:
    waf = account.client("wafv2")
    [found] = [each for each in waf.list_web_acls(Scope="REGIONAL")["WebACLs"] if each["Id"] == acl_id]
    got = waf.get_web_acl(Id=acl_id, Name=found["Name"], Scope="REGIONAL")
    waf.update_web_acl(
        Id=acl_id,
        Name=found["Name"],
        Scope="REGIONAL",
        LockToken=got["LockToken"],
        DefaultAction={"Allow": {}},
        Rules=got["WebACL"]["Rules"],
        VisibilityConfig=got["WebACL"]["VisibilityConfig"],
    )


_GROUP = "arn:aws:logs:us-west-2:123456789012:log-group:aws-waf-logs-case"
_BALANCER = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/case/0123456789abcdef"
_STATEMENTS = {
    "limit": {"RateBasedStatement": {"Limit": 1000, "AggregateKeyType": "IP", "EvaluationWindowSec": 300}},
    "common": {
        "ManagedRuleGroupStatement": {
            "VendorName": "AWS",
            "Name": "AWSManagedRulesCommonRuleSet",
            "RuleActionOverrides": [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}],
        }
    },
}


def _guarding(account: Account, association: str) -> str | None:
    found = account.client("wafv2").get_web_acl_for_resource(ResourceArn=association.partition(",")[2])
    return str(found["WebACL"]["ARN"]) if found.get("WebACL") else None


CASES = (
    Case(
        "aws:wafv2/webAcl:WebAcl",
        inputs=lambda _account: {
            "name": "case",
            "scope": "REGIONAL",
            "defaultAction": {"allow": {}},
            "rules": [_LIMIT],
            "visibilityConfig": _SEEN,
            "tags": {"owner": "ada"},
        },
        seen=_acl,
        created={"rules": {"limit": _STATEMENTS["limit"]}, "default": {"Allow": {}}, "tags": {"owner": "ada"}},
        update={"defaultAction": {"block": {}}, "rules": [_LIMIT, _MANAGED], "tags": {"owner": "grace"}},
        updated={"rules": _STATEMENTS, "default": {"Block": {}}, "tags": {"owner": "grace"}},
        drift=_unprotected,
        drifted={"defaultAction": {"allow": {}}},
        outputs=("arn", "capacity", "lockToken", "name", "scope"),
        never="00000000-0000-0000-0000-000000000000",
    ),
    Case(
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        inputs=lambda account: {
            "resourceArn": _make(account),
            "logDestinationConfigs": [_GROUP],
            "redactedFields": [{"singleHeader": {"name": "cookie"}}, {"queryString": {}}],
        },
        seen=_logging,
        created=([_GROUP], [{"SingleHeader": {"Name": "cookie"}}, {"QueryString": {}}]),
        update={"redactedFields": [{"singleHeader": {"name": "authorization"}}]},
        updated=([_GROUP], [{"SingleHeader": {"Name": "authorization"}}]),
        drift=lambda account, arn: account.client("wafv2").put_logging_configuration(
            LoggingConfiguration={
                "ResourceArn": arn,
                "LogDestinationConfigs": [_GROUP],
                "RedactedFields": [{"SingleHeader": {"Name": "cookie"}}],
            }
        ),
        drifted={"redactedFields": [{"singleHeader": {"name": "cookie"}}]},
        outputs=("logDestinationConfigs", "redactedFields"),
        never=_NEVER,
    ),
    Case(
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        inputs=lambda account: {"webAclArn": _make(account), "resourceArn": _BALANCER},
        seen=_guarding,
        created=lambda inputs: inputs["webAclArn"],
        outputs=("resourceArn", "webAclArn"),
        never=f"{_NEVER},{_BALANCER}",
    ),
)
