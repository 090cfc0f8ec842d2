"""The web firewall: what every scanner tries first is turned away, and so is who asks too often."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import written
from policy_pack.examples import declare
from policy_pack.rules.edge import WEB_ACL_ASSOCIATION
from policy_pack.values import Items, raw
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    Unknown,
    aws,
    each,
    rule,
    setting,
)

REST_API = "aws:apigateway/restApi:RestApi"
WEB_ACL = "aws:wafv2/webAcl:WebAcl"
STAGE = "aws:apigateway/stage:Stage"
# Which doors a web ACL can guard, and the property and value of one that leads to no street.
DOORS = {
    STAGE: (("endpointConfiguration", "types"), "PRIVATE"),
    "aws:apprunner/service:Service": (("networkConfiguration", "ingressConfiguration", "isPubliclyAccessible"), False),
    "aws:appsync/graphQLApi:GraphQLApi": (("visibility",), "PRIVATE"),
    "aws:cognito/userPool:UserPool": ((), None),
}
VENDOR = "AWS"
MANAGED: list[str] = setting(
    # AWS WAF Developer Guide, "Baseline rule groups", without the one that closes the pages of administrators.
    ["AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"],
    "AWS's managed rule groups that block in a web ACL",
)
STOPS = ("block", "captcha", "challenge")
# AWS WAF API Reference, RateBasedStatement: five minutes where nothing is given; CONSTANT counts everybody's requests.
WINDOW_SECONDS = 300
PER_CLIENT = ("IP", "FORWARDED_IP", "CUSTOM_KEYS")


@rule(
    on=(WEB_ACL,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:WAF.10",),
    fix="add the managed rule groups with the override action none, and a rate-based rule that blocks",
)
def web_acl_turns_attacks_away(
    acl: Resource,
    *,
    groups: list[str] = MANAGED,
    most_lenient: int = setting(3, "rules of a managed group that a web ACL may only count or let through", minimum=0),
    most_requests: int = setting(100_000, "requests in five minutes before a client is turned away", minimum=100),
) -> Iterator[Finding]:
    """A rule that only counts, or that was taken out for a test, looks like a firewall and is none."""
    if acl.get("defaultAction", "block") is not None:
        raise NotApplicable("it lets in only what its rules name")
    blocking: list[str] = []
    limits: list[bool] = []

    referred: list[bool] = []

    def look(item: Props) -> Iterator[Finding]:
        blocking.extend(_group_that_blocks(item, most_lenient))
        limits.append(_turns_away(item, most_requests))
        referred.append(item.has("statement", "ruleGroupReferenceStatement"))
        yield from ()

    unknown = list(each([acl], lambda whole: each(_rules(whole), look)))
    missing: list[Finding] = [f"no rule lets {VENDOR}'s group {name} block" for name in groups if name not in blocking]
    if not any(limits):
        limit = f"rate-based rule turns away who asks more than {most_requests} times in five minutes"
        # A group of rules may hold one; it can hold none of the managed groups.
        missing.append(Unknown(f"whether a {limit}") if any(referred) else f"no {limit}")
    if missing:
        yield from unknown or missing


def _group_that_blocks(item: Props, most_lenient: int) -> Iterator[str]:
    managed = item.get("statement", "managedRuleGroupStatement")
    if not managed or managed.get("vendorName") != VENDOR or item.get("overrideAction", "none") is None:
        return
    if sum(map(_is_lenient, managed.get("ruleActionOverrides", default=()))) <= most_lenient:
        yield managed.get("name")


def _is_lenient(override: Props) -> bool:
    return any(override.get("actionToUse", action) is not None for action in ("allow", "count"))


def _turns_away(item: Props, most_requests: int) -> bool:
    rate = item.get("statement", "rateBasedStatement")
    if not rate or rate.get("aggregateKeyType", default="IP") not in PER_CLIENT:
        return False
    requests = rate.get("limit") * WINDOW_SECONDS / rate.get("evaluationWindowSec", default=WINDOW_SECONDS)
    return bool(requests <= most_requests) and any(item.get("action", stop) is not None for stop in STOPS)


def _rules(acl: Resource) -> Iterator[Props]:
    yield from acl.get("rules", default=())
    for item in written(acl, "ruleJson") or ():
        yield Props(_as_written_here(raw(item)), item.where())


def _as_written_here(value: Any) -> Any:
    """Return WAF's own JSON, whose names begin with a capital, with the names that the provider gives them."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _as_written_here(item) for key, item in value.items()}
    return [_as_written_here(item) for item in value] if isinstance(value, list) else value


_LIMIT: dict[str, Any] = {
    "action": {"block": {}},
    "statement": {"rateBasedStatement": {"limit": 2000, "aggregateKeyType": "IP"}},
}


def _managed(name: str, override: str = "none", **more: Any) -> dict[str, Any]:
    statement = {"managedRuleGroupStatement": {"vendorName": VENDOR, "name": name, **more}}
    return {"overrideAction": {override: {}}, "statement": statement}


def _counted(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "actionToUse": {"count": {}}} for name in names]


def _acl(*rules: dict[str, Any], default: str = "allow") -> None:
    declare(WEB_ACL, scope="REGIONAL", defaultAction={default: {}}, rules=list(rules))


_GROUPS = [_managed(name) for name in MANAGED.default]  # type: ignore[attr-defined] # a setting, until the rule runs


@web_acl_turns_attacks_away.passes
def groups_and_a_limit() -> None:
    large_bodies = _managed("AWSManagedRulesCommonRuleSet", ruleActionOverrides=_counted("SizeRestrictions_BODY"))
    _acl(_LIMIT, large_bodies, _GROUPS[1])


@web_acl_turns_attacks_away.passes
def groups_and_a_limit_in_wafs_own_json() -> None:
    groups = [
        {
            "OverrideAction": {"None": {}},
            "Statement": {"ManagedRuleGroupStatement": {"VendorName": VENDOR, "Name": name}},
        }
        for name in MANAGED.default  # type: ignore[attr-defined] # a setting, until the rule runs
    ]
    limit = {
        "Action": {"Challenge": {}},
        "Statement": {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "FORWARDED_IP"}},
    }
    declare(WEB_ACL, scope="REGIONAL", defaultAction={"allow": {}}, ruleJson=json.dumps([limit, *groups]))


@web_acl_turns_attacks_away.fails
def group_that_only_counts() -> None:
    _acl(_LIMIT, _GROUPS[0], _managed("AWSManagedRulesKnownBadInputsRuleSet", "count"))


@web_acl_turns_attacks_away.fails
def group_whose_rules_only_count() -> None:
    counted = _counted("Log4JRCE_HEADER", "Log4JRCE_BODY", "Log4JRCE_URIPATH", "Log4JRCE_QUERYSTRING")
    _acl(_LIMIT, _GROUPS[0], _managed("AWSManagedRulesKnownBadInputsRuleSet", ruleActionOverrides=counted))


@web_acl_turns_attacks_away.fails
def group_of_somebody_else() -> None:
    _acl(_LIMIT, _GROUPS[0], _managed("AWSManagedRulesKnownBadInputsRuleSet", vendorName="another"))


@web_acl_turns_attacks_away.fails
def limit_that_only_counts() -> None:
    _acl({**_LIMIT, "action": {"count": {}}}, *_GROUPS)


@web_acl_turns_attacks_away.fails
def limit_for_everybody_together() -> None:
    statement = {"rateBasedStatement": {"limit": 2000, "aggregateKeyType": "CONSTANT"}}
    _acl({**_LIMIT, "statement": statement}, *_GROUPS)


@web_acl_turns_attacks_away.fails
def limit_that_nobody_reaches() -> None:
    statement = {"rateBasedStatement": {"limit": 50_000, "aggregateKeyType": "IP", "evaluationWindowSec": 60}}
    _acl({**_LIMIT, "statement": statement}, *_GROUPS)


@web_acl_turns_attacks_away.fails
def no_limit() -> None:
    _acl(*_GROUPS)


@web_acl_turns_attacks_away.undetermined
def a_limit_in_a_group_of_rules() -> None:
    _acl({"overrideAction": {"none": {}}, "statement": {"ruleGroupReferenceStatement": {"arn": "arn"}}}, *_GROUPS)


@rule(
    on=DOORS,
    severity=Severity.MEDIUM,
    promise="data-protection",
    fix="give it an aws.wafv2.WebAclAssociation, or keep it private",
)
def service_behind_web_firewall(door: Resource, graph: Graph, row: tuple[tuple[str, ...], Any]) -> Iterator[Finding]:
    """What anybody may call, every scanner calls, with what it tries first."""
    path, private = row
    # A stage is as private as its API.
    for described in graph.targets(door, "restApi", REST_API) if door.type == STAGE else [door]:
        found = described.get(*path) if path else None
        if private is not None and private in (found if isinstance(found, Items) else [found]):
            raise NotApplicable("it leads to no street")
    if not graph.children(door, on=WEB_ACL_ASSOCIATION, via="resourceArn"):
        yield "no web ACL is associated with it"


@service_behind_web_firewall.passes
def doors_with_a_guard() -> None:
    for token in DOORS:
        door = declare(token, name="door")
        aws.wafv2.WebAclAssociation(token.rpartition(":")[2], resource_arn=door.id, web_acl_arn="arn")


@service_behind_web_firewall.passes
def an_api_of_the_network() -> None:
    doors_with_a_guard()
    api = aws.apigateway.RestApi("internal", endpoint_configuration={"types": "PRIVATE"})
    aws.apigateway.Stage("internal", rest_api=api.id, deployment="live", stage_name="live")
    declare("aws:appsync/graphQLApi:GraphQLApi", visibility="PRIVATE")


@service_behind_web_firewall.fails
def a_door_without_a_guard() -> None:
    aws.apigateway.Stage("live", rest_api="api", deployment="live", stage_name="live")
