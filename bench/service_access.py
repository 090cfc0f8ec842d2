"""Who may do what in a service, and who reaches it: its key, its role with its rights, its security group."""

from __future__ import annotations

from bench.declared import ACCOUNT, REGION, Declared, Group, document


def add_key(service: Group) -> Declared:
    """Declare the key of its data, and the alias of the key; return the key."""
    number = f"1234abcd-12ab-34cd-56ef-{service.index:012x}"
    root = {
        "Sid": "Administration",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    logs = {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:*"}},
    }
    made = service.add(
        "aws:kms/key:Key",
        "aws_kms_key",
        "key",
        (number, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number}"),
        description=f"Data of {service.name}",
        enableKeyRotation=not service.faulty(9),
        deletionWindowInDays=30,
        policy=document(root, logs),
        tags=service.tags,
    )
    service.add("aws:kms/alias:Alias", "aws_kms_alias", "alias", name=f"alias/{service.name}", targetKeyId=made.id)
    return made


def add_role(service: Group) -> Declared:
    """Declare the role that it runs with."""
    name = f"{service.name}-role"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    return service.add(
        "aws:iam/role:Role",
        "aws_iam_role",
        "role",
        (name, f"arn:aws:iam::{ACCOUNT}:role/{name}"),
        name=name,
        assumeRolePolicy=document(trust),
        maxSessionDuration=3600,
        tags=service.tags,
    )


def add_rights(service: Group, role: Declared, key: Declared, bucket: Declared, logs: Declared) -> None:
    """Declare what the role may do with the key, the bucket and the logs."""
    name = f"{service.name}-policy"
    read = {
        "Sid": "Objects",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": f"{bucket.arn}/*",
    }
    use = {
        "Sid": "Key",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": str(key.arn),
    }
    wide = {
        "Sid": "Rows",
        "Effect": "Allow",
        "Action": "dynamodb:*" if service.faulty(7) else ["dynamodb:GetItem", "dynamodb:Query"],
        "Resource": "*" if service.faulty(7) else f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{service.name}-table",
    }
    policy = service.add(
        "aws:iam/policy:Policy",
        "aws_iam_policy",
        "policy",
        (f"arn:aws:iam::{ACCOUNT}:policy/{name}",) * 2,
        name=name,
        policy=document(read, use, wide),
        tags=service.tags,
    )
    writing = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{logs.arn}:*",
    }
    service.add("aws:iam/rolePolicy:RolePolicy", "aws_iam_role_policy", "logs", role=role.id, policy=document(writing))
    service.add(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws_iam_role_policy_attachment",
        "attachment",
        role=role.id,
        policyArn=policy.arn,
    )


def add_security_group(service: Group, vpc: Declared) -> Declared:
    """Declare the security group and its rules; return the group."""
    key = f"sg-{service.hexadecimal(50)}"
    group = service.add(
        "aws:ec2/securityGroup:SecurityGroup",
        "aws_security_group",
        "sg",
        (key, f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{key}"),
        name=service.name,
        description=f"Traffic of {service.name}",
        vpcId=vpc.id,
        tags=service.tags,
    )
    for number, port in enumerate((443, 5432, 8080)):
        open_to = "0.0.0.0/0" if port == 5432 and service.faulty(8) else f"10.{service.index % 256}.{number}.0/24"
        service.add(
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "aws_vpc_security_group_ingress_rule",
            f"in-{port}",
            securityGroupId=group.id,
            ipProtocol="tcp",
            fromPort=port,
            toPort=port,
            cidrIpv4=open_to,
            description=f"Port {port}",
            tags=service.tags,
        )
    service.add(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws_vpc_security_group_egress_rule",
        "out",
        securityGroupId=group.id,
        ipProtocol="tcp",
        fromPort=443,
        toPort=443,
        cidrIpv4="10.0.0.0/8",
        description="Services",
        tags=service.tags,
    )
    return group
