"""A comment's text: summaries go in, Markdown comes out that is no longer than GitHub takes.

Everything that a program or its author chose (names, messages, paths) stands in code spans: there, Markdown, HTML,
mentions, references to issues and links are plain text to GitHub. Nothing of it can end its span or its line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.summary import Change, Finding, Outcome, Summary

MARKER = "<!-- hedgerow:preview -->"
"""The first line, by which the comment is found again."""

LIMIT = 65_536
"""GitHub takes as many characters; counted here in bytes of UTF-8, which are never fewer."""

LONGEST_TEXT = 400
"""Characters of one line."""

MOST_LINES = 4
"""Of one message: the report says the rest."""

MOST_CHANGES = 50
"""Of one stack, listed one by one."""

UNDETERMINED = "undetermined"

_NOTE = 300
"""Bytes kept free for the line that says what was left out."""
_RULE = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)
_HEADLINES = {
    Outcome.PASSED: "✅ nothing blocks",
    Outcome.BLOCKED: "⛔ blocked by the policy pack",
    Outcome.DRIFTED: "⚠️ what is deployed is not what the program says",
    Outcome.INCOMPLETE: "❓ not judged to the end",
    Outcome.FAILED: "❌ the engine failed",
}
_MISSING = "❓ no preview arrived: its job says why"
_VERBS = {"create": "create", "update": "update", "delete": "delete", "replace": "replace", "same": "keep"}


def render(summaries: Sequence[Summary], *, missing: Iterable[str] = (), rules_url: str = "") -> str:
    """Return the comment.

    Args:
        summaries: what was judged.
        missing: stacks that should have been judged and of which nothing arrived.
        rules_url: the page on which each rule is explained under its id; without it, rules are named alone.
    """
    page = _Page()
    page.add(MARKER, "## Hedgerow", "")
    for stack in missing:
        page.add(f"- {code(stack)}: {_MISSING}")
    for summary in summaries:
        page.add(f"- {code(summary.stack)}: {_HEADLINES[summary.outcome]}")
    for summary in summaries:
        _section(page, summary, rules_url)
    return page.text()


def _section(page: _Page, summary: Summary, rules_url: str) -> None:
    page.add("", f"### Stack {code(summary.stack)}", "")
    counts = ", ".join(f"{count:,} {code(verdict)}" for verdict, count in sorted(summary.verdicts.items()))
    page.add(f"Results: {counts or 'none'}. Commit: {code(summary.commit or 'unknown')}.", "")
    for problem in summary.problems:
        page.add(f"- not judged: {code(problem)}")
    unknown = Counter(one.rule for one in summary.findings if one.verdict == UNDETERMINED and not one.blocking)
    for heading, chosen in (
        ("Blocks", [one for one in summary.findings if one.blocking]),
        ("To look at", [one for one in summary.findings if not one.blocking and one.verdict != UNDETERMINED]),
    ):
        if chosen:
            page.add("", f"**{heading}** ({len(chosen):,})", "")
        for finding in chosen:
            page.add(*_finding(finding, rules_url))
    page.add("", f"**Changes**: {_counted(summary.changes)}", "")
    for change in summary.changes[:MOST_CHANGES]:
        page.add(f"- {_VERBS.get(change.operation) or code(change.operation)} {code(change.type)} {code(change.name)}")
    if len(summary.changes) > MOST_CHANGES:
        page.add(f"- and {len(summary.changes) - MOST_CHANGES:,} more")
    if unknown:
        page.add("", f"**Not known before the deployment**, and judged again then ({unknown.total():,})", "")
    for rule, count in sorted(unknown.items()):
        page.add(f"- {_rule(rule, rules_url)}: {count:,} results")


def _finding(finding: Finding, rules_url: str) -> list[str]:
    place = f" at {code(f'{finding.path}:{finding.line}')}" if finding.line else ""
    rule, resource = _rule(finding.rule, rules_url), f"{code(finding.type)} {code(finding.name)}"
    lines = [f"- {rule} ({code(finding.verdict)}) on {resource}{place}"]
    messages = finding.message.splitlines() or [""]
    lines += [f"  - {code(message)}" for message in messages[:MOST_LINES]]
    if len(messages) > MOST_LINES:
        lines.append(f"  - and {len(messages) - MOST_LINES:,} more of the kind")
    if finding.fix:
        lines.append(f"  - Fix: {code(finding.fix)}")
    return lines


def _rule(rule: str, rules_url: str) -> str:
    return f"[{code(rule)}]({rules_url}#{rule})" if rules_url and _RULE.fullmatch(rule) else code(rule)


def _counted(changes: Sequence[Change]) -> str:
    counts = Counter(change.operation for change in changes)
    told = ", ".join(f"{count:,} {_VERBS.get(name) or code(name)}" for name, count in sorted(counts.items()))
    return told or "none"


def code(text: str) -> str:
    """Return text as a code span on one line, whatever it holds."""
    line = " ".join(text.split())
    line = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)
    if len(line) > LONGEST_TEXT:
        line = line[: LONGEST_TEXT - 1] + "…"
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    # CommonMark takes one space off each end, so that a span may begin or end with a backtick, and can be all spaces.
    return f"{fence} {line or ' '} {fence}" if longest or not line else f"{fence}{line}{fence}"


class _Page:
    """Lines up to the limit; what no longer fits is counted."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._bytes = 0
        self._left_out = 0

    def add(self, *lines: str) -> None:
        """Add lines that belong together, all of them or none."""
        size = sum(len(line.encode()) + 1 for line in lines)
        if self._left_out or self._bytes + size > LIMIT - _NOTE:
            self._left_out += any(lines)
            return
        self._lines += lines
        self._bytes += size

    def text(self) -> str:
        """Return the page, which says what it lacks."""
        note = ["", f"{self._left_out:,} more entries are in the job's summary files."] if self._left_out else []
        return "\n".join([*self._lines, *note]) + "\n"
