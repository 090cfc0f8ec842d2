"""System Access Control: instances are reached through Session Manager only, and every session is recorded.

Enters: the sessions key and the log groups. Leaves: `Sessions`, and `host_statements`, without which the role of an
instance has no sessions. Systems Manager's settings that hold for a whole region are here too.
"""

from __future__ import annotations

import pulumi
from pulumi_aws import ssm

from infrastructure.documents import Statement
from infrastructure.keys import SESSIONS, alias
from infrastructure.logs import LogGroups
from infrastructure.scope import DataClass, Scope

SERVICE = "sessions"
PREFERENCES = "SSM-SessionManagerRunShell"
"""The document that Session Manager takes a region's preferences from."""

IDLE_MINUTES = 20
LONGEST_MINUTES = 480
"""Proposed: a session ends 20 minutes after the last key, and after a working day."""

SHARING = "/ssm/documents/console/public-sharing-permission"
AUTOMATION_LOG = "/ssm/automation/customer-script-log"


def session_log_group(scope: Scope) -> str:
    """The path that sessions are recorded to."""
    return scope.log_group("sessions")


class Sessions(pulumi.ComponentResource):
    """The preferences of sessions, their log group, and what Systems Manager may not do in either region."""

    def __init__(
        self,
        name: str,
        key_arn: pulumi.Output[str],
        log_groups: LogGroups,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hedgerow:sessions:Sessions", name, {}, opts)
        scope = log_groups.scope
        self._child = pulumi.ResourceOptions(parent=self)
        group = log_groups.create(f"{name}-log-group", session_log_group(scope), SERVICE, self)
        scripts = log_groups.create(f"{name}-automation-log-group", scope.log_group("automation"), SERVICE, self)
        ssm.Document(
            f"{name}-preferences",
            name=PREFERENCES,
            document_type="Session",
            document_format="JSON",
            content=_preferences(session_log_group(scope), key_arn),
            tags=scope.tags(SERVICE, DataClass.INTERNAL),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[group]),
        )
        self._set(f"{name}-automation-log", f"{AUTOMATION_LOG}-destination", "CloudWatch")
        self._set(f"{name}-automation-log-name", f"{AUTOMATION_LOG}-group-name", scripts.name)
        self._set(f"{name}-document-sharing", SHARING, "Disable")
        self._set(f"{name}-recovery-document-sharing", SHARING, "Disable", scope.recovery_region)
        self.register_outputs({})

    def _set(self, name: str, setting: str, value: pulumi.Input[str], region: str | None = None) -> None:
        ssm.ServiceSetting(name, setting_id=setting, setting_value=value, region=region, opts=self._child)


def _preferences(log_group: str, key_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Source: "Session document schema" in the Systems Manager user guide. TLS is there in any case."""
    return pulumi.Output.json_dumps(
        {
            "schemaVersion": "1.0",
            "description": "Preferences of Session Manager",
            "sessionType": "Standard_Stream",
            "inputs": {
                "cloudWatchLogGroupName": log_group,
                "cloudWatchEncryptionEnabled": True,
                "cloudWatchStreamingEnabled": True,
                "kmsKeyId": key_arn,
                "idleSessionTimeout": str(IDLE_MINUTES),
                "maxSessionDuration": str(LONGEST_MINUTES),
                "runAsEnabled": False,
            },
        }
    )


def host_statements(scope: Scope) -> tuple[Statement, ...]:
    """What the role of an instance needs beside AmazonSSMManagedInstanceCore for sessions that are recorded.

    Source: "Create an IAM role with permissions for Session Manager and Amazon S3 and CloudWatch Logs" there.
    """
    group = scope.arn("logs", f"log-group:{session_log_group(scope)}")
    return (
        {
            "Sid": "RecordsItsSessions",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": f"{group}:*",
        },
        {
            "Sid": "FindsTheLogGroup",
            "Effect": "Allow",
            "Action": "logs:DescribeLogGroups",
            "Resource": scope.arn("logs", "log-group:*"),
        },
        key_statement(scope, "kms:Decrypt"),
    )


def key_statement(scope: Scope, action: str) -> Statement:
    """Use of the sessions key: `kms:GenerateDataKey` by whoever opens a session, `kms:Decrypt` by who answers."""
    return {
        "Sid": "EncryptsSessions",
        "Effect": "Allow",
        "Action": action,
        "Resource": scope.arn("kms", "key/*"),
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias(scope, SESSIONS)}},
    }
