"""Athena as documented, where moto has it not: changing a workgroup."""

from __future__ import annotations

import json
from typing import Any

from moto.athena.responses import AthenaResponse

from sandbox.emulator.extensions import put

_UPDATES = "ResultConfigurationUpdates"


def install() -> None:
    """Add the operation to moto's."""
    put(AthenaResponse, update_work_group)


def update_work_group(self: AthenaResponse) -> Any:
    """What an update doesn't name stays as it is."""
    group = self.athena_backend.work_groups.get(self._get_param("WorkGroup"))
    if group is None:
        return self.error("WorkGroup is not found.", 400)
    group.description = self._get_param("Description", group.description)
    group.state = self._get_param("State", group.state)
    updates: dict[str, Any] = dict(self._get_param("ConfigurationUpdates") or {})
    results = {
        **group.configuration.get("ResultConfiguration", {}),
        **{name: value for name, value in updates.pop(_UPDATES, {}).items() if not name.startswith("Remove")},
    }
    group.configuration = {**group.configuration, **updates, "ResultConfiguration": results}
    return json.dumps({})
