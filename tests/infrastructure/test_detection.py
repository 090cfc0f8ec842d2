"""Information security: detectors are on in both regions, and what they find reaches the alarm topic."""

import json

from infrastructure.detection import GUARDDUTY_FEATURES
from tests.infrastructure.mocks import ACCOUNT, Registrations

REGIONS = {"us-west-2", "us-west-1"}


def test_guardduty_is_on_in_both_regions_and_reports_every_fifteen_minutes(environment: Registrations) -> None:
    detectors = environment.of("guardduty/detector:Detector")
    assert sorted(detector.state["region"] for detector in detectors) == sorted(REGIONS)
    for detector in detectors:
        assert detector.inputs["enable"] is True
        assert detector.inputs["findingPublishingFrequency"] == "FIFTEEN_MINUTES"


def test_every_feature_that_security_hub_asks_for_is_on_in_both_regions(environment: Registrations) -> None:
    """GuardDuty.5 to 13: audit logs of EKS, Lambda, malware, RDS, S3, and runtime monitoring with its agents."""
    asked = {"EKS_AUDIT_LOGS", "LAMBDA_NETWORK_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "S3_DATA_EVENTS"}
    assert set(GUARDDUTY_FEATURES) == asked | {"RUNTIME_MONITORING"}
    features = environment.of("guardduty/detectorFeature:DetectorFeature")
    on = {(each.state["region"], each.inputs["name"]) for each in features if each.inputs["status"] == "ENABLED"}
    assert on == {(region, feature) for region in REGIONS for feature in GUARDDUTY_FEATURES}
    for runtime in (each for each in features if each.inputs["name"] == "RUNTIME_MONITORING"):
        assert {part["name"]: part["status"] for part in runtime.inputs["additionalConfigurations"]} == {
            "EC2_AGENT_MANAGEMENT": "ENABLED",
            "ECS_FARGATE_AGENT_MANAGEMENT": "ENABLED",
            "EKS_ADDON_MANAGEMENT": "ENABLED",
        }


def test_features_are_of_the_detector_in_their_region(environment: Registrations) -> None:
    for feature in environment.of("guardduty/detectorFeature:DetectorFeature"):
        recovery = feature.state["region"] == "us-west-1"
        assert feature.inputs["detectorId"] == (
            "detection-recovery-detector-id" if recovery else "detection-detector-id"
        )


def test_security_hub_checks_best_practices_and_cis_in_both_regions(environment: Registrations) -> None:
    assert {hub.state["region"] for hub in environment.of("securityhub/account:Account")} == REGIONS
    assert all(hub.inputs["autoEnableControls"] is True for hub in environment.of("securityhub/account:Account"))
    subscriptions = environment.of("securityhub/standardsSubscription:StandardsSubscription")
    assert {(each.state["region"], each.inputs["standardsArn"]) for each in subscriptions} == {
        (region, f"arn:aws:securityhub:{region}::standards/{standard}")
        for region in REGIONS
        for standard in (
            "aws-foundational-security-best-practices/v/1.0.0",
            "cis-aws-foundations-benchmark/v/5.0.0",
        )
    }


def test_findings_of_the_recovery_region_come_home(environment: Registrations) -> None:
    (aggregator,) = environment.of("securityhub/findingAggregator:FindingAggregator")
    assert aggregator.state["region"] == "us-west-2"
    assert aggregator.inputs["linkingMode"] == "SPECIFIED_REGIONS"
    assert aggregator.inputs["specifiedRegions"] == ["us-west-1"]


def test_new_grave_findings_reach_the_topic(environment: Registrations) -> None:
    rule = environment.one("cloudwatch/eventRule:EventRule", "findings-rule")
    pattern = json.loads(rule.inputs["eventPattern"])
    assert pattern["source"] == ["aws.securityhub"]
    assert pattern["detail-type"] == ["Security Hub Findings - Imported"]
    findings = pattern["detail"]["findings"]
    assert findings["Severity"]["Label"] == ["HIGH", "CRITICAL"]
    assert (findings["Workflow"]["Status"], findings["RecordState"]) == (["NEW"], ["ACTIVE"])


def test_access_from_outside_is_analyzed_in_both_regions_and_unused_access_once(environment: Registrations) -> None:
    analyzers = environment.of("accessanalyzer/analyzer:Analyzer")
    kinds = sorted((each.inputs["type"], each.state["region"]) for each in analyzers)
    assert kinds == [("ACCOUNT", "us-west-1"), ("ACCOUNT", "us-west-2"), ("ACCOUNT_UNUSED_ACCESS", "us-west-2")]
    unused = environment.one("accessanalyzer/analyzer:Analyzer", "detection-unused-access")
    assert unused.inputs["configuration"]["unusedAccess"]["unusedAccessAge"] <= 90


def test_inspector_scans_whatever_runs_and_macie_looks_at_buckets(environment: Registrations) -> None:
    (enabler,) = environment.of("inspector2/enabler:Enabler")
    assert enabler.inputs["accountIds"] == [ACCOUNT]
    assert set(enabler.inputs["resourceTypes"]) == {"EC2", "ECR", "LAMBDA", "LAMBDA_CODE"}
    (macie,) = environment.of("macie2/account:Account")
    assert (macie.inputs["status"], macie.inputs["findingPublishingFrequency"]) == ("ENABLED", "FIFTEEN_MINUTES")
