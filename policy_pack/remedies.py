"""A rule's remedy and a resource's properties in; changed properties out, where the change is certain to help.

The properties are changed as the wire holds them, so that everything else in them stays as it was sent. What isn't
known or is secret is never changed or replaced, and neither is anything inside a list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import proto

from policy_pack.judge import Context, Verdict, judge
from policy_pack.resources import Resource
from policy_pack.values import is_marked, is_settled
from policy_pack.vocabulary import Changes, Rule


def remedied(
    rule: Rule, request: proto.AnalyzeRequest, properties: Struct, settings: Mapping[str, Any], context: Context
) -> Struct | None:
    """Return the properties as the rule's remedy leaves them; none where the rule is kept, or wouldn't be after it.

    Never raises: a remedy that crashes changes nothing, and the violation is reported as one.
    """
    resource = Resource(request, properties, None)
    if judge(rule, resource, settings, context).verdict is not Verdict.FAIL:
        return None
    row = {"row": rule.on[resource.type]} if rule.takes_row else {}
    (remedy,) = rule.remedies
    try:
        changes = remedy(resource, **row, **settings)
        changed = _changed(properties, changes)
    except Exception:  # noqa: BLE001 - whatever a remedy raises, the violation must still be judged and reported
        return None
    if changed is None:
        return None
    after = judge(rule, Resource(request, changed, None), settings, context)
    return changed if after.verdict is Verdict.PASS else None


def _changed(properties: Struct, changes: Changes) -> Struct | None:
    changed = Struct()
    changed.CopyFrom(properties)
    for path, value in changes.items():
        if not _set(changed, path, value):
            return None
    return changed if changes else None


def _set(holder: Struct, path: Sequence[str], value: Any) -> bool:
    """Set one value, with the objects around it; return false where that would touch what must not be."""
    for name in path[:-1]:
        if name not in holder.fields or holder.fields[name].WhichOneof("kind") == "null_value":
            holder.fields[name].struct_value.SetInParent()
        inside = holder.fields[name]
        if inside.WhichOneof("kind") != "struct_value" or is_marked(inside):
            return False
        holder = inside.struct_value
    if path[-1] in holder.fields and not is_settled(holder.fields[path[-1]]):
        return False
    holder.update({path[-1]: value})
    return True
