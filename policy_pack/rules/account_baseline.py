"""The account's baseline: what a stack that sets an account up must hold, and no other stack needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pulumi

from policy_pack.tokens import BUCKETS, DATABASE_CLUSTER, DATABASE_INSTANCE, STACK, TRAIL, VAULT, VPC
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, aws, each, rule, setting

AUTO = "auto"
AGGREGATOR = "aws:securityhub/findingAggregator:FindingAggregator"
ANALYZER = "aws:accessanalyzer/analyzer:Analyzer"
DETECTOR = "aws:guardduty/detector:Detector"
HUB = "aws:securityhub/account:Account"
INDEX = "aws:resourceexplorer/index:Index"
RECORDER = "aws:cfg/recorder:Recorder"
SERVICE_SETTING = "aws:ssm/serviceSetting:ServiceSetting"
# What makes a region one to watch. Not keys, certificates, functions and topics, which may have to be in us-east-1 to
# serve another region.
IN_USE = (
    *BUCKETS,
    DATABASE_CLUSTER,
    DATABASE_INSTANCE,
    VAULT,
    VPC,
    "aws:dynamodb/table:Table",
    "aws:ebs/volume:Volume",
    "aws:ec2/instance:Instance",
    "aws:efs/fileSystem:FileSystem",
    "aws:secretsmanager/secret:Secret",
    "aws:sqs/queue:Queue",
)


class Part(NamedTuple):
    """A type of which the account has one, the values of it that count, and the controls that ask for it."""

    token: str
    controls: tuple[str, ...]
    key: str = ""
    values: tuple[str, ...] = ()
    unset: str = ""
    everywhere: bool = False
    """Whether each region that is in use needs one of its own."""


PARTS: dict[str, Part] = {
    "trail": Part(TRAIL, ("SH:CloudTrail.1", "CIS7:4.1")),
    "recorder": Part(RECORDER, ("SH:Config.1", "CIS7:4.3"), everywhere=True),
    "detector": Part(DETECTOR, ("SH:GuardDuty.1",), everywhere=True),
    "security-hub": Part(HUB, ("PH:SECHUB", "CIS7:5.16"), everywhere=True),
    "security-hub-standards": Part(
        "aws:securityhub/standardsSubscription:StandardsSubscription", ("PH:SECHUB", "CIS7:5.16")
    ),
    "finding-aggregator": Part(AGGREGATOR, ("PH:SECHUB-AGG",)),
    "macie": Part("aws:macie2/account:Account", ("SH:Macie.1", "CIS7:3.1.3")),
    "inspector": Part(
        "aws:inspector2/enabler:Enabler", ("SH:Inspector.1", "SH:Inspector.2", "SH:Inspector.3", "SH:Inspector.4")
    ),
    "security-contact": Part(
        "aws:account/alternativeContact:AlternativeContact",
        ("SH:Account.1", "CIS7:2.3"),
        "alternateContactType",
        ("SECURITY",),
    ),
    "support-role": Part(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        ("SH:IAM.18", "CIS7:2.15"),
        "policyArn",
        ("arn:aws:iam::aws:policy/AWSSupportAccess",),
    ),
    "password-policy": Part(
        "aws:iam/accountPasswordPolicy:AccountPasswordPolicy", ("SH:IAM.7", "SH:IAM.15", "SH:IAM.16", "CIS7:2.8")
    ),
    "public-access-block": Part("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", ("SH:S3.1", "CIS7:3.1.4")),
    "access-analyzer": Part(
        ANALYZER, ("SH:IAM.28", "CIS7:2.18"), "type", ("ACCOUNT", "ORGANIZATION"), unset="ACCOUNT", everywhere=True
    ),
    "unused-access-analyzer": Part(
        ANALYZER, ("PH:AA-UNUSED",), "type", ("ACCOUNT_UNUSED_ACCESS", "ORGANIZATION_UNUSED_ACCESS"), unset="ACCOUNT"
    ),
    "session-preferences": Part(
        "aws:ssm/document:Document", ("PH:SSM-SESSION",), "name", ("SSM-SessionManagerRunShell",)
    ),
    "automation-log": Part(
        SERVICE_SETTING, ("SH:SSM.6",), "settingId", ("/ssm/automation/customer-script-log-destination",)
    ),
    "document-sharing": Part(
        SERVICE_SETTING,
        ("SH:SSM.7",),
        "settingId",
        ("/ssm/documents/console/public-sharing-permission",),
        everywhere=True,
    ),
    "volume-encryption": Part(
        "aws:ebs/encryptionByDefault:EncryptionByDefault", ("SH:EC2.7", "CIS7:6.1.1"), everywhere=True
    ),
    "volume-key": Part("aws:ebs/defaultKmsKey:DefaultKmsKey", ("PH:EBS-DEFAULTKEY",), everywhere=True),
    "snapshot-block": Part(
        "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", ("SH:EC2.182", "SH:EC2.1"), everywhere=True
    ),
    "image-block": Part("aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess", ("PH:AMI-BPA",), everywhere=True),
    "instance-metadata": Part(
        "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults", ("PH:IMDS-DEFAULT",), everywhere=True
    ),
    "allowed-images": Part("aws:ec2/allowedImagesSettings:AllowedImagesSettings", ("PH:AMI-ALLOW",), everywhere=True),
    "inventory": Part(INDEX, ("PH:INVENTORY",), everywhere=True),
    "inventory-of-all-regions": Part(INDEX, ("PH:INVENTORY",), "type", ("AGGREGATOR",)),
    "restore-tests": Part("aws:backup/restoreTestingPlan:RestoreTestingPlan", ("PH:RESTORE-PLAN",)),
    "backup-framework": Part("aws:backup/framework:Framework", ("PH:BAM-FRAMEWORK",)),
    "backup-reports": Part("aws:backup/reportPlan:ReportPlan", ("PH:BAM-REPORT",)),
    "backup-opt-in": Part("aws:backup/regionSettings:RegionSettings", ("PH:OPTIN",)),
}
NAMES: list[str] = setting(list(PARTS), "parts of the baseline that the stack must hold")
BASELINE: str = setting(
    AUTO,
    "whether the stack sets its account up: yes, no, or auto: it does if it has a trail of every region, or "
    "a recorder, a detector and a hub",
    owner="account_baseline_complete",
)


def sets_account_up(graph: Graph, baseline: str) -> bool:
    """Return whether a stack sets its account up, by a setting of `BASELINE`.

    Raises:
        Unknown: it can't be told.
    """
    if baseline not in {AUTO, "yes", "no"}:
        raise ValueError(f"the setting baseline is {baseline!r}; it must be yes, no or auto")
    if baseline != AUTO:
        return baseline == "yes"
    # Whoever has all of the others has lost the trail, and does not leave it to another stack.
    return any(trail.get("isMultiRegionTrail", default=False) for trail in graph.of_type(TRAIL)) or all(
        graph.of_type(token) for token in (RECORDER, DETECTOR, HUB)
    )


def require_account_set_up(graph: Graph, baseline: str) -> None:
    """Leave out a stack that doesn't set its account up.

    Raises:
        NotApplicable: it doesn't.
    """
    if not sets_account_up(graph, baseline):
        raise NotApplicable("the stack doesn't set its account up")


@rule(
    on=(STACK,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=tuple(dict.fromkeys(control for part in PARTS.values() for control in part.controls)),
    fix="add the part, or take it out of the setting parts if another stack of the account holds it",
)
def account_baseline_complete(
    stack: Resource, graph: Graph, *, baseline: str = BASELINE, parts: list[str] = NAMES
) -> Iterator[Finding]:
    """An account that nobody watches is one where nobody knows; one stack of the account must turn it all on.

    What AWS has one of for each region is asked for in every region where the stack has a store, a machine or a
    network: an intruder looks for the one that was forgotten.
    """
    if unheard := set(parts) - PARTS.keys():
        raise ValueError(f"the setting parts names {', '.join(sorted(unheard))}; there is no such part")
    require_account_set_up(graph, baseline)
    regions = graph.regions(*IN_USE)

    def judge(name: str) -> Iterator[Finding]:
        part = PARTS[name]
        found = [item for item in graph.of_type(part.token) if not part.key or _meant(part, item)]
        what = part.token + (f" of {part.values[0]}" if part.values else "")
        if not found:
            yield f"{name}: {stack.name} has no {what}"
        elif part.everywhere:
            covered = {item.region for item in found}
            for region in regions:
                if region not in covered:
                    yield f"{name}: {stack.name} has no {what} in {region}"

    yield from each(parts, judge)


def _meant(part: Part, item: Resource) -> bool:
    # A setting may be named by its ARN.
    value = str(item.get(part.key, default=part.unset))
    return value in part.values or any(value.endswith(f":servicesetting{name}") for name in part.values)


def _baseline(*, contact: str = "SECURITY", trail: bool = True) -> None:
    aws.s3.Bucket("trails")
    if trail:
        aws.cloudtrail.Trail("account", s3_bucket_name="trails", is_multi_region_trail=True)
    aws.cfg.Recorder("all", role_arn="arn:role")
    aws.guardduty.Detector("all")
    hub = aws.securityhub.Account("all")
    aws.securityhub.StandardsSubscription(
        "best", standards_arn="arn:best", opts=pulumi.ResourceOptions(depends_on=[hub])
    )
    aws.securityhub.FindingAggregator("all", linking_mode="ALL_REGIONS")
    aws.macie2.Account("all")
    aws.inspector2.Enabler("all", account_ids=["111122223333"], resource_types=["EC2"])
    aws.account.AlternativeContact(
        "security",
        alternate_contact_type=contact,
        email_address="security@example.com",
        name="Security",
        phone_number="+1",
        title="Security",
    )
    support = "arn:aws:iam::aws:policy/AWSSupportAccess"
    aws.iam.RolePolicyAttachment("support", role="support", policy_arn=support)
    aws.iam.AccountPasswordPolicy("account")
    aws.s3.AccountPublicAccessBlock("account")
    aws.ssm.Document("sessions", name="SSM-SessionManagerRunShell", document_type="Session", content="{}")
    aws.ssm.ServiceSetting(
        "log", setting_id="/ssm/automation/customer-script-log-destination", setting_value="CloudWatch"
    )
    sharing = "arn:aws:ssm:us-west-2:111122223333:servicesetting/ssm/documents/console/public-sharing-permission"
    aws.ssm.ServiceSetting("sharing", setting_id=sharing, setting_value="Disable")
    aws.ebs.EncryptionByDefault("all")
    aws.ebs.DefaultKmsKey("all", key_arn="arn:key")
    aws.ebs.SnapshotBlockPublicAccess("all", state="block-all-sharing")
    aws.ec2.ImageBlockPublicAccess("all", state="block-new-sharing")
    aws.ec2.InstanceMetadataDefaults("all", http_tokens="required")
    aws.ec2.AllowedImagesSettings("all", state="enabled")
    aws.accessanalyzer.Analyzer("outside", analyzer_name="outside")
    aws.accessanalyzer.Analyzer("unused", analyzer_name="unused", type="ACCOUNT_UNUSED_ACCESS")
    aws.resourceexplorer.Index("all", type="AGGREGATOR")
    selection: aws.backup.RestoreTestingPlanRecoveryPointSelectionArgsDict = {
        "algorithm": "LATEST_WITHIN_WINDOW",
        "include_vaults": ["*"],
        "recovery_point_types": ["SNAPSHOT"],
    }
    aws.backup.RestoreTestingPlan("all", recovery_point_selection=selection, schedule_expression="rate(30 days)")
    aws.backup.Framework("all", controls=[{"name": "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN"}])
    aws.backup.ReportPlan(
        "all",
        report_delivery_channel={"s3_bucket_name": "reports"},
        report_setting={"report_template": "BACKUP_JOB_REPORT"},
    )
    aws.backup.RegionSettings("all", resource_type_opt_in_preference={"Aurora": True})


@account_baseline_complete.passes
def everything_on() -> None:
    _baseline()


@account_baseline_complete.fails
def a_trail_and_nothing_else() -> None:
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", is_multi_region_trail=True)


@account_baseline_complete.fails
def nobody_to_call() -> None:
    _baseline(contact="BILLING")


@account_baseline_complete.fails
def everything_but_the_trail() -> None:
    _baseline(trail=False)


@account_baseline_complete.fails
def copies_in_a_region_that_nobody_watches() -> None:
    _baseline()
    aws.backup.Vault("copies", region="us-west-1")


@rule(
    on=(ANALYZER,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:AA-UNUSED",),
    fix="set configuration.unusedAccess.unusedAccessAge to the days between two reviews, or less",
)
def unused_access_found_in_time(
    analyzer: Resource,
    *,
    most_days: int = setting(90, "days after which access that nobody used is reported", minimum=1),
) -> Iterator[Finding]:
    """A right that nobody used since the last review is one to take away at the next."""
    if not str(analyzer.get("type", default="ACCOUNT")).endswith("_UNUSED_ACCESS"):
        raise NotApplicable("it looks for access from outside")
    # IAM Access Analyzer API Reference, UnusedAccessConfiguration: 1 to 365 days, and it names no default.
    days = analyzer.get("configuration", "unusedAccess", "unusedAccessAge")
    if days is None:
        yield f"configuration.unusedAccess.unusedAccessAge is not set; it must be {most_days} or less"
    elif days > most_days:
        yield f"configuration.unusedAccess.unusedAccessAge is {days}, more than {most_days}"


def _unused(days: int) -> None:
    aws.accessanalyzer.Analyzer(
        "unused",
        analyzer_name="unused",
        type="ACCOUNT_UNUSED_ACCESS",
        configuration={"unused_access": {"unused_access_age": days}},
    )


@unused_access_found_in_time.passes
def after_a_quarter() -> None:
    _unused(90)


@unused_access_found_in_time.fails
def after_a_year() -> None:
    _unused(365)


@unused_access_found_in_time.fails
def after_whatever_time_aws_takes() -> None:
    aws.accessanalyzer.Analyzer("unused", analyzer_name="unused", type="ACCOUNT_UNUSED_ACCESS")
