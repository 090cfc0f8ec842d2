"""Encryption: one key for each data domain, rotated, hard to lose and usable by nobody else."""

from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations

ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
REPORTS = {
    "AWS": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"
}
LAUNCHER = {
    "AWS": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
}
CRYPTOGRAPHY = ("Decrypt", "Encrypt", "GenerateDataKey", "ReEncrypt", "CreateGrant", "Sign", "GenerateMac")


def _actions(statement: dict[str, Any]) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else actions


def _key_of(environment: Registrations, arn: str) -> Registered:
    (key,) = [key for key in environment.of("kms/key:Key") if key.state["arn"] == arn]
    return key


def _encrypting(environment: Registrations) -> list[Registered]:
    """The keys of the data domains: all but the one that signs."""
    return [key for key in environment.of("kms/key:Key") if key.inputs.get("keyUsage") != "SIGN_VERIFY"]


def test_each_domain_has_one_key_with_an_alias(environment: Registrations) -> None:
    keys = {key.name: key for key in environment.of("kms/key:Key")}
    assert {key.name for key in _encrypting(environment)} == {
        f"{domain}-key"
        for domain in (
            "customer-data",
            "assets",
            "logs",
            "secrets",
            "sessions",
            "backups",
            "recovery",
            "recovery-alarms",
            "volumes",
            "recovery-volumes",
            "recovery-secrets",
            "evidence",
            "images",
        )
    }
    for alias in environment.of("kms/alias:Alias"):
        key = keys[alias.name.removesuffix("-alias")]
        assert alias.inputs["targetKeyId"] == key.state["keyId"]
        assert alias.inputs["name"].startswith("alias/hedgerow-")
        assert alias.inputs.get("region") == key.inputs.get("region")


def test_keys_rotate_yearly_and_wait_thirty_days_for_deletion(environment: Registrations) -> None:
    for key in _encrypting(environment):
        assert key.inputs["enableKeyRotation"] is True
        assert key.inputs["rotationPeriodInDays"] <= 365
    for key in environment.of("kms/key:Key"):
        assert key.inputs["deletionWindowInDays"] == 30


def test_key_policies_name_the_account_and_services_and_nobody_else(environment: Registrations) -> None:
    for key in environment.of("kms/key:Key"):
        for statement in key.document():
            assert statement["Effect"] == "Allow"
            principal = statement["Principal"]
            launches = key.name == "volumes-key" and principal == LAUNCHER
            service = set(principal) == {"Service"} and "*" not in str(principal)
            assert principal in (ROOT, REPORTS) or launches or service, statement["Sid"]


def test_nobody_gets_every_action(environment: Registrations) -> None:
    actions = [
        action
        for key in environment.of("kms/key:Key")
        for statement in key.document()
        for action in _actions(statement)
    ]
    assert not {"*", "kms:*", "kms:Create*", "kms:Put*"}.intersection(actions)


def test_who_administers_a_key_does_not_use_it_by_that(environment: Registrations) -> None:
    for key in environment.of("kms/key:Key"):
        unbound = [statement for statement in key.document() if "Condition" not in statement]
        (administration,) = [statement for statement in unbound if statement["Principal"] == ROOT]
        assert "kms:PutKeyPolicy" in _actions(administration), "KMS refuses a policy that locks everybody out"
        assert not [
            action for action in _actions(administration) if action.removeprefix("kms:").startswith(CRYPTOGRAPHY)
        ]
        assert "kms:DisableKeyRotation" not in _actions(administration)


def test_use_by_principals_is_through_services_of_the_keys_own_region(environment: Registrations) -> None:
    for key in _encrypting(environment):
        for statement in key.document():
            if statement["Principal"] != ROOT or "Condition" not in statement or key.name == "sessions-key":
                continue
            conditions = statement["Condition"]["StringEquals"]
            assert conditions["kms:CallerAccount"] == ACCOUNT
            if statement["Sid"] != "GrantForTheCluster":
                assert all(f".{key.state['region']}." in service for service in conditions["kms:ViaService"])


def test_grants_are_for_aws_services_alone(environment: Registrations) -> None:
    granting = [
        (key.name, statement)
        for key in environment.of("kms/key:Key")
        for statement in key.document()
        if "kms:CreateGrant" in _actions(statement)
    ]
    without = {"sessions-key", "recovery-alarms-key"}
    assert {name for name, _ in granting} == {key.name for key in _encrypting(environment)} - without
    assert all(statement["Action"] == "kms:CreateGrant" for _, statement in granting)
    assert all(statement["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"} for _, statement in granting)


def test_the_role_that_launches_nodes_is_there_before_the_key_names_it(environment: Registrations) -> None:
    """KMS takes no policy that names a role before there is one."""
    role = environment.one("iam/serviceLinkedRole:ServiceLinkedRole", "autoscaling-role")
    assert role.inputs["awsServiceName"] == "autoscaling.amazonaws.com"
    names = [resource.name for resource in environment.aws()]
    assert names.index("autoscaling-role") < names.index("volumes-key")


def test_services_use_a_key_for_this_account_alone(environment: Registrations) -> None:
    for key in environment.of("kms/key:Key"):
        for statement in key.document():
            if "Service" in statement["Principal"]:
                assert ACCOUNT in str(statement["Condition"]), statement["Sid"]


def test_logs_key_serves_exactly_this_stacks_log_groups_and_trail(environment: Registrations) -> None:
    statements = {statement["Sid"]: statement for statement in environment.one("kms/key:Key", "logs-key").document()}
    patterns = statements["CloudWatchLogs"]["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    for group in environment.of("cloudwatch/logGroup:LogGroup"):
        arn = f"arn:aws:logs:us-west-2:{ACCOUNT}:log-group:{group.inputs['name']}"
        assert any(fnmatchcase(arn, pattern) for pattern in patterns), arn
    (trail,) = environment.of("cloudtrail/trail:Trail")
    arn = f"arn:aws:cloudtrail:us-west-2:{ACCOUNT}:trail/{trail.inputs['name']}"
    for sid in ("CloudTrailEncrypts", "CloudTrailDescribesAndUsesBucketKey"):
        assert statements[sid]["Condition"]["StringEquals"]["aws:SourceArn"] == arn


@pytest.mark.parametrize(
    ("name", "topic"), [("logs-key", "alarms-topic"), ("recovery-alarms-key", "recovery-alarms-topic")]
)
def test_who_publishes_to_an_alarm_topic_uses_its_key_for_that_topic_alone(
    environment: Registrations, name: str, topic: str
) -> None:
    statements = {statement["Sid"]: statement for statement in environment.one("kms/key:Key", name).document()}
    others = "EventRulesVaultsAndDatabasesPublish"
    services = {"CloudWatchAlarmsPublish": "cloudwatch", others: ["backup", "events", "events.rds"]}
    for sid, named in services.items():
        service = statements[sid]["Principal"]["Service"]
        every = service if isinstance(service, list) else [service]
        assert every == [f"{each}.amazonaws.com" for each in ([named] if isinstance(named, str) else named)]
        assert {"kms:Decrypt", "kms:GenerateDataKey*"} == set(statements[sid]["Action"])
        only = statements[sid]["Condition"]["StringEquals"]
        arn = environment.one("sns/topic:Topic", topic).state["arn"]
        assert only["kms:EncryptionContext:aws:sns:topicArn"] == arn
    assert "aws:SourceAccount" not in statements[others]["Condition"]["StringEquals"], "EventBridge sends none"


def test_the_sessions_key_is_used_for_sessions_alone(environment: Registrations) -> None:
    key = environment.one("kms/key:Key", "sessions-key")
    (use,) = [statement for statement in key.document() if "Condition" in statement]
    assert use["Condition"]["Null"] == {"kms:EncryptionContext:aws:ssm:TargetId": "false"}
    assert use["Condition"]["StringEquals"] == {"kms:CallerAccount": ACCOUNT}


def test_backup_reports_use_the_logs_key_through_s3_alone(environment: Registrations) -> None:
    key = environment.one("kms/key:Key", "logs-key")
    (use,) = [statement for statement in key.document() if statement["Principal"] == REPORTS]
    assert use["Condition"]["StringEquals"] == {"kms:ViaService": "s3.us-west-2.amazonaws.com"}
    assert sorted(use["Action"]) == ["kms:Decrypt", "kms:GenerateDataKey"]


@pytest.mark.parametrize(
    ("suffix", "key_property", "domains"),
    [
        ("rds/cluster:Cluster", "kmsKeyId", {"customer-data-key"}),
        ("rds/cluster:Cluster", "masterUserSecretKmsKeyId", {"secrets-key"}),
        ("rds/clusterInstance:ClusterInstance", "performanceInsightsKmsKeyId", {"customer-data-key"}),
        ("elasticache/replicationGroup:ReplicationGroup", "kmsKeyId", {"customer-data-key"}),
        ("ebs/volume:Volume", "kmsKeyId", {"customer-data-key"}),
        ("cloudwatch/logGroup:LogGroup", "kmsKeyId", {"logs-key"}),
        ("cloudtrail/trail:Trail", "kmsKeyId", {"logs-key"}),
        ("sns/topic:Topic", "kmsMasterKeyId", {"logs-key", "recovery-alarms-key"}),
        ("secretsmanager/secret:Secret", "kmsKeyId", {"secrets-key"}),
        ("backup/vault:Vault", "kmsKeyArn", {"backups-key", "recovery-key"}),
    ],
)
def test_each_store_is_under_the_key_of_its_domain(
    environment: Registrations, suffix: str, key_property: str, domains: set[str]
) -> None:
    found = environment.of(suffix)
    assert {_key_of(environment, store.inputs[key_property]).name for store in found} == domains
    for store in found:
        assert _key_of(environment, store.inputs[key_property]).state["region"] == store.state["region"]


def test_a_store_and_its_key_are_of_the_same_class(environment: Registrations) -> None:
    stores = [
        *((store, "kmsKeyId") for store in environment.of("rds/cluster:Cluster")),
        *((store, "kmsKeyId") for store in environment.of("elasticache/replicationGroup:ReplicationGroup")),
        *((store, "kmsKeyId") for store in environment.of("ebs/volume:Volume")),
        *((store, "kmsKeyArn") for store in environment.of("backup/vault:Vault")),
        *((store, "kmsKeyId") for store in environment.of("cloudtrail/trail:Trail")),
    ]
    for store, key_property in stores:
        key = _key_of(environment, store.inputs[key_property])
        assert key.inputs["tags"]["data-class"] == store.inputs["tags"]["data-class"]
