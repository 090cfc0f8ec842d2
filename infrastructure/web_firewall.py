"""Data Protection: what every scanner tries first is turned away at the door, and logged.

Enters: what to guard. Leaves: `WebFirewall`, a web ACL of AWS's managed rules and a limit for each address.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import wafv2

from infrastructure.logs import LogGroups
from infrastructure.promises import REQUESTS_PER_ADDRESS
from infrastructure.scope import DataClass, Scope

SERVICE = "web-firewall"
VENDOR = "AWS"
MANAGED: dict[str, tuple[str, ...]] = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesSQLiRuleSet": (),
}
"""AWS's rule groups, and what each may only count: a batch of events is larger than 8 KB and no attack for that."""

WINDOW_SECONDS = 300
REDACTED_HEADERS = ("authorization", "cookie", "x-api-key", "x-csrftoken")


@dataclass(frozen=True)
class WebFirewallArgs:
    """`requests_per_address`: in five minutes, before an address is turned away."""

    scope: Scope
    log_groups: LogGroups
    guarded_arn: pulumi.Output[str]
    requests_per_address: int

    def __post_init__(self) -> None:
        REQUESTS_PER_ADDRESS.require("requests_per_address", self.requests_per_address)


def log_group(scope: Scope) -> str:
    """The path of the firewall's log group; WAF takes no other beginning."""
    return f"aws-waf-logs-{scope.prefix}"


class WebFirewall(pulumi.ComponentResource):
    """A web ACL on a load balancer, with its log."""

    def __init__(self, name: str, args: WebFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:web_firewall:WebFirewall", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        limit = _limit(args.requests_per_address)
        acl = wafv2.WebAcl(
            name,
            name=f"{args.scope.prefix}-{SERVICE}",
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=[limit, *(_managed(place, group) for place, group in enumerate(MANAGED, start=1))],
            visibility_config=_seen_as(SERVICE),
            tags=args.scope.tags(SERVICE, DataClass.INTERNAL),
            opts=child,
        )
        logs = args.log_groups.create(f"{name}-log-group", log_group(args.scope), SERVICE, self)
        logging = wafv2.WebAclLoggingConfiguration(
            f"{name}-logging",
            resource_arn=acl.arn,
            log_destination_configs=[logs.arn],
            redacted_fields=[*map(_header, REDACTED_HEADERS), {"query_string": {}}],
            opts=child,
        )
        wafv2.WebAclAssociation(
            f"{name}-association",
            resource_arn=args.guarded_arn,
            web_acl_arn=acl.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[logging]),
        )
        self.register_outputs({"arn": acl.arn})


def _header(name: str) -> wafv2.WebAclLoggingConfigurationRedactedFieldArgsDict:
    return {"single_header": {"name": name}}


def _seen_as(metric: str) -> wafv2.WebAclVisibilityConfigArgsDict:
    """Metrics, and no samples: a sampled request shows what the log redacts."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": False}


def _limit(requests: int) -> wafv2.WebAclRuleArgsDict:
    return {
        "name": "limit-by-address",
        "priority": 0,
        "action": {"block": {}},
        "statement": {
            "rate_based_statement": {
                "limit": requests,
                "aggregate_key_type": "IP",
                "evaluation_window_sec": WINDOW_SECONDS,
            }
        },
        "visibility_config": _seen_as("limit-by-address"),
    }


def _managed(priority: int, group: str) -> wafv2.WebAclRuleArgsDict:
    return {
        "name": group,
        "priority": priority,
        "override_action": {"none": {}},
        "statement": {
            "managed_rule_group_statement": {
                "vendor_name": VENDOR,
                "name": group,
                "rule_action_overrides": [
                    {"name": counted, "action_to_use": {"count": {}}} for counted in MANAGED[group]
                ],
            }
        },
        "visibility_config": _seen_as(group),
    }
