"""The account's trail: what it records, and where it can be searched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.tokens import TRAIL
from policy_pack.vocabulary import Finding, NotApplicable, Resource, Severity, aws, rule


@rule(
    on=(TRAIL,),
    severity=Severity.LOW,
    promise="information-security",
    controls=("SH:CloudTrail.5",),
    fix="set cloudWatchLogsGroupArn and cloudWatchLogsRoleArn",
)
def trail_searchable(trail: Resource) -> Iterator[Finding]:
    """Nobody searches compressed files while an intruder is at work."""
    for name in ("cloudWatchLogsGroupArn", "cloudWatchLogsRoleArn"):
        if not trail.has(name):
            yield f"{name} is not set"


@trail_searchable.passes
def in_a_log_group() -> None:
    aws.cloudtrail.Trail(
        "account", s3_bucket_name="trails", cloud_watch_logs_group_arn="arn:group", cloud_watch_logs_role_arn="arn:role"
    )


@trail_searchable.fails
def in_a_bucket_alone() -> None:
    aws.cloudtrail.Trail("account", s3_bucket_name="trails")


@rule(
    on=(TRAIL,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:S3.22", "SH:S3.23", "CIS7:4.8", "CIS7:4.9", "PH:DIAG-LOG"),
    fix="select data events of AWS::S3::Object, reads and writes",
)
def trail_records_object_access(trail: Resource) -> Iterator[Finding]:
    """Who read which object is what a customer asks after a leak."""
    if not trail.get("isMultiRegionTrail", default=False):
        raise NotApplicable("it isn't the account's trail")
    seen: set[str] = set()
    for selector in trail.get("eventSelectors", default=()):
        if any(item.get("type") == "AWS::S3::Object" for item in selector.get("dataResources", default=())):
            kind = selector.get("readWriteType", default="All")
            seen |= {"reads", "writes"} if kind == "All" else {"reads"} if kind == "ReadOnly" else {"writes"}
    for selector in trail.get("advancedEventSelectors", default=()):
        seen |= _advanced(list(selector.get("fieldSelectors")))
    for name in ("reads", "writes"):
        if name not in seen:
            yield f"no event selector records {name} of objects"


def _advanced(fields: list[Any]) -> set[str]:
    equal = {field.get("field"): list(field.get("equals", default=())) for field in fields}
    if "AWS::S3::Object" not in equal.get("resources.type", ()):
        return set()
    kinds = equal.get("readOnly", ["true", "false"])
    return {name for name, kind in (("reads", "true"), ("writes", "false")) if kind in kinds}


def _trail(**selectors: Any) -> None:
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", is_multi_region_trail=True, **selectors)


@trail_records_object_access.passes
def objects_by_selector() -> None:
    objects = {"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}
    _trail(event_selectors=[{"read_write_type": "All", "data_resources": [objects]}])


@trail_records_object_access.passes
def objects_by_advanced_selector() -> None:
    fields = [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
    ]
    _trail(advanced_event_selectors=[{"field_selectors": fields}])


@trail_records_object_access.fails
def writes_alone() -> None:
    objects = {"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}
    _trail(event_selectors=[{"read_write_type": "WriteOnly", "data_resources": [objects]}])


INSIGHTS = ("ApiCallRateInsight", "ApiErrorRateInsight")


@rule(
    on=(TRAIL,),
    severity=Severity.LOW,
    promise="information-security",
    controls=("PH:TRAIL-INSIGHTS",),
    fix="add both types to insightSelectors",
)
def trail_notices_unusual_calls(trail: Resource) -> Iterator[Finding]:
    """Stolen keys are used faster, and refused more often, than their owner's."""
    if not trail.get("isMultiRegionTrail", default=False):
        raise NotApplicable("it isn't the account's trail")
    kinds = [selector.get("insightType") for selector in trail.get("insightSelectors", default=())]
    for kind in INSIGHTS:
        if kind not in kinds:
            yield f"insightSelectors lack {kind}"


@trail_notices_unusual_calls.passes
def both_insights() -> None:
    _trail(insight_selectors=[{"insight_type": kind} for kind in INSIGHTS])


@trail_notices_unusual_calls.fails
def one_insight() -> None:
    _trail(insight_selectors=[{"insight_type": INSIGHTS[0]}])
