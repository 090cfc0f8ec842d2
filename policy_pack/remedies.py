"""A rule's remedy and a resource's properties in; changed properties out, where the change is certain to help.

The properties are changed as the wire holds them, so that everything else in them stays as it was sent. What isn't
known or is secret is never changed or replaced: where it would have to be, there is no remedy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import proto

from policy_pack.graph import Graph
from policy_pack.judge import Context, Verdict, bind, judge
from policy_pack.resources import Resource
from policy_pack.values import is_marked, is_settled
from policy_pack.vocabulary import Rule


def remedied(
    rule: Rule, request: proto.AnalyzeRequest, properties: Struct, settings: Mapping[str, Any], context: Context
) -> Struct | None:
    """Return the properties as the rule's remedy leaves them; none where the rule is kept, or wouldn't be after it.

    A rule over several resources is asked about this one alone: what depends on another is never mended.

    Never raises: a remedy that crashes changes nothing, and the violation is reported as one.
    """
    if _verdict(rule, request, properties, settings, context) is not Verdict.FAIL:
        return None
    resource = Resource(request, properties, None)
    row = {"row": rule.on[resource.type]} if rule.takes_row else {}
    (remedy,) = rule.remedies
    try:
        changes = remedy(resource, **row, **settings)
        changed = Struct()
        changed.CopyFrom(properties)
        for path, value in changes.items():
            _set(changed, path, value)
    except Exception:  # noqa: BLE001 - whatever a remedy raises, the violation must still be judged and reported
        return None
    return changed if _verdict(rule, request, changed, settings, context) is Verdict.PASS else None


def _verdict(
    rule: Rule, request: proto.AnalyzeRequest, properties: Struct, settings: Mapping[str, Any], context: Context
) -> Verdict:
    alone = proto.AnalyzerResource(
        type=request.type,
        urn=request.urn,
        name=request.name,
        options=request.options,
        provider=request.provider if request.HasField("provider") else None,
    )
    graph = Graph([alone], {request.urn: properties})
    check = bind(rule, request.type, settings, replace(context, graph=graph))
    return judge(check, graph.resource(request.urn)).verdict


def _set(holder: Struct, path: Sequence[str], value: Any) -> None:
    """Set a value, in every object of a list that the path leads through, but in place of nothing that is hidden."""
    name, rest = path[0].removesuffix("[]"), path[1:]
    inside = holder.fields.get(name)
    if not rest:
        if inside is None or is_settled(inside):
            holder.update({name: value})
        return
    if inside is None or inside.WhichOneof("kind") == "null_value":
        if path[0].endswith("[]"):
            return
        holder.update({name: {}})
        inside = holder.fields[name]
    blocks = inside.list_value.values if inside.WhichOneof("kind") == "list_value" else [inside]
    for block in blocks:
        if block.WhichOneof("kind") == "struct_value" and not is_marked(block):
            _set(block.struct_value, rest, value)
