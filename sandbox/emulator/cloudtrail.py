"""CloudTrail as documented, where moto differs: selectors replace, trails go by ARN too, and say where they live."""

from __future__ import annotations

from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, Trail

from sandbox.emulator.extensions import put

_description = Trail.description

_EVERY_MANAGEMENT_EVENT = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


def install() -> None:
    """Correct moto's trails."""
    put(Trail, put_event_selectors, get_event_selectors, put_insight_selectors, description)
    put(CloudTrailBackend, delete_trail)


def put_event_selectors(
    self: Trail, event_selectors: list[Any] | None, advanced_event_selectors: list[Any] | None
) -> None:
    """Either kind overwrites the other: "You can use either AdvancedEventSelectors or EventSelectors, but not both"."""
    self.event_selectors = event_selectors or []
    self.advanced_event_selectors = advanced_event_selectors or []


def get_event_selectors(self: Trail) -> tuple[list[Any], list[Any]]:
    """A trail without selectors of its own logs every management event."""
    basic = self.event_selectors or ([] if self.advanced_event_selectors else [_EVERY_MANAGEMENT_EVENT])
    return basic, self.advanced_event_selectors


def put_insight_selectors(self: Trail, insight_selectors: list[Any]) -> None:
    """An empty list turns Insights off."""
    self.insight_selectors = insight_selectors


def description(self: Trail, include_region: bool = True) -> dict[str, Any]:  # noqa: ARG001, FBT001, FBT002 - moto's signature
    """Every answer about a trail holds its home region."""
    return {
        **_description(self, include_region=True),
        "HasCustomEventSelectors": bool(self.event_selectors or self.advanced_event_selectors),
        "HasInsightSelectors": bool(self.insight_selectors),
    }


def delete_trail(self: CloudTrailBackend, name: str) -> None:
    """By name or by ARN; its tags go with it."""
    trail = self.get_trail(name)
    del self.trails[trail.trail_name]
    self.tagging_service.delete_all_tags_for_resource(trail.arn)
