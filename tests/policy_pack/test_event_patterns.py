"""Event patterns select what EventBridge would select, however they are written."""

from __future__ import annotations

from typing import Any

import pytest

from policy_pack.event_patterns import selects

EVENT: dict[str, Any] = {
    "source": "aws.backup",
    "detail-type": "Backup Job State Change",
    "detail": {
        "state": "FAILED",
        "percent": 40,
        "bytes": 8.0,
        "address": "192.0.2.7",
        "nothing": None,
        "done": False,
        "tags": ["customer", "daily"],
        "findings": [{"Severity": {"Label": "LOW"}}, {"Severity": {"Label": "HIGH"}, "RecordState": "ACTIVE"}],
    },
}


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"source": ["aws.rds", "aws.backup"]},
        {"detail": {"state": ["FAILED"], "percent": [40]}},
        {"detail": {"bytes": [8]}},
        {"detail": {"tags": ["daily"]}},
        {"detail": {"nothing": [None], "done": [False]}},
        {"detail": {"findings": {"Severity": {"Label": ["HIGH"]}, "RecordState": ["ACTIVE"]}}},
        {"detail": {"$or": [{"status": ["FAILED"]}, {"state": ["FAILED"]}]}},
        {"$or": [{"source": ["aws.rds"]}, {"detail": {"state": ["FAILED"]}}], "detail-type": [{"prefix": "Backup"}]},
        {"detail": {"status": [{"exists": False}], "state": [{"exists": True}]}},
        {"detail": {"state": [{"anything-but": "COMPLETED"}]}},
        {"detail": {"state": [{"anything-but": ["COMPLETED", "RUNNING"]}]}},
        {"detail": {"state": [{"anything-but": {"prefix": "COM"}}]}},
        {"detail": {"percent": [{"numeric": [">", 0, "<=", 40]}]}},
        {"detail": {"state": [{"equals-ignore-case": "failed"}], "address": [{"cidr": "192.0.2.0/24"}]}},
        {"detail-type": [{"wildcard": "Backup * Change"}], "source": [{"suffix": ".backup"}]},
        {"detail": {"state": [{"prefix": {"equals-ignore-case": "fail"}}]}},
    ],
)
def test_selects(pattern: dict[str, Any]) -> None:
    assert selects(pattern, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.rds"]},
        {"source": []},
        {"source": "aws.backup"},
        {"detail": {"status": ["FAILED"]}},
        {"detail": {"state": ["*"]}},
        {"detail": {"state": ["failed"]}},
        {"detail": {"percent": ["40"], "done": [0]}},
        {"detail": {"done": [0]}},
        {"detail": {"findings": {"Severity": {"Label": ["LOW"]}, "RecordState": ["ACTIVE"]}}},
        {"detail": {"$or": [{"status": ["FAILED"]}, {"state": ["EXPIRED"]}]}},
        {"detail": {"$or": {"state": ["FAILED"]}}},
        {"detail": {"state": [{"exists": False}]}},
        {"detail": {"state": [{"anything-but": ["FAILED"]}]}},
        {"detail": {"status": [{"anything-but": ["FAILED"]}]}},
        {"detail": {"state": [{"anything-but": {"prefix": "FAIL"}}]}},
        {"detail": {"state": [{"anything-but": {"sounds-like": "FAIL"}}]}},
        {"detail": {"percent": [{"numeric": [">", 40]}]}},
        {"detail": {"percent": [{"numeric": []}]}},
        {"detail": {"state": [{"numeric": [">", 1]}], "address": [{"cidr": "nowhere"}]}},
        {"detail": {"address": [{"cidr": "198.51.100.0/24"}]}},
        {"detail": {"address": [{"cidr": "nowhere"}]}},
        {"detail-type": [{"wildcard": "Backup"}]},
        {"detail-type": [{"sounds-like": "Backup"}]},
        {"detail-type": [{"prefix": "Backup", "suffix": "Change"}]},
    ],
)
def test_selects_nothing_that_eventbridge_would_not(pattern: dict[str, Any]) -> None:
    assert not selects(pattern, EVENT)
