"""Tags: the one property that every service takes in a way of its own.

`tags` are the resource's own, `tagsAll` those and the provider's default tags. Where the inputs hold `tagsAll`, that is
what the thing gets. Tags that AWS sets itself (`aws:…`) are nobody's.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.aws_plugin.aws import AwsError
from sandbox.aws_plugin.handlers import models, translate
from sandbox.aws_plugin.handlers.calls import Scope, identify, is_not_found
from sandbox.aws_plugin.handlers.records import Record, Tagging
from sandbox.aws_plugin.values import Props


def wanted(props: Mapping[str, Any]) -> dict[str, str]:
    """Every tag that the thing is to have."""
    return dict(props.get("tagsAll") or props.get("tags") or {})


def creation_member(record: Record) -> str | None:
    """The member of `create` that takes tags, if one does."""
    if record.tag_resource:
        return "TagSpecifications"
    return _tag_member(models.members_of(record.service, record.create.operation), {}) if record.tagging else None


def on_creation(record: Record, scope: Scope) -> dict[str, Any]:
    """What `create` is sent for tags."""
    member, tags = creation_member(record), wanted(scope)
    if member is None or not tags:
        return {}
    shape = models.members_of(record.service, record.create.operation)[member]
    if record.tag_resource:
        return {member: [{"ResourceType": record.tag_resource, "Tags": _pairs(tags)}]}
    return {member: translate.to_aws(tags, shape, {})}


def apply(record: Record, scope: Scope, before: Mapping[str, str]) -> bool:
    """Bring the tags from what they were to what they are to be; returns whether there was anything to do."""
    tagging, new = record.tagging, wanted(scope)
    if tagging is None or new == before:
        return False
    changed = {key: value for key, value in new.items() if before.get(key) != value}
    removed = sorted(before.keys() - new.keys())
    if tagging.remove is None:
        _send(record.service, tagging, tagging.add, new, scope)
        return True
    if removed:
        _send(record.service, tagging, tagging.remove, removed, scope)
    if changed:
        _send(record.service, tagging, tagging.add, changed, scope)
    return True


def read(record: Record, thing: Any, scope: Scope, state: Props) -> Props:
    """`tags` and `tagsAll` as AWS has them; `thing` is what the first read found."""
    tagging = record.tagging
    if tagging is None:
        return {}
    answer = thing
    if tagging.read:
        try:
            answer = scope.call(tagging.read, **identify(record.service, tagging.read, tagging.key, scope))
        except AwsError as error:
            if not is_not_found(error):
                raise
            answer = {}
    every = {key: value for key, value in translate.as_dict(_found(answer)).items() if not key.startswith("aws:")}
    defaults = (state.get("tagsAll") or {}).keys() - (state.get("tags") or {}).keys()
    own = {key: value for key, value in every.items() if key not in defaults}
    return {"tagsAll": every, "tags": own} if own or "tags" in state else {"tagsAll": every}


def _send(service: str, tagging: Tagging, operation: str, tags: dict[str, str] | list[str], scope: Scope) -> None:
    shapes = models.members_of(service, operation)
    member = _tag_member(shapes, tagging.key)
    if member is None:
        raise LookupError(f"{operation} on {service} takes no tags")
    shape = shapes[member]
    if shape.type_name == "structure":  # S3's Tagging holds its TagSet
        value: Any = {inner: translate.to_aws(tags, each, {}) for inner, each in shape.members.items()}
    elif isinstance(tags, list) and shape.member.type_name == "structure":  # EC2 and CloudTrail remove by pairs
        value = [{"Key": key} for key in tags]
    else:
        value = translate.to_aws(tags, shape, {})
    scope.call(operation, **identify(service, operation, tagging.key, scope), **{member: value})


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _tag_member(members: Iterable[str], key: Mapping[str, str]) -> str | None:
    return next(
        (name for name in members if name.lower().startswith("tag") and name not in {"TagSpecifications", *key}), None
    )


def _found(answer: Mapping[str, Any]) -> Any:
    """The tags in an answer: Tags, TagList, TagSet, or in it those of several things at once, or of a thing."""
    for several in ("ResourceTagList", "TagDescriptions"):
        if several in answer:
            answer = (answer[several] or [{}])[0]
    answer = answer.get("TagInfoForResource", answer)
    return next((value for name, value in answer.items() if name.lower().startswith("tag")), [])
