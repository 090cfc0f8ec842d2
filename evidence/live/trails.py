"""Trails and recorders that really write, and keep what they wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evidence.live.account import Account
from evidence.live.checks import Seen, check, each

LOG_DAYS = 400
"""Information Security: log groups keep 400 days."""


def _trails(account: Account) -> Iterator[dict[str, Any]]:
    return account.list("cloudtrail", "describe_trails", "trailList", includeShadowTrails=False)


@check(promise="information-security", severity="high", controls=("SH:CloudTrail.1",))
def a_trail_logs_everywhere(account: Account) -> Iterator[Seen]:
    """A trail that was declared and then stopped records nothing."""
    whole = [trail for trail in _trails(account) if trail["IsMultiRegionTrail"]]
    if not whole:
        yield Seen(account.arn, ("no trail covers every region",))

    def judge(trail: dict[str, Any]) -> Iterator[str]:
        status = account.ask("cloudtrail", "get_trail_status", trail["HomeRegion"], Name=trail["TrailARN"])
        if not status["IsLogging"]:
            yield "it is stopped"
        for name in ("LatestDeliveryError", "LatestDigestDeliveryError", "LatestCloudWatchLogsDeliveryError"):
            if status.get(name):
                yield f"{name} is {status[name]}"

    yield from each(whole, lambda trail: str(trail["TrailARN"]), judge)


@check(promise="information-security", severity="high", controls=("SH:CloudTrail.2", "SH:CloudTrail.4"))
def trails_encrypted_and_validated(account: Account) -> Iterator[Seen]:
    """Who reads a trail needs its key, and who changes it is found out."""

    def judge(trail: dict[str, Any]) -> Iterator[str]:
        if not trail.get("KmsKeyId"):
            yield "it has no key of ours"
        if not trail.get("LogFileValidationEnabled"):
            yield "its files are not validated"

    yield from each(_trails(account), lambda trail: str(trail["TrailARN"]), judge)


@check(promise="information-security", severity="high", controls=("SH:Config.1",))
def configuration_recorded(account: Account) -> Iterator[Seen]:
    """What was changed last month is asked after an incident, and not before."""

    def judge(region: str) -> Iterator[str]:
        statuses = list(
            account.list("config", "describe_configuration_recorder_status", "ConfigurationRecordersStatus", region)
        )
        if not any(status.get("recording") for status in statuses):
            yield "no recorder records"
        for status in statuses:
            if str(status.get("lastStatus", "")).upper() == "FAILURE":
                yield f"its last delivery failed: {status.get('lastErrorCode', 'no reason given')}"

    yield from each(account.regions, lambda region: account.in_region("config", region), judge)


@check(promise="information-security", severity="medium", controls=("SH:CloudWatch.16", "PH:CWL-CMK"))
def log_groups_kept_and_encrypted(account: Account) -> Iterator[Seen]:
    """A log that expires before it is needed was never there."""

    def judge(group: dict[str, Any]) -> Iterator[str]:
        if not group.get("kmsKeyId"):
            yield "it has no key of ours"
        # Without a retention a log group keeps everything.
        if group.get("retentionInDays", LOG_DAYS) < LOG_DAYS:
            yield f"it keeps {group['retentionInDays']} days, below {LOG_DAYS}"

    for region in account.regions:
        groups = account.list("logs", "describe_log_groups", "logGroups", region)
        yield from each(groups, lambda group: str(group["arn"]).removesuffix(":*"), judge)


@check(promise="data-protection", severity="medium", controls=("SH:EC2.6",))
def networks_log_their_flows(account: Account) -> Iterator[Seen]:
    """Where data went is read from the flows of the network."""
    for region in account.regions:
        flows = account.list("ec2", "describe_flow_logs", "FlowLogs", region)
        logged = {flow["ResourceId"] for flow in flows if flow.get("FlowLogStatus") == "ACTIVE"}

        def judge(vpc: dict[str, Any], logged: set[str] = logged) -> Iterator[str]:
            if vpc["VpcId"] not in logged:
                yield "no active flow log"

        vpcs = (vpc for vpc in account.list("ec2", "describe_vpcs", "Vpcs", region) if not vpc.get("IsDefault"))
        name = f"arn:aws:ec2:{region}:{account.id}:vpc/"
        yield from each(vpcs, lambda vpc, name=name: f"{name}{vpc['VpcId']}", judge)  # type: ignore[misc]
