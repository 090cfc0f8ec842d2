"""Route 53 Resolver as documented, where moto has it not: taking query logging away again, and its tags."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.route53resolver.exceptions import ResourceInUseException, ResourceNotFoundException
from moto.route53resolver.models import Route53ResolverBackend
from moto.route53resolver.responses import Route53ResolverResponse

from sandbox.emulator.extensions import put

_match = Route53ResolverBackend._matched_arn  # noqa: SLF001 - how moto finds what has tags


def install() -> None:
    """Add the operations to moto's."""
    put(Route53ResolverResponse, disassociate_resolver_query_log_config, delete_resolver_query_log_config)
    put(Route53ResolverBackend, _matched_arn)


def _matched_arn(self: Route53ResolverBackend, resource_arn: str) -> None:
    """A query logging configuration has tags too."""
    if resource_arn not in {config.arn for config in self.resolver_query_log_configs.values()}:
        _match(self, resource_arn)


def _config(response: Route53ResolverResponse) -> Any:
    config_id = response._get_param("ResolverQueryLogConfigId")  # noqa: SLF001 - how moto's responses read a request
    return response.route53resolver_backend.get_resolver_query_log_config(config_id)


def disassociate_resolver_query_log_config(self: Route53ResolverResponse) -> ActionResult:
    config, resource = _config(self), self._get_param("ResourceId")
    associations = self.route53resolver_backend.resolver_query_log_config_associations
    for key, association in list(associations.items()):
        if (association.resolver_query_log_config_id, association.resource_id) == (config.id, resource):
            config.association_count -= 1
            removed = associations.pop(key).description() | {"Status": "DELETING"}
            return ActionResult({"ResolverQueryLogConfigAssociation": removed})
    raise ResourceNotFoundException(f"{resource} is not associated with {config.id}")


def delete_resolver_query_log_config(self: Route53ResolverResponse) -> ActionResult:
    """ "Before you can delete a query logging configuration, you must first disassociate all VPCs"."""
    config, backend = _config(self), self.route53resolver_backend
    if config.association_count:
        raise ResourceInUseException(f"{config.id} is associated with a VPC")
    del backend.resolver_query_log_configs[config.id]
    backend.tagger.delete_all_tags_for_resource(config.arn)
    return ActionResult({"ResolverQueryLogConfig": config.description() | {"Status": "DELETING"}})
