"""Schedules: how often a backup or a test runs is what its expression says, and nothing is guessed."""

from __future__ import annotations

import pytest

from policy_pack.schedules import longest_gap


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("rate(1 day)", 24),
        ("rate(90 minutes)", 1.5),
        ("cron(30 * * * ? *)", 1),
        ("cron(0 0/6 ? * * *)", 6),
        ("cron(0 5 * * ? *)", 24),
        ("cron(0 5 ? * 1-7 *)", 24),
        ("cron(0 5 ? * MON,WED,FRI *)", 72),
        ("cron(0 8-18 ? * * *)", 14),
        ("cron(0 5 ? * SUN *)", 168),
        ("cron(0 2 1 * ? *)", 744),
        ("cron(0 2 1,15 * ? *)", 17 * 24),
        ("cron(0 2 1 */3 ? *)", 3 * 744),
        ("cron(0 2 1 JAN,JUL ? *)", 6 * 744),
        ("cron(0 2 L * ? *)", 38 * 24),
        ("cron(0 2 ? * FRI#3 *)", 38 * 24),
        ("cron(0  5 *  * ? *)", 24),
    ],
)
def test_the_longest_wait_between_two_firings_is_found(expression: str, hours: float) -> None:
    assert longest_gap(expression) == pytest.approx(hours)


@pytest.mark.parametrize(
    "expression",
    ["", "daily", "cron(0 5 * * ?)", "cron(0 25 * * ? *)", "cron(a b * * ? *)", "cron(0/0 5 * * ? *)", "rate(0 days)"],
)
def test_what_is_no_schedule_is_not_taken_for_one(expression: str) -> None:
    assert longest_gap(expression) is None


def test_a_schedule_of_one_year_is_not_taken_for_one_that_goes_on() -> None:
    assert longest_gap("cron(0 5 * * ? 2026)") is None
