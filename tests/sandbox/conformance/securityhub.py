"""Security Hub: the hub, its standards and its aggregation."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case

_ARN = "arn:aws:securityhub:us-west-2:123456789012"
_STANDARD = "arn:aws:securityhub:us-west-2::standards/aws-foundational-security-best-practices/v/1.0.0"


def _hub(account: Account, _id: str) -> dict[str, Any] | None:
    securityhub = account.client("securityhub")
    try:
        hub = securityhub.describe_hub()
    except securityhub.exceptions.InvalidAccessException:  # so it says where it is not enabled
        return None
    return {name: hub[name] for name in ("HubArn", "AutoEnableControls", "ControlFindingGenerator")}


def _enabled(account: Account) -> Any:
    account.client("securityhub").enable_security_hub(EnableDefaultStandards=False)
    return account.client("securityhub")


def _with_hub(account: Account, **inputs: Any) -> dict[str, Any]:
    _enabled(account)
    return inputs


def _standard(account: Account, arn: str) -> str | None:
    found = account.client("securityhub").get_enabled_standards(StandardsSubscriptionArns=[arn])
    return next((str(each["StandardsArn"]) for each in found["StandardsSubscriptions"]), None)


def _aggregator(account: Account, arn: str) -> tuple[str, list[str]]:
    found = account.client("securityhub").get_finding_aggregator(FindingAggregatorArn=arn)
    return found["RegionLinkingMode"], found["Regions"]


CASES = (
    Case(
        "aws:securityhub/account:Account",
        inputs=lambda _account: {"autoEnableControls": True, "enableDefaultStandards": False},
        seen=_hub,
        created={
            "HubArn": f"{_ARN}:hub/default",
            "AutoEnableControls": True,
            "ControlFindingGenerator": "SECURITY_CONTROL",
        },
        update={"autoEnableControls": False, "controlFindingGenerator": "STANDARD_CONTROL"},
        updated={
            "HubArn": f"{_ARN}:hub/default",
            "AutoEnableControls": False,
            "ControlFindingGenerator": "STANDARD_CONTROL",
        },
        drift=lambda account, _id: account.client("securityhub").update_security_hub_configuration(
            AutoEnableControls=True
        ),
        drifted={"autoEnableControls": True},
        outputs=("arn", "autoEnableControls", "region"),
        never="123456789012",
    ),
    Case(
        "aws:securityhub/standardsSubscription:StandardsSubscription",
        inputs=lambda account: _with_hub(account, standardsArn=_STANDARD),
        seen=_standard,
        created=_STANDARD,
        outputs=("arn", "region", "standardsArn"),
        never=f"{_ARN}:subscription/never/v/1.0.0",
    ),
    Case(
        "aws:securityhub/findingAggregator:FindingAggregator",
        inputs=lambda account: _with_hub(account, linkingMode="SPECIFIED_REGIONS", specifiedRegions=["us-west-1"]),
        seen=_aggregator,
        created=("SPECIFIED_REGIONS", ["us-west-1"]),
        update={"specifiedRegions": ["us-west-1", "us-east-1"]},
        updated=("SPECIFIED_REGIONS", ["us-west-1", "us-east-1"]),
        drift=lambda account, arn: account.client("securityhub").update_finding_aggregator(
            FindingAggregatorArn=arn, RegionLinkingMode="SPECIFIED_REGIONS", Regions=["us-east-1"]
        ),
        drifted={"specifiedRegions": ["us-east-1"]},
        outputs=("arn", "linkingMode", "region"),
        never=f"{_ARN}:finding-aggregator/never",
    ),
)
