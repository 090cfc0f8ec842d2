"""The policy pack with a record of its passes: the engine asks it as any pack, and a file gets what it counts.

`pulumi policy analyze` judges a saved state on the real engine, but leaves the counts of what passed out of its output.
So the pack writes each count down, by the engine's own rule, as the event that a preview's log would have.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import orjson
from pulumi.runtime import proto

from policy_pack.pack import PACK, Pack
from policy_pack.server import NAME, Analyzer, serve
from policy_pack.vocabulary import Rule


class Recorder(Analyzer):
    """Answers as the pack does, and records."""

    def __init__(self, pack: Pack, today: datetime.date, *, record: Path, version: str) -> None:
        super().__init__(pack, today)
        self._file = record.open("wb", buffering=0)
        self._version = version
        self._lock = threading.Lock()
        self._sequence = 0

    def Analyze(self, request: proto.AnalyzeRequest, context: grpc.ServicerContext) -> proto.AnalyzeResponse:  # noqa: N802 - the protocol's name
        """Judge one resource."""
        response = super().Analyze(request, context)
        self._write("policyAnalyzeSummaryEvent", response, {"resourceUrn": request.urn}, self.evaluation.rules)
        return response

    def AnalyzeStack(self, request: proto.AnalyzeStackRequest, context: grpc.ServicerContext) -> proto.AnalyzeResponse:  # noqa: N802
        """Judge the stack."""
        response = super().AnalyzeStack(request, context)
        self._write("policyAnalyzeStackSummaryEvent", response, {}, self.evaluation.stack_rules)
        return response

    def _write(self, kind: str, response: proto.AnalyzeResponse, names: dict[str, Any], asked: Iterable[Rule]) -> None:
        failed = {diagnostic.policyName for diagnostic in response.diagnostics}
        passed = {rule.id for rule in asked} - failed - {one.policy_name for one in response.not_applicable}
        body = {**names, "policyPackName": NAME, "policyPackVersion": self._version}
        body |= {"passed": sorted(passed), "failed": sorted(failed)}
        with self._lock:
            event = {"sequence": self._sequence, "timestamp": 0, kind: body}
            self._file.write(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
            self._sequence += 1


def serve_recorded(record: str, version: str) -> None:
    """Serve the pack to the engine, with its record in a file."""
    serve(PACK, partial(Recorder, record=Path(record), version=version))
