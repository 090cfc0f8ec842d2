"""AWS's schedule expressions in; how long it is from one firing to the next, at the longest, out.

Sources: "Schedule types on EventBridge Scheduler" in its user guide, and "Cron expressions reference" beside it.
"""

from __future__ import annotations

import re
from itertools import pairwise

DAY = 24
MONTH = 31 * DAY
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((.+)\)")
_HOURS = {"minute": 1 / 60, "hour": 1, "day": DAY}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NAMES = {name: number for names in (_MONTHS, _WEEKDAYS) for number, name in enumerate(names, 1)}
# The last, the nearest working day and the nth weekday: once a month, on a day that moves by a week at most.
_ONCE_A_MONTH = "LW#"


def longest_gap(expression: str) -> float | None:
    """Return the hours between two firings at most, every month taken for 31 days.

    None where the text is no schedule, or one that ends, as those do that name their years.
    """
    text = " ".join(expression.split())
    rate, cron = _RATE.fullmatch(text), _CRON.fullmatch(text)
    if rate:
        return int(rate[1]) * _HOURS[rate[2]] or None
    fields = cron[1].upper().split() if cron else []
    if len(fields) != 6 or fields[5] != "*":
        return None
    minutes, hours, days, months, weekdays, _ = fields
    try:
        times = sorted(hour + minute / 60 for hour in _numbers(hours, 0, 23) for minute in _numbers(minutes, 0, 59))
        between = max((later - sooner for sooner, later in pairwise(times)), default=0)
        overnight = _days_between(days, weekdays) * DAY - times[-1] + times[0]
        return max(between, overnight + (_widest(_numbers(months, 1, 12), 12) - 1) * MONTH)
    except ValueError:
        return None


def _days_between(days: str, weekdays: str) -> int:
    if any(mark in (days + weekdays).replace("WED", "") for mark in _ONCE_A_MONTH):
        return 31 + 7
    if weekdays not in {"*", "?"}:
        return _widest(_numbers(weekdays, 1, 7), 7)
    return _widest(_numbers(days, 1, 31), 31)


def _widest(numbers: list[int], around: int) -> int:
    """Return the widest step from one number to the next, the last one's to the first of the next round included."""
    following = [*numbers[1:], numbers[0] + around]
    return max(later - sooner for sooner, later in zip(numbers, following, strict=True))


def _numbers(field: str, low: int, high: int) -> list[int]:
    """Return what a field of a cron expression stands for, in order.

    Raises:
        ValueError: it stands for nothing, or for something else than numbers from `low` to `high`.
    """
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        start, dash, end = span.partition("-")
        first = low if span in {"*", "?"} else _number(start)
        last = _number(end) if dash else high if step or span in {"*", "?"} else first
        found.update(range(first, last + 1, int(step or 1)))
    if not found or min(found) < low or max(found) > high:
        raise ValueError(field)
    return sorted(found)


def _number(text: str) -> int:
    return _NAMES[text] if text in _NAMES else int(text)
