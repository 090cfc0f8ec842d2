"""Event logs made by code, in the shape that the engine writes: stacks of any size, judged by the pack's own rules.

Enters: how many resources, and which rules are broken where. Leaves: lines of JSON as `--event-log` holds them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import orjson

from evidence.rules import pack_version
from policy_pack.pack import PACK
from policy_pack.server import NAME

START = 1_790_000_000
TYPES = (
    "aws:s3/bucket:Bucket",
    "aws:rds/cluster:Cluster",
    "aws:kms/key:Key",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:iam/role:Role",
    "aws:sqs/queue:Queue",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "fleet:stores:Store",
)


def urn(stack: str, kind: str, name: str, project: str = "fleet") -> str:
    """Return a resource's URN."""
    return f"urn:pulumi:{stack}::{project}::{kind}::{name}"


def root(stack: str, project: str = "fleet") -> str:
    """Return the URN of a stack itself."""
    return urn(stack, "pulumi:pulumi:Stack", f"{project}-{stack}", project)


def event_log(  # noqa: PLR0913 - a log has as many features
    stack: str,
    resources: int,
    *,
    project: str = "fleet",
    broken: Collection[tuple[str, str]] = (),
    message: str = "it is not as it must be\nFix: mend it\n",
    preview: bool = True,
    start: int = START,
) -> Iterator[bytes]:
    """Yield the lines of a log.

    Args:
        stack: the stack's name.
        resources: how many there are besides the stack itself, of `TYPES` in turn.
        project: the project's name.
        broken: the rules that are broken, each with a resource's URN.
        message: what the pack says of each violation.
        preview: whether it is a preview's log, or an update's.
        start: seconds since 1970.
    """
    for sequence, (kind, body) in enumerate(_events(stack, resources, project, set(broken), message, preview=preview)):
        yield orjson.dumps(
            {"sequence": sequence, "timestamp": start + sequence // 500, kind: body}, option=orjson.OPT_APPEND_NEWLINE
        )


def _events(  # noqa: PLR0913
    stack: str, resources: int, project: str, broken: set[tuple[str, str]], message: str, *, preview: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    pack = {"policyPackName": NAME, "policyPackVersion": pack_version(), "policyPackVersionTag": pack_version()}

    def violation(rule: str, where: str) -> tuple[str, dict[str, Any]]:
        said = {"message": message, "color": "never", "enforcementLevel": "mandatory", "severity": "high"}
        return "policyEvent", {"resourceUrn": where, "policyName": rule, **said, **pack}

    yield "policyLoadEvent", {}
    yield "preludeEvent", {"config": {"aws:region": "us-west-2"}}
    kinds = [TYPES[number % len(TYPES)] for number in range(resources)]
    named = [(root(stack, project), "pulumi:pulumi:Stack")]
    named += [(urn(stack, kind, f"r{number}", project), kind) for number, kind in enumerate(kinds)]
    for where, kind in named:
        rules = [rule.id for rule in PACK.rules_on(kind) if not rule.needs_graph]
        failed = sorted(rule for rule in rules if (rule, where) in broken)
        for rule in failed:
            yield violation(rule, where)
        counts = {"passed": sorted(set(rules) - set(failed)), "failed": failed}
        yield "policyAnalyzeSummaryEvent", {"resourceUrn": where, **pack, **counts}
        step = {
            "op": "create",
            "urn": where,
            "type": kind,
            "old": None,
            "new": None,
            "detailedDiff": None,
            "provider": "",
        }
        yield "resourcePreEvent", {"metadata": step, "planning": preview}
        yield "resOutputsEvent", {"metadata": step, "planning": preview}
    met = {rule.id for kind in {kind for _, kind in named} for rule in PACK.rules_on(kind) if rule.needs_graph}
    failed = sorted({rule for rule, _ in broken} & met)
    for rule, where in sorted(broken):
        if rule in met:
            yield violation(rule, where)
    yield "policyAnalyzeStackSummaryEvent", {**pack, "passed": sorted(met - set(failed)), "failed": failed}
    if broken:
        said = {"prefix": "error: ", "message": "preview failed\n", "color": "never", "severity": "error"}
        yield "diagnosticEvent", said
    yield (
        "summaryEvent",
        {
            "maybeCorrupt": False,
            "durationSeconds": 1,
            "resourceChanges": {"create": len(named)},
            "PolicyPacks": {f"{NAME}|local|policy_pack": pack_version()},
            "isPreview": preview,
            "result": "failed" if broken else "succeeded",
        },
    )
    yield "cancelEvent", {}
