"""The whole environment, composed.

Enters: settings and the account. Leaves: the stack's outputs, which hold no secret and say of each store its class,
its key, its retention and how it recovers.
"""

from __future__ import annotations

from typing import Any

from infrastructure import analytics, backup_audit, cluster, database, node_start, web_firewall
from infrastructure.access import PeopleRoles, PeopleRolesArgs
from infrastructure.account import AccountDefaults, AccountDefaultsArgs
from infrastructure.alarms import (
    AlarmTopic,
    AlarmTopicArgs,
    backup_failures,
    break_glass_alarm,
    cis_alarms,
    database_events,
    topic_arn,
)
from infrastructure.backup import Backup, BackupArgs
from infrastructure.backup_audit import BackupAudit, BackupAuditArgs
from infrastructure.certificates import Certificate, CertificateArgs
from infrastructure.cluster import Cluster, ClusterArgs
from infrastructure.detection import Detection
from infrastructure.diagnostic import diagnostic_access
from infrastructure.evidence import EvidenceStore, EvidenceStoreArgs
from infrastructure.guard import BREAK_GLASS, guard_every_role
from infrastructure.keys import DomainKeys, DomainKeysArgs
from infrastructure.load_balancer import LoadBalancer, LoadBalancerArgs
from infrastructure.logs import AuditTrail, AuditTrailArgs, LogGroups, access_log_bucket, trail_arn
from infrastructure.missing_backups import watch_backups
from infrastructure.network import Network, NetworkArgs
from infrastructure.object_losses import watch_objects
from infrastructure.pipeline import PipelineRoles, PipelineRolesArgs
from infrastructure.recorder import ConfigurationRecorder, ConfigurationRecorderArgs
from infrastructure.registry import Registry, RegistryArgs
from infrastructure.restore_tests import RestoreTests, RestoreTestsArgs
from infrastructure.scope import BackupFrequency
from infrastructure.secrets import ApplicationSecrets, ApplicationSecretsArgs
from infrastructure.sessions import Sessions
from infrastructure.settings import Settings
from infrastructure.stores import Place, create_stores
from infrastructure.web_firewall import WebFirewall, WebFirewallArgs


def create_environment(settings: Settings, account: str) -> dict[str, Any]:
    """Register every resource of the stack in AWS account `account`, and return the stack's outputs."""
    scope = settings.scope(account)
    customer_data = settings.customer_data(scope)
    guard_every_role(scope)
    keys = DomainKeys(
        "keys",
        DomainKeysArgs(
            scope,
            customer_data.data_class,
            trail=trail_arn(scope),
            alarm_topic=topic_arn(scope),
            recovery_alarm_topic=topic_arn(scope, scope.recovery_region),
            report_role=backup_audit.report_role(scope),
            log_groups=(
                scope.log_group("*"),
                database.log_group(scope),
                cluster.log_group(scope),
                web_firewall.log_group(scope),
            ),
        ),
    )
    AccountDefaults(
        "account",
        AccountDefaultsArgs(
            scope,
            {scope.region: keys.volumes.arn, scope.recovery_region: keys.recovery_volumes.arn},
            password_age_days=settings.password_age_days,
            security_email=settings.security_email,
            security_phone=settings.security_phone,
        ),
    )
    people = PeopleRoles("people", PeopleRolesArgs(scope, settings.people_accounts))
    pipeline = PipelineRoles("pipeline", PipelineRolesArgs(scope, settings.repository))
    log_groups = LogGroups(scope, keys.logs.arn)
    Sessions("sessions", keys.sessions.arn, log_groups)
    network = Network(
        "network", NetworkArgs(scope, log_groups, settings.vpc_cidr, settings.zones, settings.nat_gateways)
    )
    access_logs = access_log_bucket(scope)
    stores = create_stores(settings, Place(account, keys, network, log_groups, access_logs))
    clients = {store.service: store.clients.id for store in stores if store.clients is not None}
    registry = Registry("registry", RegistryArgs(scope, keys.images.arn))
    product_cluster = Cluster(
        cluster.SERVICE,
        ClusterArgs(
            scope,
            customer_data.data_class,
            network,
            log_groups,
            secrets_key_arn=keys.secrets.arn,
            volumes_key_arn=keys.volumes.arn,
            client_groups=tuple(clients.values()),
            viewers={"auditor": people.auditor.arn, "engineer": people.engineer.arn},
            administrators={BREAK_GLASS: people.break_glass.arn},
            instance_type=settings.node_instance_type,
            nodes=settings.nodes,
        ),
    )
    certificate = Certificate("certificate", CertificateArgs(scope, settings.domain, settings.zone_id))
    load_balancer = LoadBalancer(
        "load-balancer",
        LoadBalancerArgs(
            scope, network, product_cluster, certificate, access_logs, domain=settings.domain, zone_id=settings.zone_id
        ),
    )
    WebFirewall(
        web_firewall.SERVICE,
        WebFirewallArgs(scope, log_groups, load_balancer.arn, requests_per_address=settings.requests_per_address),
    )
    audit = AuditTrail(
        "audit",
        AuditTrailArgs(
            scope,
            log_groups,
            access_logs,
            watched_buckets=tuple(store.bucket for store in stores if store.bucket is not None),
            retention_days=settings.audit_retention_days,
        ),
    )
    history = ConfigurationRecorder(
        "config",
        ConfigurationRecorderArgs(scope, keys.logs.arn, access_logs, retention_days=settings.audit_retention_days),
    )
    topic = AlarmTopic("alarms", AlarmTopicArgs(scope, keys.logs.arn, settings.alarm_subscriber))
    recovery_topic = AlarmTopic(
        "recovery-alarms",
        AlarmTopicArgs(scope, keys.recovery_alarms.arn, settings.alarm_subscriber, scope.recovery_region),
    )
    cis_alarms(topic, audit.log_group)
    break_glass_alarm(topic, audit.log_group)
    database_events(topic)
    for store in stores:
        if store.recovery.in_plan and store.clients is None:  # a bucket that is itself the store
            watch_objects(topic, store.service, store.name)
        if store.service == analytics.SERVICE:
            notes = [node_start.note_of(shard + 1) for shard in range(settings.clickhouse_shards)]
            watch_backups(topic, store.service, store.name, notes)
    if settings.diagnostic_access:
        diagnostic_access(scope, settings.diagnostic_access, topic, audit.log_group)
    backup_failures(topic)
    backup_failures(recovery_topic)
    Detection("detection", topic)
    evidence = EvidenceStore(
        "evidence",
        EvidenceStoreArgs(
            scope,
            keys.evidence.arn,
            access_logs,
            collector=pipeline.collect,
            auditor=people.auditor,
            retention_days=settings.audit_retention_days,
        ),
    )
    application = ApplicationSecrets(
        "application-secrets",
        ApplicationSecretsArgs(
            customer_data,
            network,
            log_groups,
            topic,
            key_arn=keys.secrets.arn,
            recovery_key_arn=keys.recovery_secrets.arn,
        ),
    )
    backup = Backup(
        "backup",
        BackupArgs(
            scope,
            customer_data.data_class,
            key_arn=keys.backups.arn,
            recovery_key_arn=keys.recovery.arn,
            alarms=topic,
            recovery_alarms=recovery_topic,
            retention_days=settings.backup_retention_days,
        ),
    )
    RestoreTests(
        "restore-tests",
        RestoreTestsArgs(
            scope,
            customer_data.data_class,
            network,
            data_key_arn=keys.customer_data.arn,
            volume_key_arn=keys.volumes.arn,
            recovery_key_arn=keys.recovery.arn,
        ),
    )
    backup_reports = BackupAudit(
        "backup-audit",
        BackupAuditArgs(
            customer_data,
            keys.logs.arn,
            access_logs,
            history,
            backup_days=settings.backup_retention_days,
            restore_hours=max(store.recovery.restore_hours for store in stores if store.recovery.in_plan),
            retention_days=settings.audit_retention_days,
        ),
    ).reports

    return {
        "vpcId": network.vpc.id,
        "auditArchive": audit.archive.name,
        "configurationHistory": history.archive.name,
        "alarmTopic": topic.arn,
        "evidence": {
            "bucket": evidence.bucket.name,
            "signingKey": evidence.signing_key.arn,
            "workgroup": evidence.workgroup.name,
        },
        "secrets": {name: secret.arn for name, secret in application.secrets.items()},
        "recoveryAlarmTopic": recovery_topic.arn,
        "backupReports": backup_reports.name,
        "clients": clients,
        "cluster": product_cluster.name,
        "images": registry.urls,
        "front": {
            "domain": settings.domain,
            "loadBalancer": load_balancer.dns_name,
            "targetGroup": load_balancer.target_group_arn,
            "certificateProof": certificate.record,
        },
        "roles": {
            "auditor": people.auditor.arn,
            "engineer": people.engineer.arn,
            "breakGlass": people.break_glass.arn,
            "preview": pipeline.preview.arn,
            "deploy": pipeline.deploy.arn,
            "collect": pipeline.collect.arn,
        },
        "stores": {store.service: store.output(backup.plans[BackupFrequency.DAILY].name) for store in stores},
    }
