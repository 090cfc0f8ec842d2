"""Diagnostic access: one named person looks at a self-hosted installation, for days, and takes nothing away.

Enters: the papers of one access, which the customer has on file, and the audit trail. Leaves: `diagnostic_access`, a
role that ends by itself and whose every use is alarmed. Without papers there is no role.
"""

from __future__ import annotations

import pulumi
from pulumi_aws import iam

from infrastructure.access import SESSION_SECONDS, write
from infrastructure.alarms import AlarmTopic, role_use
from infrastructure.documents import Statement, document
from infrastructure.guard import SERVICE, role_name
from infrastructure.papers import Papers
from infrastructure.scope import DataClass, Scope

PURPOSE = "diagnostic"
READS = (
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeVolumes",
    "eks:DescribeCluster",
    "eks:ListNodegroups",
    "kafka:DescribeClusterV2",
    "kafka:ListNodes",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeEvents",
)
"""How the installation is and how it does, and nothing of what is in it: no log, no row, no object."""


def diagnostic_access(scope: Scope, papers: Papers, topic: AlarmTopic, trail_log_group: pulumi.Input[str]) -> iam.Role:
    """The role, what it may look at, and the alarm on its every use.

    Both its trust and its permissions end with the window, so that a session that was opened in time ends with it too.
    """
    role = iam.Role(
        PURPOSE,
        name=role_name(scope, PURPOSE),
        description="One person looks at this installation, for as long as the papers say",
        assume_role_policy=document(_trust(papers)),
        max_session_duration=SESSION_SECONDS,
        tags=scope.tags(SERVICE, DataClass.INTERNAL)
        | {
            "access-tier": PURPOSE,
            "dpa-ref": papers.dpa,
            "nda-ref": papers.nda,
            "scc-ref": papers.scc,
            "ticket": papers.ticket,
            "expires": papers.ends,
            "accessor-country": papers.country,
        },
    )
    write(PURPOSE, role, _permissions(papers))
    role_use(topic, trail_log_group, PURPOSE, f"Somebody looks at this installation ({papers.ticket})")
    return role


def _window(papers: Papers) -> dict[str, dict[str, str]]:
    return {
        "DateGreaterThan": {"aws:CurrentTime": papers.begins},
        "DateLessThan": {"aws:CurrentTime": papers.ends},
    }


def _trust(papers: Papers) -> Statement:
    return {
        "Sid": "OnePersonForDays",
        "Effect": "Allow",
        "Principal": {"AWS": papers.accessor},
        "Action": "sts:AssumeRole",
        "Condition": {
            **_window(papers),
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "IpAddress": {"aws:SourceIp": papers.source},
            "StringEquals": {"sts:ExternalId": papers.external_id},
        },
    }


def _permissions(papers: Papers) -> tuple[Statement, ...]:
    """None of these actions takes an ARN. All else is denied, whatever the role might be given beside this."""
    return (
        {
            "Sid": "LooksWhileTheWindowIsOpen",
            "Effect": "Allow",
            "Action": [*READS],
            "Resource": "*",
            "Condition": _window(papers),
        },
        {"Sid": "TakesNothingAway", "Effect": "Deny", "NotAction": [*READS], "Resource": "*"},
    )
