"""`junit.xml`: a suite for each run and a case for each result, for what shows test results. Runs enter.

What is neither a pass nor a failure must not look like a pass: an undetermined result that blocks is an error, any
other is skipped, as is a waived one; an incomplete run has an error of its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from evidence.results import Result, Run, Runs, Verdict

# What XML 1.0 has no way to write (https://www.w3.org/TR/xml/#charsets).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(runs: Runs, folder: Path) -> None:
    """Write the file."""
    with (folder / "junit.xml").open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="hedgerow">')
        for run in runs():
            file.write(ElementTree.tostring(_suite(run), encoding="unicode"))
        file.write("</testsuites>\n")


def _suite(run: Run) -> Element:
    suite = Element("testsuite")
    properties = SubElement(suite, "properties")
    for name, value in (("commit", run.commit), ("policy pack", f"{run.pack} {run.pack_version}")):
        SubElement(properties, "property", _clean({"name": name, "value": value}))
    problems = "\n".join(run.problems)
    outcomes = ["error" if problems else ""]
    _case(suite, {"classname": "evidence", "name": "the run is complete"}, outcomes[0], "incomplete", problems)
    for result in run.results:
        if result.verdict is Verdict.NOT_APPLICABLE:
            continue
        attributes = {"classname": result.rule, "name": result.urn}
        if result.place:
            attributes |= {"file": result.place.path, "line": str(result.place.line)}
        outcomes.append(_outcome(result))
        _case(suite, attributes, outcomes[-1], result.verdict.value, result.message)
    attributes = {
        "name": f"{run.stack} ({run.origin.value})",
        "timestamp": run.time.strftime("%Y-%m-%dT%H:%M:%S"),
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
        "time": "0",
    }
    suite.attrib.update(_clean(attributes))
    return suite


def _case(suite: Element, attributes: dict[str, str], outcome: str, kind: str, message: str) -> None:
    case = SubElement(suite, "testcase", _clean(attributes | {"time": "0"}))
    if outcome:
        summary = message.partition("\n")[0] or kind
        SubElement(case, outcome, _clean({"type": kind, "message": summary})).text = _NO_XML.sub("\ufffd", message)


def _outcome(result: Result) -> str:
    if result.verdict is Verdict.PASS:
        return ""
    if result.verdict is Verdict.FAIL:
        return "failure"
    return "error" if result.verdict is Verdict.UNDETERMINED and result.blocking else "skipped"


def _clean(attributes: dict[str, str]) -> dict[str, str]:
    return {name: _NO_XML.sub("�", value) for name, value in attributes.items()}
