"""Logging: an account-wide trail that can't be altered, and a log of every access, kept long enough."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.tokens import BUCKET_LOGGING, BUCKETS, DATABASE_CLUSTER, DATABASE_INSTANCE, TRAIL, VPC, inline
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Row, Severity, aws, each, rule, setting

FLOW_LOG = "aws:ec2/flowLog:FlowLog"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
TRAIL_SETTINGS = (
    Row(("isMultiRegionTrail",)),
    Row(("includeGlobalServiceEvents",), unset=True),
    Row(("enableLogging",), unset=True),
    Row(("enableLogFileValidation",)),
)


@rule(
    on=(TRAIL,),
    severity=Severity.HIGH,
    promise="information-security",
    controls=("SH:CloudTrail.1", "SH:CloudTrail.4", "CIS7:4.1", "CIS7:4.2"),
    fix="set isMultiRegionTrail and enableLogFileValidation to true, and leave logging and global events on",
)
def trail_complete_and_validated(trail: Resource) -> Iterator[Finding]:
    """An intruder works in the region that nobody looks at, and changes the log afterwards."""
    yield from each(TRAIL_SETTINGS, lambda row: row.judge(trail))


@trail_complete_and_validated.passes
def every_region_validated() -> None:
    aws.cloudtrail.Trail(
        "account", s3_bucket_name="trails", is_multi_region_trail=True, enable_log_file_validation=True
    )


@trail_complete_and_validated.fails
def one_region() -> None:
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", enable_log_file_validation=True)


@trail_complete_and_validated.fails
def switched_off() -> None:
    aws.cloudtrail.Trail(
        "account",
        s3_bucket_name="trails",
        is_multi_region_trail=True,
        enable_log_file_validation=True,
        enable_logging=False,
    )


@rule(
    on=(VPC,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:EC2.6", "CIS7:4.7"),
    fix="give the VPC an aws.ec2.FlowLog with trafficType ALL",
)
def vpc_flow_logged(vpc: Resource, graph: Graph) -> Iterator[Finding]:
    """Without flow logs nobody can say where data went."""
    logs = graph.children(vpc, on=FLOW_LOG, via="vpcId")
    if not any(log.get("trafficType") == "ALL" for log in logs):
        yield "no flow log covers all of its traffic"


@vpc_flow_logged.passes
def all_traffic() -> None:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    aws.ec2.FlowLog("main", vpc_id=vpc.id, traffic_type="ALL", log_destination="arn:aws:s3:::flow")


@vpc_flow_logged.fails
def refused_traffic_only() -> None:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    aws.ec2.FlowLog("main", vpc_id=vpc.id, traffic_type="REJECT", log_destination="arn:aws:s3:::flow")


@vpc_flow_logged.fails
def another_vpc_logged() -> None:
    aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    other = aws.ec2.Vpc("other", cidr_block="10.1.0.0/16")
    aws.ec2.FlowLog("other", vpc_id=other.id, traffic_type="ALL", log_destination="arn:aws:s3:::flow")


@rule(
    on=BUCKETS,
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:S3.9",),
    fix="give the bucket an aws.s3.BucketLogging to a log bucket of the stack",
)
def bucket_access_logged(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Every access to customer data leaves a trace."""
    if graph.children(bucket, on=BUCKET_LOGGING, via="targetBucket"):
        raise NotApplicable("a bucket that logs are written to would log its own writing")
    if not graph.children(bucket, on=BUCKET_LOGGING, via="bucket") and not inline(bucket, "logging"):
        yield "server access logging is not configured"


@bucket_access_logged.passes
def logged() -> None:
    logs = aws.s3.Bucket("logs")
    data = aws.s3.Bucket("data")
    aws.s3.BucketLogging("data", bucket=data.id, target_bucket=logs.id, target_prefix="data/")
    named = aws.s3.BucketV2("named", bucket="named")
    aws.s3.BucketLoggingV2("named", bucket="named", target_bucket=logs.id, target_prefix=named.bucket)


@bucket_access_logged.fails
def not_logged() -> None:
    aws.s3.Bucket("data")


EXPORTS = {
    "aurora-postgresql": ("postgresql",),
    "postgres": ("postgresql", "upgrade"),
    "aurora-mysql": ("audit", "error"),
    "mysql": ("audit", "error"),
    "mariadb": ("audit", "error"),
    **dict.fromkeys(("oracle-ee", "oracle-ee-cdb", "oracle-se2", "oracle-se2-cdb"), ("alert", "audit", "listener")),
    **dict.fromkeys(("sqlserver-ee", "sqlserver-se", "sqlserver-web"), ("error", "agent")),
    "sqlserver-ex": ("error",),
}


@rule(
    on={
        DATABASE_CLUSTER: Row(("enabledCloudwatchLogsExports",), controls=("SH:RDS.37",)),
        DATABASE_INSTANCE: Row(("enabledCloudwatchLogsExports",), controls=("SH:RDS.9", "SH:RDS.36")),
    },
    severity=Severity.MEDIUM,
    promise="data-protection",
    fix="list the engine's logs in enabledCloudwatchLogsExports",
)
def database_logs_exported(database: Resource, row: Row) -> Iterator[Finding]:
    """A log that stays on the database is lost with it, and whoever took it over can change it."""
    wanted = EXPORTS.get(database.get("engine", default=""))
    if wanted is None:
        raise NotApplicable("no log is required of the engine")
    exported = database.get(*row.path, default=())
    for name in wanted:
        if name not in exported:
            yield f"{row.path[0]} lacks {name}"


@database_logs_exported.passes
def postgres_logs_exported() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", enabled_cloudwatch_logs_exports=["postgresql"])
    aws.rds.Instance(
        "reports",
        engine="postgres",
        instance_class="db.t4g.small",
        enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
    )


@database_logs_exported.fails
def upgrades_not_exported() -> None:
    aws.rds.Instance(
        "reports",
        engine="postgres",
        instance_class="db.t4g.small",
        enabled_cloudwatch_logs_exports=["postgresql"],
    )


@rule(
    on=(LOG_GROUP,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:CloudWatch.16",),
    fix="set retentionInDays to the days that the logs are needed, a year at least",
)
def log_group_retention(
    group: Resource, *, least_days: int = setting(365, "days that logs are kept", minimum=1)
) -> Iterator[Finding]:
    """An intrusion is often found months later; a log kept for ever keeps personal data for ever."""
    # CloudWatch Logs API Reference, PutRetentionPolicy: without a policy, events never expire; the SDK spells it 0.
    days = group.get("retentionInDays", default=0)
    if days == 0:
        yield "retentionInDays is not set, so the logs never expire"
    elif days < least_days:
        yield f"retentionInDays is {days}, less than {least_days}"


@log_group_retention.passes
def kept_for_a_year() -> None:
    aws.cloudwatch.LogGroup("web", retention_in_days=365)


@log_group_retention.fails
def kept_for_ever() -> None:
    aws.cloudwatch.LogGroup("web")


@log_group_retention.fails
def kept_for_a_week() -> None:
    aws.cloudwatch.LogGroup("web", retention_in_days=7)
