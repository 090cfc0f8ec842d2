"""The trail's record of objects: who read and wrote which, of every bucket of customers' data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pulumi

from policy_pack.rules.classification import CLASS_TAG
from policy_pack.rules.privacy import CUSTOMER_CLASSES
from policy_pack.rules.trail import KINDS, OBJECT, equal, fields_of, kinds_of, kinds_of_fields, objects, trail_with
from policy_pack.tokens import BUCKETS, TRAIL
from policy_pack.values import UNKNOWN, raw
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, aws, each, rule

ARN = "resources.ARN"
DATA_EVENTS = (("eventCategory", "Data"), ("resources.type", OBJECT))


@rule(
    on=(TRAIL,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:S3.22", "SH:S3.23", "CIS7:4.8", "CIS7:4.9", "PH:DIAG-LOG"),
    fix="select data events of AWS::S3::Object, reads and writes, of every bucket of customers' data",
)
def trail_records_object_access(
    trail: Resource, graph: Graph, *, tag: str = CLASS_TAG, classes: list[str] = CUSTOMER_CLASSES
) -> Iterator[Finding]:
    """Who read which object is what a customer asks after a leak.

    Where selectors name buckets, they must name each bucket of the stack that holds customers' data.
    """
    if not trail.get("isMultiRegionTrail", default=False):
        raise NotApplicable("it isn't the account's trail")
    selections = list(_selections(trail))
    for name in KINDS:
        if not any(name in selection.kinds for selection in selections):
            yield f"no event selector records {name} of objects"

    def judge(bucket: Resource) -> Iterator[Finding]:
        if bucket.tag(tag) not in classes:
            return
        covering = [selection for selection in selections if _covers(selection, trail, graph, bucket)]
        for name in KINDS:
            if not any(name in selection.kinds for selection in covering):
                yield f"no event selector records {name} of the objects of {bucket.name}"

    if selections:
        yield from each(graph.of_type(*BUCKETS), judge)


class Selection(NamedTuple):
    """What a selector of object events records: which kinds, below which ARNs (None stands for all), and which not."""

    kinds: tuple[str, ...]
    via: str
    below: tuple[Any, ...] | None = None
    but: tuple[Any, ...] = ()


def _selections(trail: Resource) -> Iterator[Selection]:
    for selector in trail.get("eventSelectors", default=()):
        for resource in selector.get("dataResources", default=()):
            if resource.get("type") == OBJECT:
                yield Selection(kinds_of(selector), "eventSelectors", _texts(resource, "values"))
    for selector in trail.get("advancedEventSelectors", default=()):
        fields = fields_of(selector)
        # Any further field picks some events, or those of some callers.
        if fields.keys() <= {"eventCategory", "resources.type", "readOnly", ARN} and all(
            wanted in equal(fields, name) for name, wanted in DATA_EVENTS
        ):
            below: tuple[Any, ...] | None = None
            but: tuple[Any, ...] = ()
            if ARN in fields:
                but = _texts(fields[ARN], "notStartsWiths")
                below = None if but else _texts(fields[ARN], "startsWiths")
            yield Selection(kinds_of_fields(fields), "advancedEventSelectors", below, but)


def _texts(holder: Props, name: str) -> tuple[Any, ...]:
    return tuple(raw(holder.get(name, default=[])))


def _covers(selection: Selection, trail: Resource, graph: Graph, bucket: Resource) -> bool:
    """Return whether a selection records a bucket.

    Raises:
        Unknown: it may.
    """

    def named(arns: tuple[Any, ...]) -> bool:
        if any(_holds(arn, bucket) for arn in arns if arn is not UNKNOWN):
            return True
        return UNKNOWN in arns and graph.refers(trail, selection.via, bucket)

    return (selection.below is None or named(selection.below)) and not named(selection.but)


def _holds(arn: Any, bucket: Resource) -> bool:
    """Return whether a bucket is below an ARN: `arn:aws:s3:::exports/`, or `arn:aws:s3` for all of them."""
    if not str(arn).startswith("arn:"):
        return False
    name = "".join(str(arn).split(":", 5)[5:])
    return not name or any(f"{identity}/".startswith(name) for identity in bucket.identities)


def _below(*arns: Any) -> dict[str, Any]:
    return {"field": "resources.ARN", "starts_withs": list(arns)}


def _customers(name: str) -> aws.s3.Bucket:
    return aws.s3.Bucket(name, bucket=name, tags={"data-class": "restricted"})


@trail_records_object_access.passes
def objects_by_selector() -> None:
    aws.s3.Bucket("data", tags={"data-class": "restricted"})
    every = {"type": OBJECT, "values": ["arn:aws:s3"]}
    trail_with(event_selectors=[{"read_write_type": "All", "data_resources": [every]}])


@trail_records_object_access.passes
def objects_by_advanced_selector() -> None:
    aws.s3.BucketV2("data", tags={"data-class": "restricted"})
    trail_with(advanced_event_selectors=[objects()])


@trail_records_object_access.passes
def objects_of_each_customers_bucket() -> None:
    aws.s3.Bucket("public")
    arns = [pulumi.Output.concat(_customers(name).arn, "/") for name in ("exports", "recordings")]
    trail_with(advanced_event_selectors=[objects(_below(*arns))])


@trail_records_object_access.fails
def writes_alone() -> None:
    every = {"type": OBJECT, "values": ["arn:aws:s3"]}
    trail_with(event_selectors=[{"read_write_type": "WriteOnly", "data_resources": [every]}])


@trail_records_object_access.passes
def objects_of_all_but_the_trails_own_bucket() -> None:
    _customers("data")
    archive = aws.s3.Bucket("trails", bucket="trails")
    but = {"field": "resources.ARN", "not_starts_withs": [pulumi.Output.concat(archive.arn, "/")]}
    trail_with(advanced_event_selectors=[objects(but)])


@trail_records_object_access.fails
def one_bucket_left_out() -> None:
    but = {"field": "resources.ARN", "not_starts_withs": [pulumi.Output.concat(_customers("data").arn, "/")]}
    trail_with(advanced_event_selectors=[objects(but)])


@trail_records_object_access.fails
def a_star_that_is_no_wildcard() -> None:
    _customers("data")
    trail_with(advanced_event_selectors=[objects(_below("*"))])


@trail_records_object_access.fails
def one_bucket_forgotten() -> None:
    _customers("recordings")
    trail_with(advanced_event_selectors=[objects(_below(pulumi.Output.concat(_customers("exports").arn, "/")))])


@trail_records_object_access.fails
def deletions_alone() -> None:
    trail_with(advanced_event_selectors=[objects({"field": "eventName", "equals": ["DeleteObject"]})])
