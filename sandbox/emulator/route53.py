"""Route 53 with the zone that an account has before the stack: who delegates a domain to it is outside the account."""

from __future__ import annotations

from typing import Any

from moto.route53.models import Route53Backend

from sandbox.emulator.extensions import put
from sandbox.emulator.server import ACCOUNT_ID

ZONE_ID = "Z00SANDBOX"
DOMAIN = "sandbox.hedgerow.example"

_init = Route53Backend.__init__


def install() -> None:
    """Give the account its zone whenever its backend is made."""
    put(Route53Backend, __init__)


def __init__(self: Route53Backend, region_name: str, account_id: str) -> None:  # noqa: N807 - in place of moto's
    _init(self, region_name, account_id)
    if account_id == ACCOUNT_ID:
        zone: Any = self.create_hosted_zone(DOMAIN, private_zone=False)
        del self.zones[zone.resource_id]
        zone.resource_id = ZONE_ID
        self.zones[ZONE_ID] = zone
