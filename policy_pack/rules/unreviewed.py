"""The rule for every type that no other rule judges: a new kind of resource must not slip in unjudged."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.vocabulary import NotApplicable, Resource, Severity, aws, rule


@rule(
    on=(),  # the pack applies it to whatever type has neither a rule nor a review
    severity=Severity.MEDIUM,
    promise="asset-management",
    fix="write a rule for the type, or list it with the reason in reviewed_types.py",
)
def resource_type_reviewed(resource: Resource) -> Iterator[str]:
    """What nobody has looked at keeps no promise that anybody could show."""
    if not resource.is_custom:
        raise NotApplicable("a component holds nothing itself")
    yield f"no rule judges {resource.type}, and it isn't reviewed as needing none"


@resource_type_reviewed.fails
def a_service_nobody_has_looked_at() -> None:
    aws.gamelift.Alias("players", routing_strategy={"type": "TERMINAL", "message": "closed"})
