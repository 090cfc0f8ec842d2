"""Logs of sessions and statements: shells and databases say who did what, and logs hold no personal data in clear."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import statements, texts_of, written
from policy_pack.examples import declare
from policy_pack.rules.account_baseline import SERVICE_SETTING
from policy_pack.rules.database_transport import CLUSTER_PARAMETERS
from policy_pack.tokens import DATABASE_CLUSTER
from policy_pack.values import Malformed, Props
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, Unknown, aws, each, rule, setting

DOCUMENT = "aws:ssm/document:Document"
SESSION_PREFERENCES = "Standard_Stream"
# AWS Systems Manager User Guide, "Session Manager preferences": what a region's sessions take theirs from.
PREFERENCES = "SSM-SessionManagerRunShell"


@rule(
    on=(DOCUMENT,),
    severity=Severity.HIGH,
    promise="information-security",
    controls=("PH:SSM-SESSION",),
    fix="log sessions, encrypted, to CloudWatch Logs or S3, name a kmsKeyId, and end idle ones within 20 minutes",
)
def sessions_logged_and_encrypted(
    document: Resource,
    *,
    most_minutes: int = setting(20, "minutes after which an idle session ends", minimum=1),
) -> Iterator[Finding]:
    """A shell on a host sees everything that the host does: what was typed there is kept, and nobody else reads it."""
    if document.get("documentType") != "Session":
        if document.get("name", default="") != PREFERENCES:
            raise NotApplicable("it holds no preferences of sessions")
        yield "documentType is not Session"
        return
    content = _content(document)
    if content.get("sessionType") not in (SESSION_PREFERENCES, "InteractiveCommands"):
        raise NotApplicable("it forwards a port, which has no text to log")
    inputs = content.get("inputs", default=Props({}))
    where = "content.inputs"
    # AWS Systems Manager User Guide, "Session document schema": whether the log must be encrypted has no default.
    sinks = [
        name
        for name, encrypted in (
            ("cloudWatchLogGroupName", "cloudWatchEncryptionEnabled"),
            ("s3BucketName", "s3EncryptionEnabled"),
        )
        if inputs.has(name) and inputs.get(encrypted) is True
    ]
    if not sinks:
        yield f"{where} logs sessions nowhere, or in clear"
    if not inputs.has("kmsKeyId"):
        yield f"{where}.kmsKeyId is not set"
    # AWS Systems Manager User Guide, "Specify an idle session timeout value": 20 minutes where it is absent.
    minutes = inputs.get("idleSessionTimeout") or 20
    if float(minutes) > most_minutes:
        yield f"{where}.idleSessionTimeout is {minutes}, more than {most_minutes} minutes"


def _content(document: Resource) -> Props:
    """Return a document's content.

    Raises:
        Unknown: it is written in YAML, which nothing here reads.
    """
    if document.get("documentFormat", default="JSON") != "JSON":
        raise Unknown("content, which is not JSON")
    content = written(document, "content")
    if not isinstance(content, Props):
        raise Malformed("content is not an object")
    return content


def _preferences(kind: str = SESSION_PREFERENCES, **inputs: Any) -> None:
    content = json.dumps({"schemaVersion": "1.0", "sessionType": kind, "inputs": inputs})
    aws.ssm.Document("sessions", name=PREFERENCES, document_type="Session", content=content)


LOGGED: dict[str, Any] = {
    "cloudWatchLogGroupName": "sessions",
    "cloudWatchEncryptionEnabled": True,
    "kmsKeyId": "alias/sessions",
}


@sessions_logged_and_encrypted.passes
def sessions_in_a_log_group() -> None:
    _preferences(**LOGGED, idleSessionTimeout="15")


@sessions_logged_and_encrypted.fails
def sessions_logged_nowhere() -> None:
    _preferences(kmsKeyId="alias/sessions")


@sessions_logged_and_encrypted.fails
def preferences_in_a_document_of_another_kind() -> None:
    aws.ssm.Document("sessions", name=PREFERENCES, document_type="Command", content="{}")


@sessions_logged_and_encrypted.fails
def sessions_in_whatever_log_group() -> None:
    _preferences(cloudWatchLogGroupName="sessions", kmsKeyId="alias/sessions")


@sessions_logged_and_encrypted.fails
def sessions_left_open_for_an_hour() -> None:
    _preferences(**LOGGED, idleSessionTimeout="60")


@sessions_logged_and_encrypted.undetermined
def preferences_in_yaml() -> None:
    aws.ssm.Document("sessions", document_type="Session", document_format="YAML", content="inputs: {}")


LOG = "/ssm/automation/customer-script-log"


@rule(
    on=(SERVICE_SETTING,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:SSM.6",),
    fix=f"set {LOG}-destination to CloudWatch, and {LOG}-group-name to a log group of the stack",
)
def automation_logged(service_setting: Resource, graph: Graph) -> Iterator[Finding]:
    """Scripts of automations run with the rights of a role: what they did goes to a log that is encrypted and kept.

    Without a name, Systems Manager makes a log group itself, which keeps everything for ever under no key of the stack.
    """
    if not str(service_setting.get("settingId")).endswith(f"{LOG}-destination"):
        raise NotApplicable("it is a setting of another kind")
    if service_setting.get("settingValue") != "CloudWatch":
        yield "settingValue is not CloudWatch"
    region = service_setting.region
    if not any(
        str(other.get("settingId")).endswith(f"{LOG}-group-name") and other.region == region
        for other in graph.of_type(SERVICE_SETTING)
    ):
        yield f"no setting names the log group: {LOG}-group-name"


def _automation(destination: str, group: str | None) -> None:
    aws.ssm.ServiceSetting("to", setting_id=f"{LOG}-destination", setting_value=destination)
    if group:
        aws.ssm.ServiceSetting("group", setting_id=f"{LOG}-group-name", setting_value=group)


@automation_logged.passes
def automation_in_a_group_of_the_stack() -> None:
    _automation("CloudWatch", "automation")


@automation_logged.fails
def automation_in_a_group_of_systems_managers_own() -> None:
    _automation("CloudWatch", None)


@automation_logged.fails
def automation_not_logged() -> None:
    _automation("None", "automation")


ACCOUNT_POLICY = "aws:cloudwatch/logAccountPolicy:LogAccountPolicy"
IDENTIFIERS: list[str] = setting(
    ["EmailAddress", "IpAddress", "AwsSecretKey"], "managed data identifiers that logs must mask"
)


@rule(
    on=("aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy", ACCOUNT_POLICY),
    severity=Severity.MEDIUM,
    promise="gdpr",
    controls=("PH:LOG-PII",),
    fix="let a statement with the operation Deidentify name the data identifiers of the message",
)
def personal_data_masked_in_logs(policy: Resource, *, identifiers: list[str] = IDENTIFIERS) -> Iterator[Finding]:
    """Who reads logs to mend a fault has no business with who it happened to."""
    if policy.type == ACCOUNT_POLICY and policy.get("policyType") != "DATA_PROTECTION_POLICY":
        raise NotApplicable("it is a policy of another kind")
    masked = {
        name.rpartition("/")[2]
        for statement in statements(policy, "policyDocument")
        if statement.has("Operation", "Deidentify")
        for name in texts_of(statement, "DataIdentifier")
    }
    for name in identifiers:
        if name not in masked:
            yield f"policyDocument masks no {name}"


def _masking(*names: str, operation: str = "Deidentify") -> None:
    arns = [f"arn:aws:dataprotection::aws:data-identifier/{name}" for name in names]
    statement = {"Sid": "mask", "DataIdentifier": arns, "Operation": {operation: {"MaskConfig": {}}}}
    document = json.dumps({"Name": "mask", "Version": "2021-06-01", "Statement": [statement]})
    aws.cloudwatch.LogDataProtectionPolicy("web", log_group_name="web", policy_document=document)
    aws.cloudwatch.LogAccountPolicy(
        "all", policy_name="all", policy_type="DATA_PROTECTION_POLICY", policy_document=document
    )


@personal_data_masked_in_logs.passes
def masked() -> None:
    _masking("EmailAddress", "IpAddress", "AwsSecretKey")


@personal_data_masked_in_logs.fails
def addresses_in_clear() -> None:
    _masking("AwsSecretKey")


MYSQL = "aurora-mysql"
ON = ("1", "ON")


@rule(
    on=(DATABASE_CLUSTER,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:RDS.34", "SH:RDS.45"),
    fix="add audit to enabledCloudwatchLogsExports, and set server_audit_logging to 1 in its parameter group",
)
def aurora_mysql_audited(cluster: Resource, graph: Graph) -> Iterator[Finding]:
    """Aurora MySQL writes down who asked what only where both the group and the export say so."""
    if cluster.get("engine", default="") != MYSQL:
        raise NotApplicable("only Aurora MySQL has an audit log of this kind")
    if "audit" not in cluster.get("enabledCloudwatchLogsExports", default=()):
        yield "enabledCloudwatchLogsExports lacks audit"
    if not cluster.has("dbClusterParameterGroupName"):
        yield "dbClusterParameterGroupName is not set, and AWS's own group writes no audit log"
        return
    groups = graph.targets(cluster, "dbClusterParameterGroupName", CLUSTER_PARAMETERS)
    if not groups:
        raise Unknown("the parameters of a group that is not part of the stack")
    yield from each(groups, _judge_parameters)


def _judge_parameters(group: Resource) -> Iterator[Finding]:
    values = {item.get("name"): str(item.get("value")) for item in group.get("parameters", default=())}
    if values.get("server_audit_logging", "0") not in ON:
        yield f"server_audit_logging of {group.name} is not on"
    if not values.get("server_audit_events"):
        yield f"server_audit_events of {group.name} names no event"


def _mysql(*exports: str, **parameters: str) -> None:
    values: Any = [{"name": name, "value": value} for name, value in parameters.items()]
    group = aws.rds.ClusterParameterGroup("shop", family="aurora-mysql8.0", parameters=values)
    declare(
        DATABASE_CLUSTER,
        engine=MYSQL,
        enabledCloudwatchLogsExports=list(exports),
        dbClusterParameterGroupName=group.name,
    )


@aurora_mysql_audited.passes
def statements_audited() -> None:
    _mysql("audit", server_audit_logging="1", server_audit_events="CONNECT,QUERY")


@aurora_mysql_audited.fails
def exported_and_never_written() -> None:
    _mysql("audit")


@aurora_mysql_audited.fails
def written_and_never_exported() -> None:
    _mysql("error", server_audit_logging="1", server_audit_events="CONNECT")


@aurora_mysql_audited.undetermined
def with_the_group_of_another_stack() -> None:
    declare(
        DATABASE_CLUSTER,
        engine=MYSQL,
        enabledCloudwatchLogsExports=["audit"],
        dbClusterParameterGroupName="of-another-stack",
    )
