"""System Access Control: sessions are recorded, encrypted and end, and nobody publishes what they run."""

import json

from infrastructure.scope import Deployment, Environment, Scope
from infrastructure.sessions import host_statements, session_log_group
from tests.infrastructure.mocks import ACCOUNT, Registrations

SCOPE = Scope("dev", ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)


def test_sessions_are_recorded_under_the_logs_key_and_encrypted_under_their_own(environment: Registrations) -> None:
    (document,) = environment.of("ssm/document:Document")
    assert (document.inputs["name"], document.inputs["documentType"]) == ("SSM-SessionManagerRunShell", "Session")
    preferences = json.loads(document.inputs["content"])["inputs"]
    group = environment.one("cloudwatch/logGroup:LogGroup", "sessions-log-group")
    assert preferences["cloudWatchLogGroupName"] == group.inputs["name"]
    assert preferences["cloudWatchEncryptionEnabled"] is True
    assert group.inputs["kmsKeyId"] == environment.one("kms/key:Key", "logs-key").state["arn"]
    assert preferences["kmsKeyId"] == environment.one("kms/key:Key", "sessions-key").state["arn"]
    assert int(preferences["idleSessionTimeout"]) <= 20
    assert int(preferences["maxSessionDuration"]) <= 480
    assert preferences["runAsEnabled"] is False


def test_documents_of_both_regions_are_not_shared_with_everybody(environment: Registrations) -> None:
    sharing = {
        setting.state["region"]: setting.inputs["settingValue"]
        for setting in environment.of("ssm/serviceSetting:ServiceSetting")
        if setting.inputs["settingId"] == "/ssm/documents/console/public-sharing-permission"
    }
    assert sharing == {"us-west-2": "Disable", "us-west-1": "Disable"}


def test_what_automations_run_is_logged_under_the_logs_key(environment: Registrations) -> None:
    settings = {
        setting.inputs["settingId"].rpartition("/")[2]: setting.inputs["settingValue"]
        for setting in environment.of("ssm/serviceSetting:ServiceSetting")
    }
    group = environment.one("cloudwatch/logGroup:LogGroup", "sessions-automation-log-group")
    assert settings["customer-script-log-destination"] == "CloudWatch"
    assert settings["customer-script-log-group-name"] == group.inputs["name"]


def test_a_host_may_record_its_sessions_and_read_what_is_sent_to_it() -> None:
    allowed = {statement["Sid"]: statement for statement in host_statements(SCOPE)}
    records = allowed["RecordsItsSessions"]
    assert {"logs:CreateLogStream", "logs:PutLogEvents"} <= set(records["Action"])
    assert records["Resource"].endswith(f":log-group:{session_log_group(SCOPE)}:*")
    assert allowed["EncryptsSessions"]["Action"] == "kms:Decrypt"
    only = allowed["EncryptsSessions"]["Condition"]["ForAnyValue:StringEquals"]
    assert only == {"kms:ResourceAliases": "alias/hedgerow-dev-sessions"}


def test_who_opens_a_session_may_encrypt_it(environment: Registrations) -> None:
    policy = environment.one("iam/rolePolicy:RolePolicy", "engineer-policy")
    statements = {statement["Sid"]: statement for statement in policy.document()}
    assert statements["EncryptsSessions"]["Action"] == "kms:GenerateDataKey"
    aliases = {alias.inputs["name"] for alias in environment.of("kms/alias:Alias")}
    assert statements["EncryptsSessions"]["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"] in aliases
