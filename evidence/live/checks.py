"""The words a check is written in: a generator that asks an account and yields what it saw, thing by thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from evidence.live.account import Account
from evidence.results import Result, Verdict

T = TypeVar("T")


@dataclass(frozen=True)
class Seen:
    """One thing that a check looked at: nothing wrong is a pass, what can't be told is none."""

    arn: str
    wrong: tuple[str, ...] = ()
    unknown: str = ""


@dataclass(frozen=True)
class Check:
    """A check and its record. Made by `check`; the function's name is the id, its docstring the why."""

    look: Callable[[Account], Iterator[Seen]]
    controls: tuple[str, ...]
    promise: str
    severity: str

    @property
    def id(self) -> str:
        """The name by which results know the check."""
        return self.look.__name__


CHECKS: list[Check] = []
"""Every check, in the order of its file."""


def check(
    *, promise: str, severity: str, controls: tuple[str, ...] = ()
) -> Callable[[Callable[[Account], Iterator[Seen]]], Check]:
    """Make a generator function a check.

    Args:
        promise: the handbook policy that it keeps an eye on.
        severity: low, medium, high or critical.
        controls: ids of the catalogue's controls that it answers for.
    """

    def record(look: Callable[[Account], Iterator[Seen]]) -> Check:
        made = Check(look, controls, promise, severity)
        CHECKS.append(made)
        return made

    return record


def each(things: Iterable[T], arn: Callable[[T], str], judge: Callable[[T], Iterable[str]]) -> Iterator[Seen]:
    """Judge every thing by itself, so that an answer AWS doesn't give for one hides nothing of another."""
    for thing in things:
        try:
            yield Seen(arn(thing), tuple(judge(thing)))
        except (ClientError, BotoCoreError) as error:
            yield Seen(arn(thing), unknown=one_line(error))


def answer(asked: Check, account: Account) -> Iterator[Result]:
    """Run a check. What it can't ask is undetermined; where there is nothing to look at, it isn't applicable."""
    looked_at = 0
    try:
        for seen in asked.look(account):
            looked_at += 1
            yield _result(asked, seen)
    except (ClientError, BotoCoreError) as error:
        yield _result(asked, Seen(account.arn, unknown=one_line(error)))
        return
    if not looked_at:
        yield Result(asked.id, account.arn, Verdict.NOT_APPLICABLE, "the account has nothing that it looks at")


def _result(asked: Check, seen: Seen) -> Result:
    verdict = Verdict.UNDETERMINED if seen.unknown and not seen.wrong else Verdict.FAIL if seen.wrong else Verdict.PASS
    return Result(
        rule=asked.id,
        urn=seen.arn,
        verdict=verdict,
        message="; ".join(seen.wrong) or seen.unknown,
        controls=asked.controls,
        promise=asked.promise,
        severity=asked.severity,
        blocking=verdict is Verdict.FAIL and asked.severity in {"high", "critical"},
    )


def one_line(error: Exception) -> str:
    """Return what went wrong without what differs from one try to the next, such as a request's id."""
    text = re.sub(r"\(?\b[Rr]equest ?[Ii][Dd]:? ?[\w-]+\)?", "", str(error))
    return " ".join(text.split())[:300]


def code_of(error: ClientError) -> str:
    """Return AWS's own word for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))
