"""GuardDuty as documented, where moto differs: features change one by one, detectors are tagged."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from moto.core.responses import ActionResult, EmptyResult
from moto.guardduty import urls
from moto.guardduty.models import Detector
from moto.guardduty.responses import GuardDutyResponse

from sandbox.emulator.extensions import put

_update = Detector.update


def install() -> None:
    """Add the operations to moto's."""
    put(Detector, update)
    put(GuardDutyResponse, tag_resource, untag_resource, list_tags_for_resource)
    urls.url_paths["{0}/tags/(?P<arn>.+)$"] = GuardDutyResponse.dispatch


def update(
    self: Detector, enable: Any, frequency: Any, data_sources: Any, features: list[dict[str, Any]] | None
) -> None:
    """Each feature that is named changes, the others stay: moto replaces them all."""
    named = {feature["name"]: feature for feature in [*self.features, *(features or [])]}
    _update(self, enable, frequency, data_sources, list(named.values()))


def _tags(response: GuardDutyResponse) -> dict[str, str]:
    detector = unquote(response.path).rpartition("/")[2]
    tags: dict[str, str] = response.guardduty_backend.get_detector(detector).tags
    return tags


def tag_resource(self: GuardDutyResponse) -> EmptyResult:
    _tags(self).update(self._get_param("tags"))
    return EmptyResult()


def untag_resource(self: GuardDutyResponse) -> EmptyResult:
    for key in self.querystring["tagKeys"]:
        _tags(self).pop(key, None)
    return EmptyResult()


def list_tags_for_resource(self: GuardDutyResponse) -> ActionResult:
    return ActionResult({"tags": _tags(self)})
