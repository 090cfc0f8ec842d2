"""Security Hub as documented, where moto has it not: settings of the hub, standards, aggregation of findings."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from moto.core.responses import ActionResult, EmptyResult
from moto.moto_api._internal import mock_random
from moto.securityhub import urls
from moto.securityhub.exceptions import SecurityHubClientError
from moto.securityhub.models import SecurityHubBackend
from moto.securityhub.responses import SecurityHubResponse

from sandbox.emulator.extensions import put

_describe, _disable = SecurityHubBackend.describe_hub, SecurityHubBackend.disable_security_hub
_enable = SecurityHubResponse.enable_security_hub
_SETTINGS = ("AutoEnableControls", "ControlFindingGenerator")


def install() -> None:
    """Add the operations to moto's."""
    put(SecurityHubBackend, describe_hub, disable_security_hub)
    put(
        SecurityHubResponse,
        enable_security_hub,
        update_security_hub_configuration,
        batch_enable_standards,
        batch_disable_standards,
        get_enabled_standards,
        create_finding_aggregator,
        get_finding_aggregator,
        update_finding_aggregator,
        delete_finding_aggregator,
    )
    for path in (
        "standards/register",
        "standards/deregister",
        "standards/get",
        "findingAggregator/create",
        "findingAggregator/update",
        "findingAggregator/get/(?P<arn>.+)",
        "findingAggregator/delete/(?P<arn>.+)",
    ):
        urls.url_paths[f"{{0}}/{path}$"] = SecurityHubResponse.dispatch


def _kept(backend: SecurityHubBackend, what: str) -> dict[str, Any]:
    """What moto doesn't know, by its ARN or name."""
    found: dict[str, Any] = vars(backend).setdefault(what, {})
    return found


def _asked(response: SecurityHubResponse) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(response.body or "{}")
    return asked


def _arn(backend: SecurityHubBackend, resource: str) -> str:
    return f"arn:aws:securityhub:{backend.region_name}:{backend.account_id}:{resource}"


def _keep_settings(response: SecurityHubResponse) -> None:
    asked = _asked(response)
    settings = _kept(response.securityhub_backend, "settings")
    settings.update({name: asked[name] for name in _SETTINGS if asked.get(name) is not None})


def enable_security_hub(self: SecurityHubResponse) -> str:
    answer: str = _enable(self)
    _keep_settings(self)
    return answer


def update_security_hub_configuration(self: SecurityHubResponse) -> EmptyResult:
    self.securityhub_backend.describe_hub()
    _keep_settings(self)
    return EmptyResult()


def describe_hub(self: SecurityHubBackend, hub_arn: str | None = None) -> dict[str, Any]:
    return {**_describe(self, hub_arn), **_kept(self, "settings")}


def disable_security_hub(self: SecurityHubBackend) -> dict[str, Any]:
    """ "Any standards that were enabled are disabled"; the settings go too, which AWS still holds for 90 days."""
    answer: dict[str, Any] = _disable(self)
    _kept(self, "settings").clear()
    _kept(self, "standards").clear()
    return answer


def _subscription(backend: SecurityHubBackend, standard: str) -> dict[str, Any]:
    path = standard.partition("/")[2]
    return {
        "StandardsSubscriptionArn": _arn(backend, f"subscription/{path}"),
        "StandardsArn": standard,
        "StandardsInput": {},
        "StandardsStatus": "READY",
    }


def batch_enable_standards(self: SecurityHubResponse) -> ActionResult:
    backend = self.securityhub_backend
    backend.describe_hub()
    asked = [each["StandardsArn"] for each in _asked(self)["StandardsSubscriptionRequests"]]
    new = [_subscription(backend, standard) for standard in asked]
    _kept(backend, "standards").update({each["StandardsSubscriptionArn"]: each for each in new})
    return ActionResult({"StandardsSubscriptions": new})


def get_enabled_standards(self: SecurityHubResponse) -> ActionResult:
    self.securityhub_backend.describe_hub()
    standards = _kept(self.securityhub_backend, "standards")
    asked = _asked(self).get("StandardsSubscriptionArns") or list(standards)
    return ActionResult({"StandardsSubscriptions": [standards[arn] for arn in asked if arn in standards]})


def batch_disable_standards(self: SecurityHubResponse) -> ActionResult:
    standards = _kept(self.securityhub_backend, "standards")
    asked = [standards.pop(arn, None) for arn in _asked(self)["StandardsSubscriptionArns"]]
    gone = [{**each, "StandardsStatus": "DELETING"} for each in asked if each]
    return ActionResult({"StandardsSubscriptions": gone})


def _aggregator(response: SecurityHubResponse, arn: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = _kept(response.securityhub_backend, "aggregators")[arn]
    except KeyError:
        raise SecurityHubClientError("ResourceNotFoundException", f"No finding aggregator {arn}") from None
    return found


def _named(response: SecurityHubResponse) -> str:
    """The ARN that ends the path of a request."""
    return "arn:" + unquote(response.path).partition("/arn:")[2]


def create_finding_aggregator(self: SecurityHubResponse) -> ActionResult:
    backend, asked = self.securityhub_backend, _asked(self)
    backend.describe_hub()
    arn = _arn(backend, f"finding-aggregator/{mock_random.uuid4()}")
    made = {"FindingAggregatorArn": arn, "FindingAggregationRegion": backend.region_name, "Regions": [], **asked}
    _kept(backend, "aggregators")[arn] = made
    return ActionResult(made)


def get_finding_aggregator(self: SecurityHubResponse) -> ActionResult:
    return ActionResult(_aggregator(self, _named(self)))


def update_finding_aggregator(self: SecurityHubResponse) -> ActionResult:
    asked = _asked(self)
    found = _aggregator(self, asked["FindingAggregatorArn"])
    found.update(asked)
    return ActionResult(found)


def delete_finding_aggregator(self: SecurityHubResponse) -> EmptyResult:
    arn = _aggregator(self, _named(self))["FindingAggregatorArn"]
    del _kept(self.securityhub_backend, "aggregators")[arn]
    return EmptyResult()
