"""Application secrets: made in AWS, rotated there, and known to no program, no settings and no state.

Enters: the keys of both regions, the network and the alarm topic. Leaves: `ApplicationSecrets` with its `secrets` by
name. The first rotation gives a secret its first value. The database's password isn't among them: RDS makes and
rotates it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_aws import ec2, iam, lambda_, secretsmanager, vpc

from infrastructure.access import write
from infrastructure.alarms import AlarmTopic, notify
from infrastructure.documents import trust
from infrastructure.logs import LogGroups
from infrastructure.network import Network
from infrastructure.provisioning import rotation_name
from infrastructure.scope import CustomerData, DataClass

SERVICE = "application-secrets"
SECRETS = {
    "signing-key": "Signs sessions and password resets; Django takes the last one as a fallback",
}
"""Name and purpose of each secret of the application."""

ROTATION_DAYS = 90
"""Encryption: SecretsManager.4 asks for a rotation within 90 days."""

RECOVERY_WINDOW_DAYS = 30
"""The most that Secrets Manager keeps what was deleted: DeleteSecret, 7 to 30 days."""

SOURCE = Path(__file__).with_name("rotation_function.py")
"""Read, not imported: what it imports is Lambda's."""

HTTPS = 443


@dataclass(frozen=True)
class ApplicationSecretsArgs:
    """Where the rotation function runs, and which keys the secrets are encrypted under."""

    customer_data: CustomerData
    network: Network
    log_groups: LogGroups
    topic: AlarmTopic
    key_arn: pulumi.Output[str]
    recovery_key_arn: pulumi.Output[str]


class ApplicationSecrets(pulumi.ComponentResource):
    """Secrets with a replica in the recovery region, and the function that rotates them."""

    def __init__(self, name: str, args: ApplicationSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:secrets:ApplicationSecrets", name, {}, opts)
        self._args = args
        self._scope = args.customer_data.scope
        self._child = pulumi.ResourceOptions(parent=self)
        self.secrets = {secret: self._create_secret(secret, purpose) for secret, purpose in SECRETS.items()}
        function = self._create_function(f"{name}-rotation")
        for secret in SECRETS:
            self._rotate(secret, function)
        _notify_of_failures(args.topic)
        self.register_outputs({})

    def _create_secret(self, name: str, purpose: str) -> secretsmanager.Secret:
        """Not backed up, as AWS Backup takes no secrets: the replica is what survives the region."""
        args = self._args
        return secretsmanager.Secret(
            name,
            description=purpose,
            kms_key_id=args.key_arn,
            recovery_window_in_days=RECOVERY_WINDOW_DAYS,
            replicas=[{"region": self._scope.recovery_region, "kms_key_id": args.recovery_key_arn}],
            tags=self._scope.tags(SERVICE, DataClass.RESTRICTED, **args.customer_data.papers),
            opts=pulumi.ResourceOptions(parent=self, protect=not self._scope.disposable),
        )

    def _rotate(self, name: str, function: lambda_.Function) -> None:
        secret = self.secrets[name]
        permission = lambda_.Permission(
            f"{name}-rotation-permission",
            action="lambda:InvokeFunction",
            function=function.name,
            principal="secretsmanager.amazonaws.com",
            source_account=self._scope.account,
            source_arn=secret.arn,
            opts=self._child,
        )
        secretsmanager.SecretRotation(
            f"{name}-rotation",
            secret_id=secret.id,
            rotation_lambda_arn=function.arn,
            rotation_rules={"automatically_after_days": ROTATION_DAYS},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )

    def _create_function(self, name: str) -> lambda_.Function:
        """In the private subnets, from where it reaches Secrets Manager through its endpoint. It has no settings."""
        args = self._args
        tags = self._scope.tags(SERVICE, DataClass.INTERNAL)
        group = args.log_groups.create(f"{name}-log-group", self._scope.log_group("secret-rotation"), SERVICE, self)
        role = iam.Role(
            f"{name}-role",
            description="The rotation function gives secrets new values",
            assume_role_policy=trust("lambda.amazonaws.com"),
            tags=tags,
            opts=self._child,
        )
        permissions = self._let_rotate(name, role)
        return lambda_.Function(
            name,
            name=rotation_name(self._scope),
            description="Gives application secrets new values",
            runtime=lambda_.Runtime.PYTHON3D13,
            architectures=["arm64"],
            handler="rotation_function.handler",
            code=pulumi.AssetArchive({"rotation_function.py": pulumi.StringAsset(SOURCE.read_text())}),
            role=role.arn,
            timeout=60,
            memory_size=128,
            vpc_config={
                "subnet_ids": [subnet.id for subnet in args.network.subnets["private"]],
                "security_group_ids": [self._create_security_group(name).id],
            },
            logging_config={
                "log_format": "JSON",
                "log_group": group.name,
                "application_log_level": "INFO",
                "system_log_level": "INFO",
            },
            tracing_config={"mode": "Active"},
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )

    def _create_security_group(self, name: str) -> ec2.SecurityGroup:
        args = self._args
        tags = self._scope.tags(SERVICE, DataClass.INTERNAL)
        group = ec2.SecurityGroup(
            name,
            description="The rotation function",
            vpc_id=args.network.vpc.id,
            tags=tags,
            opts=self._child,
        )
        vpc.SecurityGroupEgressRule(
            f"{name}-to-endpoints",
            description="TLS to the endpoints of AWS services in the VPC",
            security_group_id=group.id,
            cidr_ipv4=args.network.vpc.cidr_block,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=group),
        )
        return group

    def _let_rotate(self, name: str, role: iam.Role) -> iam.RolePolicy:
        """These secrets, their key through Secrets Manager, its own log, and what Lambda does with it in a VPC.

        Source: "Lambda rotation function execution role permissions" in the Secrets Manager user guide, "Giving Lambda
        functions access to resources in an Amazon VPC" and "Visualize Lambda function invocations using AWS X-Ray" in
        the Lambda developer guide: network interfaces and traces are of no resource that could be named.
        """
        scope = self._scope
        allow = {"Effect": "Allow"}
        streams = scope.arn("logs", f"log-group:{scope.log_group('secret-rotation')}:*")
        return write(
            name,
            role,
            (
                {
                    **allow,
                    "Sid": "RotatesTheseSecrets",
                    "Action": [
                        "secretsmanager:DescribeSecret",
                        "secretsmanager:GetSecretValue",
                        "secretsmanager:PutSecretValue",
                        "secretsmanager:UpdateSecretVersionStage",
                    ],
                    "Resource": [secret.arn for secret in self.secrets.values()],
                },
                {
                    **allow,
                    "Sid": "UsesTheirKey",
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                    "Resource": self._args.key_arn,
                    "Condition": {"StringEquals": {"kms:ViaService": f"secretsmanager.{scope.region}.amazonaws.com"}},
                },
                {
                    **allow,
                    "Sid": "WritesItsLog",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": streams,
                },
                {
                    **allow,
                    "Sid": "MakesValuesAndTracesAndRunsInTheVpc",
                    "Action": [
                        "ec2:AssignPrivateIpAddresses",
                        "ec2:CreateNetworkInterface",
                        "ec2:DeleteNetworkInterface",
                        "ec2:DescribeNetworkInterfaces",
                        "ec2:DescribeSubnets",
                        "ec2:UnassignPrivateIpAddresses",
                        "secretsmanager:GetRandomPassword",
                        "xray:PutTelemetryRecords",
                        "xray:PutTraceSegments",
                    ],
                    "Resource": "*",
                },
            ),
        )


def _notify_of_failures(topic: AlarmTopic) -> None:
    """Source: "Match Secrets Manager events with Amazon EventBridge" in the Secrets Manager user guide."""
    notify(
        topic,
        "rotation-failures",
        "Secrets whose rotation failed",
        {
            "source": ["aws.secretsmanager"],
            "detail-type": ["AWS Service Event via CloudTrail"],
            "detail": {"eventName": ["RotationFailed", "RotationAbandoned"]},
        },
    )
