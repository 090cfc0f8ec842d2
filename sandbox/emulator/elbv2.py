"""Elastic Load Balancing as documented, where moto has it not: what is protected from deletion isn't deleted."""

from __future__ import annotations

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend

from sandbox.emulator.extensions import put

_delete = ELBv2Backend.delete_load_balancer


def install() -> None:
    """Put it in place of moto's."""
    put(ELBv2Backend, delete_load_balancer)


def delete_load_balancer(self: ELBv2Backend, arn: str) -> None:
    """ "You can't delete a load balancer if deletion protection is enabled." """
    balancer = self.load_balancers.get(arn)
    if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
        raise ELBClientError(
            "OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        )
    _delete(self, arn)
