"""What every emulated resource type must be seen to do: one case a type, a file a service, in `CASES`."""

from tests.sandbox.conformance import (
    account,
    analysis,
    backup,
    cfg,
    cloudtrail,
    cloudwatch,
    ec2,
    ec2_endpoints,
    ec2_routes,
    ec2_security_groups,
    events,
    guardduty,
    iam,
    kms,
    logs,
    rds,
    s3,
    securityhub,
    sns,
)

CASES = tuple(
    case
    for service in (
        account,
        analysis,
        backup,
        cfg,
        cloudtrail,
        cloudwatch,
        ec2,
        ec2_endpoints,
        ec2_routes,
        ec2_security_groups,
        events,
        guardduty,
        iam,
        kms,
        logs,
        rds,
        s3,
        securityhub,
        sns,
    )
    for case in service.CASES
)
