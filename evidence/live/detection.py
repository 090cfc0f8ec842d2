"""Detectors that are on, and alarms that somebody hears."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from evidence.live.account import Account
from evidence.live.checks import Seen, check, code_of, each


@check(promise="information-security", severity="high", controls=("SH:GuardDuty.1",))
def threats_are_looked_for(account: Account) -> Iterator[Seen]:
    """GuardDuty looks at the trail, the flows and the names that are resolved, in every region of ours."""

    def judge(region: str) -> Iterator[str]:
        detectors = list(account.list("guardduty", "list_detectors", "DetectorIds", region))
        on = [
            detector
            for detector in detectors
            if account.ask("guardduty", "get_detector", region, DetectorId=detector)["Status"] == "ENABLED"
        ]
        if not on:
            yield "no detector is enabled"

    yield from each(account.regions, lambda region: account.in_region("guardduty", region), judge)


@check(promise="information-security", severity="high", controls=("SH:IAM.28",))
def outside_access_is_looked_for(account: Account) -> Iterator[Seen]:
    """Access Analyzer tells what somebody outside can reach."""

    def judge(region: str) -> Iterator[str]:
        found = account.list("accessanalyzer", "list_analyzers", "analyzers", region)
        active = (analyzer["type"] for analyzer in found if analyzer["status"] == "ACTIVE")
        if all(kind.endswith("UNUSED_ACCESS") for kind in active):
            yield "no analyzer of external access is active"

    yield from each(account.regions, lambda region: account.in_region("access-analyzer", region), judge)


@check(promise="information-security", severity="medium", controls=("PH:SECHUB",))
def findings_are_gathered(account: Account) -> Iterator[Seen]:
    """Security Hub is where findings of every kind are looked at."""

    def judge(region: str) -> Iterator[str]:
        try:
            account.ask("securityhub", "describe_hub", region)
        except ClientError as error:
            if code_of(error) not in {"InvalidAccessException", "ResourceNotFoundException"}:
                raise
            yield "Security Hub is off"

    yield from each(account.regions, lambda region: account.in_region("securityhub", region), judge)


@check(promise="data-classification", severity="medium", controls=("SH:Macie.1", "SH:Macie.2"))
def sensitive_data_is_looked_for(account: Account) -> Iterator[Seen]:
    """Macie finds customers' data in buckets where nobody meant it to be."""

    def judge(region: str) -> Iterator[str]:
        try:
            status = account.ask("macie2", "get_macie_session", region)["status"]
        except ClientError as error:
            if code_of(error) not in {"AccessDeniedException", "ResourceNotFoundException"} or not _is_off(error):
                raise
            status = "off"
        if status != "ENABLED":
            yield f"Macie is {status}"
            return
        discovery = account.ask("macie2", "get_automated_discovery_configuration", region)["status"]
        if discovery != "ENABLED":
            yield f"automated discovery is {discovery}"

    yield from each(account.regions[:1], lambda region: account.in_region("macie2", region), judge)


def _is_off(error: ClientError) -> bool:
    """Macie answers that access is denied where it was never switched on."""
    return "not enabled" in str(error).lower() or code_of(error) == "ResourceNotFoundException"


@check(promise="incident-response", severity="high", controls=("SH:CloudWatch.15", "SH:CloudWatch.17"))
def alarms_are_heard(account: Account) -> Iterator[Seen]:
    """An alarm without a subscriber who confirmed rings in an empty room."""
    for region in account.regions:
        heard: dict[str, bool] = {}

        def judge(alarm: dict[str, Any], region: str = region, heard: dict[str, bool] = heard) -> Iterator[str]:
            if not alarm.get("ActionsEnabled"):
                yield "its actions are off"
            topics = [action for action in alarm.get("AlarmActions", ()) if ":sns:" in action]
            if not topics:
                yield "it tells no topic"
            for topic in topics:
                if topic not in heard:
                    heard[topic] = _has_subscriber(account, region, topic)
                if not heard[topic]:
                    yield f"nobody has confirmed a subscription to {topic}"

        alarms = account.list("cloudwatch", "describe_alarms", "MetricAlarms", region)
        yield from each(alarms, lambda alarm: str(alarm["AlarmArn"]), judge)


def _has_subscriber(account: Account, region: str, topic: str) -> bool:
    subscriptions = account.list("sns", "list_subscriptions_by_topic", "Subscriptions", region, TopicArn=topic)
    return any(subscription["SubscriptionArn"].startswith("arn:") for subscription in subscriptions)
