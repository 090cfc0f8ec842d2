"""Root, people and their credentials, as the account's own reports tell."""

from __future__ import annotations

import csv
import datetime
import io
import time
from collections.abc import Iterator

from botocore.exceptions import ClientError

from evidence.live.account import Account
from evidence.live.checks import Seen, check, code_of, each

KEY_DAYS = 90
"""Security Hub IAM.3: access keys are rotated every 90 days or less."""
UNUSED_DAYS = 45
"""Security Hub IAM.22: credentials that nobody used for 45 days are removed."""
_TRIES, _PAUSE_SECONDS = 30, 2.0


@check(promise="system-access-control", severity="critical", controls=("SH:IAM.4", "SH:IAM.9"))
def root_user_locked_away(account: Account) -> Iterator[Seen]:
    """Nothing stops the root user: it has no keys, and needs a second factor."""
    summary = account.ask("iam", "get_account_summary")["SummaryMap"]
    wrong = []
    if summary["AccountAccessKeysPresent"]:
        wrong.append("the root user has access keys")
    if not summary["AccountMFAEnabled"]:
        wrong.append("the root user has no MFA device")
    yield Seen(account.arn, tuple(wrong))


@check(promise="system-access-control", severity="critical", controls=("SH:IAM.6",))
def root_user_has_hardware_mfa(account: Account) -> Iterator[Seen]:
    """A factor that is a file can be copied; root's is a device in a safe."""
    if not account.ask("iam", "get_account_summary")["SummaryMap"]["AccountMFAEnabled"]:
        yield Seen(account.arn, ("the root user has no MFA device",))
        return
    devices = account.list("iam", "list_virtual_mfa_devices", "VirtualMFADevices", AssignmentStatus="Assigned")
    virtual = any(device["SerialNumber"].endswith(":mfa/root-account-mfa-device") for device in devices)
    yield Seen(account.arn, ("the root user's MFA device is virtual",) if virtual else ())


@check(promise="system-access-control", severity="medium", controls=("SH:IAM.3",))
def access_keys_rotated(account: Account) -> Iterator[Seen]:
    """A key that somebody copied once works until it is changed."""

    def judge(row: dict[str, str]) -> Iterator[str]:
        for number in ("1", "2"):
            age = _days_since(row[f"access_key_{number}_last_rotated"], account)
            if row[f"access_key_{number}_active"] == "true" and (age is None or age > KEY_DAYS):
                yield f"access key {number} is {'of unknown age' if age is None else f'{age} days old'}"

    yield from each(_people(account), _arn, judge)


@check(promise="system-access-control", severity="medium", controls=("SH:IAM.8", "SH:IAM.22"))
def unused_credentials_removed(account: Account) -> Iterator[Seen]:
    """What its owner doesn't use, only an intruder would."""

    def judge(row: dict[str, str]) -> Iterator[str]:
        used = [("the password", row["password_enabled"], row["password_last_used"], row["password_last_changed"])]
        used += [
            (
                f"access key {number}",
                row[f"access_key_{number}_active"],
                row[f"access_key_{number}_last_used_date"],
                row[f"access_key_{number}_last_rotated"],
            )
            for number in ("1", "2")
        ]
        for name, active, last_used, made in used:
            idle = _days_since(last_used, account)
            idle = _days_since(made, account) if idle is None else idle
            if active == "true" and (idle is None or idle > UNUSED_DAYS):
                yield f"{name} has not been used for {'an unknown time' if idle is None else f'{idle} days'}"

    yield from each(_people(account), _arn, judge)


@check(promise="system-access-control", severity="high", controls=("SH:IAM.5", "SH:IAM.19"))
def people_have_mfa(account: Account) -> Iterator[Seen]:
    """A password that was fished opens nothing where a device is asked for too."""

    def judge(row: dict[str, str]) -> Iterator[str]:
        if row["mfa_active"] != "true" and _is_true(row["password_enabled"]):
            yield "has a password and no MFA device"

    yield from each(_people(account), _arn, judge)


def _people(account: Account) -> Iterator[dict[str, str]]:
    """Yield the credential report's rows on IAM users; root's row is another check's."""
    for _ in range(_TRIES):
        account.ask("iam", "generate_credential_report")
        try:
            report = account.ask("iam", "get_credential_report")
        except ClientError as error:
            if code_of(error) not in {"ReportInProgress", "ReportNotPresent", "ReportExpired"}:
                raise
            time.sleep(_PAUSE_SECONDS)
            continue
        rows = csv.DictReader(io.StringIO(report["Content"].decode()))
        yield from (row for row in rows if row["user"] != "<root_account>")
        return
    raise ClientError(
        {"Error": {"Code": "ReportInProgress", "Message": "not ready in a minute"}}, "GetCredentialReport"
    )


def _is_true(text: str) -> bool:
    return text == "true"


def _arn(row: dict[str, str]) -> str:
    return row["arn"]


def _days_since(when: str, account: Account) -> int | None:
    """Return whole days since a time of the report, which has words such as `N/A` where there is none."""
    try:
        then = datetime.datetime.fromisoformat(when)
    except ValueError:
        return None
    return (account.now - (then if then.tzinfo else then.replace(tzinfo=datetime.UTC))).days
