"""`python -m tests.mutation`: weaken every property that matters, and name what nothing noticed and no row explains.

Exit codes: 0 where the list of survivors is exact, 1 where it isn't.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from tests.mutation import survivors
from tests.mutation.environment import Survivor, survives, weakenings


def main() -> int:
    """Judge every weakening and compare what survives with the list."""
    parser = ArgumentParser(prog="python -m tests.mutation", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--type", default="", help="only resource types that contain this text")
    only = parser.parse_args().type
    rows = survivors.read()
    found: dict[Survivor, str] = {}
    kinds: set[Survivor] = set()
    judged = 0
    for weakening, moments in weakenings():
        if only not in weakening.kind.type:
            continue
        judged += 1
        kinds.add(weakening.kind)
        if judged % 100 == 0:
            sys.stderr.write(f"\r{judged} weakenings judged, {len(found)} kinds survive")
            sys.stderr.flush()
        if weakening.kind not in found and survives(weakening, moments):
            found[weakening.kind] = weakening.urn
    sys.stderr.write("\r\033[K" if sys.stderr.isatty() else "\n")
    unlisted = [kind for kind in sorted(found) if not any(row.covers(kind) for row in rows)]
    stale = [] if only else [row for row in rows if not any(map(row.covers, found))]
    for kind in unlisted:
        sys.stdout.write(f"survives, not listed: {','.join(kind)} ({found[kind].rpartition('::')[2]})\n")
    for row in stale:
        sys.stdout.write(f"listed, does not survive: {row.type},{row.property},{row.mutation}\n")
    still_open = sum(any(row.covers(kind) and row.reason.startswith("open:") for row in rows) for kind in found)
    sys.stdout.write(
        f"{judged} weakenings of {len(kinds)} kinds: {len(kinds) - len(found)} always noticed, {len(found)} survive "
        f"({still_open} of them open, {len(unlisted)} unlisted)\n"
    )
    return 1 if unlisted or stale else 0


if __name__ == "__main__":
    sys.exit(main())
