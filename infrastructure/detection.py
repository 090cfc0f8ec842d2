"""Detection: GuardDuty, Security Hub, Access Analyzer, Inspector and Macie, and their findings on the alarm topic.

Enters: the alarm topic. Leaves: `Detection`. Every detector reports to Security Hub, the recovery region's hub to the
home region's, and that one to the topic: one path for all findings. An account has one detector and one hub for each
region: environments are separate accounts.
"""

from __future__ import annotations

import pulumi
from pulumi_aws import accessanalyzer, guardduty, inspector2, macie2, securityhub

from infrastructure.alarms import AlarmTopic, notify
from infrastructure.scope import DataClass

SERVICE = "detection"

GUARDDUTY_FEATURES: dict[str, tuple[str, ...]] = {
    "EBS_MALWARE_PROTECTION": (),
    "EKS_AUDIT_LOGS": (),
    "LAMBDA_NETWORK_LOGS": (),
    "RDS_LOGIN_EVENTS": (),
    "RUNTIME_MONITORING": ("EC2_AGENT_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EKS_ADDON_MANAGEMENT"),
    "S3_DATA_EVENTS": (),
}
"""Security Hub's controls GuardDuty.5 to 13: each feature, and what of it is to be managed automatically."""

STANDARDS = {
    "best-practices": "standards/aws-foundational-security-best-practices/v/1.0.0",
    "cis": "standards/cis-aws-foundations-benchmark/v/5.0.0",
}
"""What Security Hub checks the account against, as the end of the standards' ARNs."""

SCANNED = ("EC2", "ECR", "LAMBDA", "LAMBDA_CODE")
"""Security Hub's controls Inspector.1 to 4: instances, images, functions and their code."""

UNUSED_ACCESS_DAYS = 90
"""System Access Control: access is reviewed every 90 days, and access that nobody used is on the list."""


class Detection(pulumi.ComponentResource):
    """Detectors that are on, everywhere, and whose findings reach people."""

    def __init__(self, name: str, topic: AlarmTopic, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:detection:Detection", name, {}, opts)
        scope = self._scope = topic.scope
        self._child = pulumi.ResourceOptions(parent=self)
        self._detect_threats(name, region=None)
        self._detect_threats(f"{name}-recovery", scope.recovery_region)
        hubs = [self._gather_findings(name, region=None)]
        hubs.append(self._gather_findings(f"{name}-recovery", scope.recovery_region))
        securityhub.FindingAggregator(
            f"{name}-aggregator",
            linking_mode="SPECIFIED_REGIONS",
            specified_regions=[scope.recovery_region],
            opts=pulumi.ResourceOptions(parent=self, depends_on=hubs),
        )
        self._analyze_access(name)
        inspector2.Enabler(
            f"{name}-inspector", account_ids=[scope.account], resource_types=list(SCANNED), opts=self._child
        )
        macie2.Account(
            f"{name}-macie", status="ENABLED", finding_publishing_frequency="FIFTEEN_MINUTES", opts=self._child
        )
        _notify_of_findings(topic)
        self.register_outputs({})

    def _detect_threats(self, name: str, region: str | None) -> None:
        detector = guardduty.Detector(
            f"{name}-detector",
            enable=True,
            finding_publishing_frequency="FIFTEEN_MINUTES",
            region=region,
            tags=self._scope.tags(SERVICE, DataClass.CONFIDENTIAL),
            opts=self._child,
        )
        for feature, managed in GUARDDUTY_FEATURES.items():
            guardduty.DetectorFeature(
                f"{name}-{feature.lower().replace('_', '-')}",
                detector_id=detector.id,
                name=feature,
                status="ENABLED",
                additional_configurations=[{"name": part, "status": "ENABLED"} for part in managed] or None,
                region=region,
                opts=pulumi.ResourceOptions(parent=detector),
            )

    def _gather_findings(self, name: str, region: str | None) -> securityhub.Account:
        hub = securityhub.Account(
            f"{name}-hub",
            enable_default_standards=False,  # the standards are the ones below
            auto_enable_controls=True,
            control_finding_generator="SECURITY_CONTROL",
            region=region,
            opts=self._child,
        )
        for standard, path in STANDARDS.items():
            securityhub.StandardsSubscription(
                f"{name}-{standard}",
                standards_arn=f"arn:aws:securityhub:{region or self._scope.region}::{path}",
                region=region,
                opts=pulumi.ResourceOptions(parent=hub, depends_on=[hub]),
            )
        return hub

    def _analyze_access(self, name: str) -> None:
        """Access from outside the account by region, and unused access, which IAM has in one place, once."""
        scope = self._scope
        tags = scope.tags(SERVICE, DataClass.CONFIDENTIAL)
        for analyzer, region in ((name, None), (f"{name}-recovery", scope.recovery_region)):
            accessanalyzer.Analyzer(
                f"{analyzer}-external-access",
                analyzer_name=f"{scope.prefix}-external-access",
                type="ACCOUNT",
                region=region,
                tags=tags,
                opts=self._child,
            )
        accessanalyzer.Analyzer(
            f"{name}-unused-access",
            analyzer_name=f"{scope.prefix}-unused-access",
            type="ACCOUNT_UNUSED_ACCESS",
            configuration={"unused_access": {"unused_access_age": UNUSED_ACCESS_DAYS}},
            tags=tags,
            opts=self._child,
        )


def _notify_of_findings(topic: AlarmTopic) -> None:
    """New findings that are high or critical. Security Hub's format of its events: "EventBridge event formats"."""
    notify(
        topic,
        "findings",
        "New findings of high or critical severity, from every detector and both regions",
        {
            "source": ["aws.securityhub"],
            "detail-type": ["Security Hub Findings - Imported"],
            "detail": {
                "findings": {
                    "Severity": {"Label": ["HIGH", "CRITICAL"]},
                    "Workflow": {"Status": ["NEW"]},
                    "RecordState": ["ACTIVE"],
                }
            },
        },
    )
