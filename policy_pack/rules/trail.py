"""The account's trail: what it records, and where it can be searched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy_pack.tokens import TRAIL
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    aws,
    each,
    rule,
)

OBJECT = "AWS::S3::Object"
KINDS = {"reads": "ReadOnly", "writes": "WriteOnly"}
SEARCHED = {"cloudWatchLogsGroupArn": ":log-group:", "cloudWatchLogsRoleArn": ":role/"}


@rule(
    on=(TRAIL,),
    severity=Severity.LOW,
    promise="information-security",
    controls=("SH:CloudTrail.5",),
    fix="set cloudWatchLogsGroupArn and cloudWatchLogsRoleArn",
)
def trail_searchable(trail: Resource) -> Iterator[Finding]:
    """Nobody searches compressed files while an intruder is at work."""

    def judge(name: str) -> Iterator[Finding]:
        if not trail.has(name):
            yield f"{name} is not set"
        elif SEARCHED[name] not in str(trail.get(name)):
            yield f"{name} is no ARN with {SEARCHED[name]}"

    yield from each(SEARCHED, judge)


@trail_searchable.passes
def in_a_log_group() -> None:
    aws.cloudtrail.Trail(
        "account",
        s3_bucket_name="trails",
        cloud_watch_logs_group_arn="arn:aws:logs:us-west-2:111122223333:log-group:trail:*",
        cloud_watch_logs_role_arn="arn:aws:iam::111122223333:role/trail",
    )


@trail_searchable.fails
def in_a_bucket_alone() -> None:
    aws.cloudtrail.Trail("account", s3_bucket_name="trails")


@trail_searchable.fails
def in_a_group_by_its_name() -> None:
    aws.cloudtrail.Trail(
        "account",
        s3_bucket_name="trails",
        cloud_watch_logs_group_arn="trail",
        cloud_watch_logs_role_arn="arn:aws:iam::111122223333:role/trail",
    )


@rule(
    on=(TRAIL,),
    severity=Severity.HIGH,
    promise="information-security",
    controls=("SH:CloudTrail.1", "CIS7:4.1"),
    fix="record management events, reads and writes, of every service; or leave the event selectors out, which does it",
)
def trail_records_every_call(trail: Resource, graph: Graph) -> Iterator[Finding]:
    """A trail that selects events records those alone: what it leaves out, an intruder does unseen.

    Source: AWS Config Developer Guide, "multi-region-cloudtrail-enabled": no service may be left out.
    """
    if not trail.get("isMultiRegionTrail", default=False):
        raise NotApplicable("it isn't the account's trail")
    seen = {kind for other in graph.of_type(TRAIL) for kind in _calls(other)}
    for name in KINDS:
        if name not in seen:
            yield f"no event selector records every {name[:-1]} of every service"


def _calls(trail: Resource) -> Iterator[str]:
    """Yield which calls a trail of every region records, whatever service they are of: all where it selects nothing."""
    if not trail.get("isMultiRegionTrail", default=False):
        return
    selectors = trail.get("eventSelectors", default=())
    advanced = trail.get("advancedEventSelectors", default=())
    if not len(selectors) and not len(advanced):
        yield from KINDS
    for selector in selectors:
        if selector.get("includeManagementEvents", default=True) and not selector.has("excludeManagementEventSources"):
            yield from kinds_of(selector)
    for selector in advanced:
        fields = fields_of(selector)
        # Every further field narrows it.
        if fields.keys() <= {"eventCategory", "readOnly"} and "Management" in equal(fields, "eventCategory"):
            yield from kinds_of_fields(fields)


def kinds_of(selector: Props) -> tuple[str, ...]:
    """Return what a basic selector records: reads, writes or both."""
    kind = selector.get("readWriteType", default="All")
    return tuple(name for name in KINDS if kind in {"All", KINDS[name]})


def kinds_of_fields(fields: Mapping[str, Props]) -> tuple[str, ...]:
    """Return what an advanced selector records, which says so by `readOnly`."""
    values = equal(fields, "readOnly") if "readOnly" in fields else ["true", "false"]
    return tuple(name for name, value in zip(KINDS, ("true", "false"), strict=True) if value in values)


def fields_of(selector: Props) -> dict[str, Props]:
    """Return the fields of an advanced selector by name."""
    return {field.get("field"): field for field in selector.get("fieldSelectors", default=())}


def equal(fields: Mapping[str, Props], name: str) -> list[str]:
    """Return what a field must equal."""
    return list(fields[name].get("equals", default=())) if name in fields else []


def _management(*more: dict[str, Any]) -> dict[str, Any]:
    return {"field_selectors": [{"field": "eventCategory", "equals": ["Management"]}, *more]}


def trail_with(**selectors: Any) -> None:
    """The account's trail, for examples."""
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", is_multi_region_trail=True, **selectors)


def objects(*more: dict[str, Any]) -> dict[str, Any]:
    """An advanced selector of object events, for examples."""
    fields = [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": [OBJECT]},
    ]
    return {"field_selectors": [*fields, *more]}


@trail_records_every_call.passes
def every_call_by_saying_nothing() -> None:
    trail_with()
    aws.cloudtrail.Trail("objects", s3_bucket_name="trails", event_selectors=[{"include_management_events": False}])


@trail_records_every_call.passes
def every_call_by_selector() -> None:
    trail_with(event_selectors=[{"read_write_type": "All", "include_management_events": True}])


@trail_records_every_call.passes
def every_call_by_advanced_selector() -> None:
    trail_with(advanced_event_selectors=[_management(), objects()])


@trail_records_every_call.passes
def every_call_by_anothertrail_with() -> None:
    trail_with(advanced_event_selectors=[objects()])
    aws.cloudtrail.Trail("calls", s3_bucket_name="trails", is_multi_region_trail=True)


@trail_records_every_call.passes
def reads_and_writes_apart() -> None:
    trail_with(
        advanced_event_selectors=[_management({"field": "readOnly", "equals": [text]}) for text in ("true", "false")]
    )


@trail_records_every_call.fails
def objects_alone() -> None:
    trail_with(advanced_event_selectors=[objects()])


@trail_records_every_call.fails
def changes_alone() -> None:
    trail_with(advanced_event_selectors=[_management({"field": "readOnly", "equals": ["false"]})])


@trail_records_every_call.fails
def use_of_keys_left_out() -> None:
    trail_with(event_selectors=[{"exclude_management_event_sources": ["kms.amazonaws.com"]}])


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
    trail_with(insight_selectors=[{"insight_type": kind} for kind in INSIGHTS])


@trail_notices_unusual_calls.fails
def one_insight() -> None:
    trail_with(insight_selectors=[{"insight_type": INSIGHTS[0]}])
