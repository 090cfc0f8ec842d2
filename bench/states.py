"""States made by code: services as teams run them, each with keys, buckets, databases, roles and what surrounds them.

Enters: how many resources. Leaves: that many, the same ones every time. A service is some forty resources. Now and then
one has a fault, as in any account: scanners and packs must say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

from bench.declared import Declared, Group, Network
from bench.service_access import add_key, add_rights, add_role, add_security_group
from bench.service_compute import add_alarms, add_containers, add_function
from bench.service_data import add_bucket, add_queues, add_stores

SERVICES_A_NETWORK = 8


def resources(number: int) -> list[Declared]:
    """Return so many resources."""
    return list(islice(_everything(), number))


def _everything() -> Iterator[Declared]:
    network: Network | None = None
    for index in count():
        if network is None or index % SERVICES_A_NETWORK == 0:
            network = Network(index // SERVICES_A_NETWORK)
            yield from network.declared
        yield from _service(index, network)


def _service(index: int, network: Network) -> list[Declared]:
    """What a service runs on."""
    service = Group(f"svc{index}", index)
    subnets = [subnet.id for subnet in network.subnets]
    key = add_key(service)
    role = add_role(service)
    group = add_security_group(service, network.vpc)
    topic = add_queues(service, key)
    logs = service.add(
        "aws:cloudwatch/logGroup:LogGroup",
        "aws_cloudwatch_log_group",
        "logs",
        name=f"/services/{service.name}",
        retentionInDays=14 if service.faulty(6) else 400,
        kmsKeyId=key.arn,
        tags=service.tags,
    )
    bucket = add_bucket(service, key)
    add_rights(service, role, key, bucket, logs)
    add_stores(service, key, group, subnets)
    add_containers(service, role, key, bucket, group, network.vpc, subnets)
    add_function(service, role, key, bucket, group, subnets)
    add_alarms(service, topic)
    return service.declared
