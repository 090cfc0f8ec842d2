"""Information Security: which names a network's machines ask for is on record.

Enters: a VPC and the log groups. Leaves: `log_queries`.
"""

from __future__ import annotations

import pulumi
from pulumi_aws import ec2, route53

from infrastructure.logs import LogGroups
from infrastructure.scope import DataClass

SERVICE = "network"


def log_queries(name: str, vpc: ec2.Vpc, log_groups: LogGroups, parent: pulumi.Resource) -> None:
    """Log every DNS query of a VPC. CloudWatch Logs gives itself the resource policy that the delivery needs."""
    scope = log_groups.scope
    group = log_groups.create(f"{name}-resolver-log-group", scope.log_group("resolver-queries"), SERVICE, parent)
    config = route53.ResolverQueryLogConfig(
        f"{name}-resolver-log",
        name=f"{scope.prefix}-queries",
        destination_arn=group.arn,
        tags=scope.tags(SERVICE, DataClass.INTERNAL),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    route53.ResolverQueryLogConfigAssociation(
        f"{name}-resolver-log",
        resolver_query_log_config_id=config.id,
        resource_id=vpc.id,
        opts=pulumi.ResourceOptions(parent=config),
    )
