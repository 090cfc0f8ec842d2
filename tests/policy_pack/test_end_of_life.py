"""Ends of support are found by the major version, and nothing is guessed about a version not known yet."""

from __future__ import annotations

import datetime

import pytest

from policy_pack.end_of_life import last_day


@pytest.mark.parametrize(
    ("product", "version", "expected"),
    [
        ("postgresql", "17.4", datetime.date(2030, 2, 28)),
        ("postgresql", "9.6.24", datetime.date.min),
        ("postgresql", "99", None),
        ("mysql", "8.0.39", datetime.date(2026, 7, 31)),
        ("mysql", "5.6.51", datetime.date.min),
        ("eks", "1.21", datetime.date.min),
        ("eks", "1.99", None),
        ("lambda", "python3.9", datetime.date(2025, 12, 15)),
        ("lambda", "python9.9", None),
        ("rabbitmq", "3.8.6", datetime.date.min),
        ("rabbitmq", "3.10.20", datetime.date(2024, 10, 15)),
        ("activemq", "5.19", datetime.date.max),
    ],
)
def test_last_day(product: str, version: str, expected: datetime.date | None) -> None:
    assert last_day(product, version) == expected
