"""Judges an export without the engine: `python -m bench.in_process EXPORT [whole|eight [ROUNDS]]`.

What it took comes out as JSON. `judged` is the time in the pack alone; whoever starts this measures the rest with it,
the start of Python included.
"""

from __future__ import annotations

import datetime
import gc
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bench.formats import messages
from policy_pack import register_files
from policy_pack.configuration import configure
from policy_pack.evaluation import Evaluation
from policy_pack.judge import Context, Verdict
from policy_pack.pack import PACK, Pack

REGISTERS = Path(__file__).parents[1] / "registers"
TODAY = datetime.date(2026, 3, 1)


def judge(exported: dict[str, Any], pack: Pack, rounds: int = 1) -> tuple[float, set[tuple[str, str]]]:
    """Return the least processor seconds that the pack took for all of an export, and each rule with what it names."""
    requests, everything = messages(exported)
    context = Context(TODAY, register_files.read(REGISTERS))
    configuration = configure(pack.rules, {})
    taken: list[float] = []
    found: set[tuple[str, str]] = set()
    for _ in range(rounds):
        found.clear()
        started = time.process_time()
        evaluation = Evaluation(pack, configuration, context)
        for request in requests:
            for rule, judged, judgement in evaluation.judge(request):
                if judgement.verdict is not Verdict.NOT_APPLICABLE:
                    found.add((rule.id, judged.urn))
        for rule, told in evaluation.judge_stack(everything, dict):
            found.update((rule.id, judged.urn) for judged, _ in told or ())
        taken.append(time.process_time() - started)
        del evaluation  # what one run read is kept until its process ends: to free it is no part of the run
    return min(taken), found


def main(path: str, which: str = "whole", rounds: str = "1") -> None:
    """Judge and print."""
    gc.disable()  # as the server does
    if which == "eight":
        from bench.eight import EIGHT

        pack = EIGHT
    else:
        pack = PACK
    exported = json.loads(Path(path).read_bytes())
    seconds, found = judge(exported, pack, int(rounds))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps({"judged": seconds, "rules": len(pack.rules), "peak_mb": peak, "found": sorted(found)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
