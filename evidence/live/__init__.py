"""Asks a deployed account itself whether what was promised is true: credentials and regions in, a run of results out.

It knows neither a program nor a state. The checks bear the ids of the same controls that the policy pack's rules answer
for, so that preview, state and account stand side by side. Only questions are asked: anything else is refused here,
whatever the credentials allow. What couldn't be asked is undetermined, never a pass.
"""

from __future__ import annotations

import datetime

import boto3

from evidence.live import backups, detection, identities, settings, stores, trails
from evidence.live.account import Account, NoAnswerError, account_id
from evidence.live.checks import CHECKS, Check, answer
from evidence.results import Origin, Result, Run, Verdict

PACK = "hedgerow-live"
VERSION = "1"
"""Changes with what the checks ask; the policy pack's own version has nothing to say here."""

_FILES_OF_CHECKS = (backups, detection, identities, settings, stores, trails)
"""Importing a file registers its checks."""


def ask(session: boto3.Session, regions: tuple[str, ...], *, stack: str, commit: str, now: datetime.datetime) -> Run:
    """Run every check against the session's account.

    Args:
        session: credentials that may read; `SecurityAudit` and `ViewOnlyAccess` of AWS are enough.
        regions: where the environment lives, the home region first, the recovery region second.
        stack: the name under which the results stand beside those of previews.
        commit: of the checkout that asks.
        now: the time that ages are counted to, in UTC.

    Raises as `account_id` does, within seconds, if nobody answers.
    """
    account = Account(session, regions, now)
    results: list[Result] = []
    for check in CHECKS:
        results += answer(check, account)
    seen = {result.urn for result in results if result.verdict is not Verdict.NOT_APPLICABLE}
    return Run(
        stack=stack,
        origin=Origin.LIVE,
        time=now,
        commit=commit,
        pack=PACK,
        pack_version=VERSION,
        results=tuple(sorted(results, key=lambda result: (result.rule, result.urn, result.message))),
        resource_types=tuple(sorted((urn, service_of(urn)) for urn in seen)),
    )


def service_of(arn: str) -> str:
    """Return the service in an ARN: the live check knows no Pulumi types."""
    return arn.split(":")[2] if arn.startswith("arn:") else ""


__all__ = ["CHECKS", "Check", "NoAnswerError", "account_id", "ask"]
