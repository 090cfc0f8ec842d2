"""Every store of the environment, and what is to be said of each: its class, its key, and how it recovers.

Enters: settings, keys and the network. Leaves: `create_stores`, a `Store` for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import ec2

from infrastructure import analytics, assets, cache, database, stream
from infrastructure.buckets import PrivateBucket
from infrastructure.customer_files import EXPORTS, RECORDINGS, CustomerFilesArgs, customer_files
from infrastructure.keys import DomainKeys
from infrastructure.logs import LogGroups
from infrastructure.network import Network
from infrastructure.promises import Recovery
from infrastructure.scope import DataClass
from infrastructure.settings import Settings


@dataclass(frozen=True)
class Place:
    """Where the stores are, whose keys they use, and where their logs go."""

    account: str
    keys: DomainKeys
    network: Network
    log_groups: LogGroups
    access_logs: PrivateBucket


@dataclass(frozen=True)
class Store:
    """A store. `backup_days` is how long its backups are kept, None where it has none.

    `clients`: the group whose members may connect, of stores that are reached over the network.
    `bucket`: the ARN of a bucket of customer data, whose object accesses are recorded.
    """

    service: str
    name: pulumi.Output[str]
    data_class: DataClass
    key: pulumi.Output[str]
    recovery: Recovery
    backup_days: int | None
    clients: ec2.SecurityGroup | None = None
    bucket: pulumi.Output[str] | None = None

    def output(self, plan: pulumi.Output[str]) -> dict[str, Any]:
        """What the stack says of the store. What is not there is not said: a store without a backup has no point."""
        facts = {
            "name": self.name,
            "dataClass": self.data_class.value,
            "key": self.key,
            "backupPlan": plan if self.recovery.in_plan else None,
            "backupRetentionDays": self.backup_days,
            "recoveryPointMinutes": self.recovery.lost_minutes,
            "recoveryPointHoursWithRegion": self.recovery.lost_hours_with_region,
            "recoveryTimeHours": self.recovery.restore_hours,
            "recoveredFrom": self.recovery.source,
        }
        return {name: fact for name, fact in facts.items() if fact is not None}


def create_stores(settings: Settings, place: Place) -> tuple[Store, ...]:
    """Create every store."""
    return (*_buckets(settings, place), *_on_the_network(settings, place))


def _buckets(settings: Settings, place: Place) -> Iterator[Store]:
    scope = settings.scope(place.account)
    customer_data, key = settings.customer_data(scope), place.keys.customer_data.arn
    days, held = settings.backup_retention_days, customer_data.data_class
    for kind, kept_days in ((RECORDINGS, settings.recording_days), (EXPORTS, settings.export_days)):
        files = customer_files(
            CustomerFilesArgs(
                kind,
                customer_data,
                key,
                place.access_logs,
                kept_days=kept_days,
                noncurrent_days=settings.noncurrent_days,
            )
        )
        yield Store(kind.service, files.name, held, key, kind.recovery, days, bucket=files.arn)
    served = assets.static_assets(scope, place.keys.assets.arn, place.access_logs, settings.noncurrent_days)
    yield Store(assets.SERVICE, served.name, DataClass.PUBLIC, place.keys.assets.arn, assets.RECOVERY, None)


def _on_the_network(settings: Settings, place: Place) -> Iterator[Store]:
    customer_data = settings.customer_data(settings.scope(place.account))
    key, days, held = place.keys.customer_data.arn, settings.backup_retention_days, customer_data.data_class
    product = database.ProductDatabase(
        database.SERVICE,
        database.ProductDatabaseArgs(
            customer_data,
            place.network,
            place.log_groups,
            data_key_arn=key,
            secrets_key_arn=place.keys.secrets.arn,
            instance_class=settings.database_instance_class,
            instances=settings.database_instances,
            backup_retention_days=days,
        ),
    )
    name = product.cluster.cluster_identifier
    yield Store(database.SERVICE, name, held, key, database.RECOVERY, days, product.clients)
    valkey = cache.Cache(
        cache.SERVICE,
        cache.CacheArgs(
            customer_data,
            place.network,
            place.log_groups,
            key_arn=key,
            node_type=settings.cache_node_type,
            nodes=settings.cache_nodes,
            snapshot_days=days,
        ),
    )
    name = valkey.group.replication_group_id
    yield Store(cache.SERVICE, name, held, key, cache.RECOVERY, days, valkey.clients)
    kafka = stream.EventStream(
        stream.SERVICE,
        stream.EventStreamArgs(
            customer_data,
            place.network,
            place.log_groups,
            key_arn=key,
            instance_type=settings.broker_instance_type,
            brokers=settings.brokers,
            volume_gib=settings.broker_volume_gib,
            retention_hours=settings.event_hours,
        ),
    )
    yield Store(stream.SERVICE, kafka.cluster.cluster_name, held, key, stream.RECOVERY, None, kafka.clients)
    clickhouse = analytics.AnalyticsDatabase(
        analytics.SERVICE,
        analytics.AnalyticsDatabaseArgs(
            customer_data,
            place.network,
            place.access_logs,
            data_key_arn=key,
            backups_key_arn=place.keys.backups.arn,
            image=settings.clickhouse_image,
            instance_type=settings.clickhouse_instance_type,
            shards=settings.clickhouse_shards,
            replicas=settings.clickhouse_replicas,
            volume_gib=settings.clickhouse_volume_gib,
            backup_retention_days=days,
        ),
    )
    yield Store(
        analytics.SERVICE,
        clickhouse.backups.name,
        held,
        key,
        analytics.RECOVERY,
        days,
        clickhouse.clients,
        clickhouse.backups.arn,
    )
