"""A change as it might arrive on a busy afternoon: a reporting database, its exports, and a role for the contractor.

Nothing here fails to deploy. Every line breaks a promise, and `make demo-block` shows the policy pack saying which.
"""

import json

import pulumi_aws as aws

anywhere = aws.ec2.SecurityGroup(
    "reporting",
    description="Reach the reporting database from the office",
    ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, "cidr_blocks": ["0.0.0.0/0"]}],
)

database = aws.rds.Instance(
    "reporting",
    engine="postgres",
    engine_version="16.4",
    instance_class="db.t4g.medium",
    allocated_storage=100,
    username="reporting",
    manage_master_user_password=True,
    publicly_accessible=True,
    vpc_security_group_ids=[anywhere.id],
    backup_retention_period=1,
    skip_final_snapshot=True,
)

exports = aws.s3.Bucket("exports", tags={"owner": "reporting", "environment": "production", "service": "reporting"})

readable = aws.s3.BucketPolicy(
    "exports",
    bucket=exports.id,
    policy=exports.bucket.apply(
        lambda name: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "s3:GetObject",
                        "Resource": f"arn:aws:s3:::{name}/*",
                    },
                ],
            }
        )
    ),
)

contractor = aws.iam.Policy(
    "contractor",
    policy=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    ),
)
