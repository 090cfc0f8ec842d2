"""What every emulated resource type must be seen to do: one case a type, a file a service, in `CASES`."""

from tests.sandbox.conformance import (
    account,
    backup,
    cloudtrail,
    ec2,
    ec2_endpoints,
    ec2_routes,
    ec2_security_groups,
    iam,
    kms,
    logs,
    rds,
    s3,
)

CASES = tuple(
    case
    for service in (
        account,
        backup,
        cloudtrail,
        ec2,
        ec2_endpoints,
        ec2_routes,
        ec2_security_groups,
        iam,
        kms,
        logs,
        rds,
        s3,
    )
    for case in service.CASES
)
