"""Runs as canonical JSON: keys sorted, no space, one line, UTF-8; the same run is always the same bytes."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import orjson

from evidence.console import EvidenceError
from evidence.results import AcceptedViolation, Origin, Place, Result, Run, Verdict

TIME = "%Y-%m-%dT%H:%M:%SZ"


def encode(value: Any) -> bytes:
    """Return a value as canonical JSON with a newline at its end."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def decode(data: bytes, what: str) -> Any:
    """Return what canonical JSON says.

    Raises:
        EvidenceError: it isn't JSON, or not canonical; `what` names it.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise EvidenceError(f"{what} is not JSON") from None
    if encode(value) != data:
        raise EvidenceError(f"{what} is not as it was written")
    return value


def spell(time: datetime.datetime) -> str:
    """Return a time as text: UTC, to the second."""
    return time.astimezone(datetime.UTC).strftime(TIME)


def parse_time(text: str) -> datetime.datetime:
    """Return the time that `spell` wrote. Raises ValueError."""
    return datetime.datetime.strptime(text, TIME).replace(tzinfo=datetime.UTC)


def run_as_json(run: Run) -> dict[str, Any]:
    """Return a run as plain data; what is empty of a result is left out."""
    return {
        "stack": run.stack,
        "origin": run.origin.value,
        "time": spell(run.time),
        "commit": run.commit,
        "pack": run.pack,
        "pack_version": run.pack_version,
        "complete": run.complete,
        "problems": list(run.problems),
        "resource_types": dict(run.resource_types),
        "results": [_result(result) for result in run.results],
        "waivers": [
            {
                "rule": waiver.rule,
                "resource": waiver.resource,
                "reason": waiver.reason,
                "ticket": waiver.ticket,
                "requester": waiver.requester,
                "approver": waiver.approver,
                "approved": waiver.approved.isoformat(),
                "expires": waiver.expires.isoformat(),
            }
            for waiver in run.waivers
        ],
    }


def _result(result: Result) -> dict[str, Any]:
    record: dict[str, Any] = {
        "rule": result.rule,
        "urn": result.urn,
        "verdict": result.verdict.value,
        "message": result.message,
        "controls": list(result.controls),
        "promise": result.promise,
        "severity": result.severity,
        "blocking": result.blocking,
    }
    if result.place:
        record["place"] = {"path": result.place.path, "line": result.place.line}
    return {name: value for name, value in record.items() if value not in ("", [], False)}


def run_from_json(record: dict[str, Any]) -> Run:
    """Return the run that `run_as_json` made data of. Raises LookupError, TypeError or ValueError on anything else."""
    return Run(
        stack=record["stack"],
        origin=Origin(record["origin"]),
        time=parse_time(record["time"]),
        commit=record["commit"],
        pack=record["pack"],
        pack_version=record["pack_version"],
        results=tuple(
            Result(
                rule=result["rule"],
                urn=result["urn"],
                verdict=Verdict(result["verdict"]),
                message=result.get("message", ""),
                controls=tuple(result.get("controls", ())),
                promise=result.get("promise", ""),
                severity=result.get("severity", ""),
                blocking=result.get("blocking", False),
                place=Place(**result["place"]) if "place" in result else None,
            )
            for result in record["results"]
        ),
        resource_types=tuple(record["resource_types"].items()),
        waivers=tuple(
            AcceptedViolation(
                **{
                    **waiver,
                    "approved": datetime.date.fromisoformat(waiver["approved"]),
                    "expires": datetime.date.fromisoformat(waiver["expires"]),
                }
            )
            for waiver in record["waivers"]
        ),
        problems=tuple(record["problems"]),
    )


def load_run(path: Path) -> Run:
    """Return the run of a file. Raises EvidenceError if it isn't one."""
    try:
        return run_from_json(decode(path.read_bytes(), str(path)))
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror}") from None
    except (LookupError, TypeError, ValueError, AttributeError):
        raise EvidenceError(f"{path} is no run of this version") from None
