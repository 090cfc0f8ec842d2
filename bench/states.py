"""States made by code: services as teams run them, each with keys, buckets, databases, roles and what surrounds them.

Enters: how many resources. Leaves: that many, the same ones every time. A service is some forty resources. Now and then
one has a fault, as in any account: scanners and packs must say so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, islice

from bench.declared import ACCOUNT, REGION, Declared, Group, Network, document

SERVICES_A_NETWORK = 8


def resources(number: int) -> list[Declared]:
    """Return so many resources."""
    return list(islice(_everything(), number))


def _everything() -> Iterator[Declared]:
    network: Network | None = None
    for index in count():
        if network is None or index % SERVICES_A_NETWORK == 0:
            network = Network(index // SERVICES_A_NETWORK)
            yield from network.declared
        yield from Service(index, network).declared


class Service(Group):
    """What a service runs on."""

    def __init__(self, index: int, network: Network) -> None:
        super().__init__(f"svc{index}", index)
        self.network = network
        self.subnets = [subnet.id for subnet in network.subnets]
        self.key = self._key()
        self.role = self._role()
        self.group = self._security_groups()
        self.topic = self._queues()
        self.logs = self.add(
            "aws:cloudwatch/logGroup:LogGroup",
            "aws_cloudwatch_log_group",
            "logs",
            name=f"/services/{self.name}",
            retentionInDays=14 if self.faulty(6) else 400,
            kmsKeyId=self.key.arn,
            tags=self.tags,
        )
        self.bucket = self._bucket()
        self._rights()
        self._stores()
        self._compute()
        self._alarms()

    def _key(self) -> Declared:
        key = f"1234abcd-12ab-34cd-56ef-{self.index:012x}"
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
        made = self.add(
            "aws:kms/key:Key",
            "aws_kms_key",
            "key",
            (key, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}"),
            description=f"Data of {self.name}",
            enableKeyRotation=not self.faulty(9),
            deletionWindowInDays=30,
            policy=document(root, logs),
            tags=self.tags,
        )
        self.add("aws:kms/alias:Alias", "aws_kms_alias", "alias", name=f"alias/{self.name}", targetKeyId=made.id)
        return made

    def _role(self) -> Declared:
        name = f"{self.name}-role"
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
        return self.add(
            "aws:iam/role:Role",
            "aws_iam_role",
            "role",
            (name, f"arn:aws:iam::{ACCOUNT}:role/{name}"),
            name=name,
            assumeRolePolicy=document(trust),
            maxSessionDuration=3600,
            tags=self.tags,
        )

    def _rights(self) -> None:
        name = f"{self.name}-policy"
        read = {
            "Sid": "Objects",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": f"{self.bucket.arn}/*",
        }
        use = {
            "Sid": "Key",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": str(self.key.arn),
        }
        wide = {
            "Sid": "Rows",
            "Effect": "Allow",
            "Action": "dynamodb:*" if self.faulty(7) else ["dynamodb:GetItem", "dynamodb:Query"],
            "Resource": "*" if self.faulty(7) else f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{self.name}-table",
        }
        policy = self.add(
            "aws:iam/policy:Policy",
            "aws_iam_policy",
            "policy",
            (f"arn:aws:iam::{ACCOUNT}:policy/{name}",) * 2,
            name=name,
            policy=document(read, use, wide),
            tags=self.tags,
        )
        logs = {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{self.logs.arn}:*",
        }
        self.add(
            "aws:iam/rolePolicy:RolePolicy", "aws_iam_role_policy", "logs", role=self.role.id, policy=document(logs)
        )
        self.add(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "aws_iam_role_policy_attachment",
            "attachment",
            role=self.role.id,
            policyArn=policy.arn,
        )

    def _security_groups(self) -> Declared:
        key = f"sg-{self.hexadecimal(50)}"
        group = self.add(
            "aws:ec2/securityGroup:SecurityGroup",
            "aws_security_group",
            "sg",
            (key, f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{key}"),
            name=self.name,
            description=f"Traffic of {self.name}",
            vpcId=self.network.vpc.id,
            tags=self.tags,
        )
        for number, port in enumerate((443, 5432, 8080)):
            open_to = "0.0.0.0/0" if port == 5432 and self.faulty(8) else f"10.{self.index % 256}.{number}.0/24"
            self.add(
                "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
                "aws_vpc_security_group_ingress_rule",
                f"in-{port}",
                securityGroupId=group.id,
                ipProtocol="tcp",
                fromPort=port,
                toPort=port,
                cidrIpv4=open_to,
                description=f"Port {port}",
                tags=self.tags,
            )
        self.add(
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            "aws_vpc_security_group_egress_rule",
            "out",
            securityGroupId=group.id,
            ipProtocol="tcp",
            fromPort=443,
            toPort=443,
            cidrIpv4="10.0.0.0/8",
            description="Services",
            tags=self.tags,
        )
        return group

    def _queues(self) -> Declared:
        topic = self.add(
            "aws:sns/topic:Topic",
            "aws_sns_topic",
            "topic",
            (f"arn:aws:sns:{REGION}:{ACCOUNT}:{self.name}",) * 2,
            name=self.name,
            kmsMasterKeyId=self.key.id,
            tags=self.tags,
        )
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"
        deny = {
            "Sid": "Transport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        send = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": str(topic.arn)}},
        }
        url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self.name}"
        dead = self.add(
            "aws:sqs/queue:Queue",
            "aws_sqs_queue",
            "dead",
            name=f"{self.name}-dead",
            kmsMasterKeyId=self.key.id,
            messageRetentionSeconds=1209600,
            tags=self.tags,
        )
        queue = self.add(
            "aws:sqs/queue:Queue",
            "aws_sqs_queue",
            "queue",
            (url, arn),
            name=self.name,
            kmsMasterKeyId=None if self.faulty(6) else self.key.id,
            visibilityTimeoutSeconds=60,
            redrivePolicy=json.dumps({"deadLetterTargetArn": str(dead.arn), "maxReceiveCount": 5}),
            tags=self.tags,
        )
        self.add(
            "aws:sqs/queuePolicy:QueuePolicy",
            "aws_sqs_queue_policy",
            "queue-policy",
            queueUrl=queue.id,
            policy=document(deny, send),
        )
        self.add(
            "aws:sns/topicSubscription:TopicSubscription",
            "aws_sns_topic_subscription",
            "subscription",
            topic=topic.arn,
            protocol="sqs",
            endpoint=queue.arn,
        )
        return topic

    def _bucket(self) -> Declared:
        name = f"example-{self.name}-data"
        arn = f"arn:aws:s3:::{name}"
        bucket = self.add("aws:s3/bucket:Bucket", "aws_s3_bucket", "bucket", (name, arn), bucket=name, tags=self.tags)
        self.add(
            "aws:s3/bucketVersioning:BucketVersioning",
            "aws_s3_bucket_versioning",
            "versioning",
            bucket=bucket.id,
            versioningConfiguration={"status": "Suspended" if self.faulty(5) else "Enabled"},
        )
        self.add(
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "aws_s3_bucket_server_side_encryption_configuration",
            "encryption",
            bucket=bucket.id,
            rules=[
                {
                    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": self.key.arn},
                    "bucketKeyEnabled": True,
                }
            ],
        )
        self.add(
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            "aws_s3_bucket_public_access_block",
            "access",
            bucket=bucket.id,
            blockPublicAcls=True,
            blockPublicPolicy=not self.faulty(10),
            ignorePublicAcls=True,
            restrictPublicBuckets=not self.faulty(10),
        )
        self.add(
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            "aws_s3_bucket_lifecycle_configuration",
            "lifecycle",
            bucket=bucket.id,
            rules=[
                {
                    "id": "old",
                    "status": "Enabled",
                    "noncurrentVersionExpiration": {"noncurrentDays": 90},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        )
        deny = {
            "Sid": "Transport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        self.add(
            "aws:s3/bucketPolicy:BucketPolicy",
            "aws_s3_bucket_policy",
            "bucket-policy",
            bucket=bucket.id,
            policy=document(deny),
        )
        return bucket

    def _stores(self) -> None:
        self.add(
            "aws:dynamodb/table:Table",
            "aws_dynamodb_table",
            "table",
            name=f"{self.name}-table",
            billingMode="PAY_PER_REQUEST",
            hashKey="pk",
            rangeKey="sk",
            attributes=[{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}],
            serverSideEncryption={"enabled": True, "kmsKeyArn": self.key.arn},
            pointInTimeRecovery={"enabled": not self.faulty(7)},
            deletionProtectionEnabled=True,
            tags=self.tags,
        )
        self.add(
            "aws:secretsmanager/secret:Secret",
            "aws_secretsmanager_secret",
            "secret",
            name=f"{self.name}/database",
            kmsKeyId=self.key.id,
            recoveryWindowInDays=30,
            tags=self.tags,
        )
        if self.index % 2:
            return
        subnets = self.add(
            "aws:rds/subnetGroup:SubnetGroup",
            "aws_db_subnet_group",
            "subnets",
            name=self.name,
            subnetIds=self.subnets,
            tags=self.tags,
        )
        parameters = self.add(
            "aws:rds/parameterGroup:ParameterGroup",
            "aws_db_parameter_group",
            "parameters",
            name=self.name,
            family="postgres16",
            parameters=[
                {"name": "rds.force_ssl", "value": "1", "applyMethod": "pending-reboot"},
                {"name": "log_statement", "value": "ddl", "applyMethod": "immediate"},
            ],
            tags=self.tags,
        )
        self.add(
            "aws:rds/instance:Instance",
            "aws_db_instance",
            "database",
            identifier=self.name,
            engine="postgres",
            engineVersion="16.4",
            instanceClass="db.r6g.large",
            allocatedStorage=100,
            storageType="gp3",
            storageEncrypted=True,
            kmsKeyId=self.key.arn,
            multiAz=not self.faulty(5),
            backupRetentionPeriod=35,
            deletionProtection=True,
            copyTagsToSnapshot=True,
            publiclyAccessible=False,
            iamDatabaseAuthenticationEnabled=True,
            autoMinorVersionUpgrade=True,
            performanceInsightsEnabled=True,
            performanceInsightsKmsKeyId=self.key.arn,
            manageMasterUserPassword=True,
            username="root",
            enabledCloudwatchLogsExports=["postgresql", "upgrade"],
            monitoringInterval=60,
            dbSubnetGroupName=subnets.id,
            parameterGroupName=parameters.id,
            vpcSecurityGroupIds=[self.group.id],
            tags=self.tags,
        )

    def _compute(self) -> None:
        image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{self.name}@sha256:{self.index:064x}"
        self.add(
            "aws:ecr/repository:Repository",
            "aws_ecr_repository",
            "images",
            name=self.name,
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
            encryptionConfigurations=[{"encryptionType": "KMS", "kmsKey": self.key.arn}],
            tags=self.tags,
        )
        container = {
            "name": "app",
            "image": image,
            "essential": True,
            "readonlyRootFilesystem": True,
            "user": "1000",
            "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
            "environment": [{"name": "STAGE", "value": "production"}, {"name": "BUCKET", "value": str(self.bucket.id)}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": f"/services/{self.name}",
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": "app",
                },
            },
        }
        task = self.add(
            "aws:ecs/taskDefinition:TaskDefinition",
            "aws_ecs_task_definition",
            "task",
            family=self.name,
            cpu="512",
            memory="1024",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=self.role.arn,
            taskRoleArn=self.role.arn,
            containerDefinitions=json.dumps([container]),
            tags=self.tags,
        )
        target = self.add(
            "aws:lb/targetGroup:TargetGroup",
            "aws_lb_target_group",
            "target",
            name=self.name,
            port=8080,
            protocol="HTTPS",
            targetType="ip",
            vpcId=self.network.vpc.id,
            healthCheck={"path": "/health", "protocol": "HTTPS", "interval": 15},
            tags=self.tags,
        )
        self.add(
            "aws:ecs/service:Service",
            "aws_ecs_service",
            "service",
            name=self.name,
            cluster=f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/main",
            taskDefinition=task.arn,
            desiredCount=3,
            launchType="FARGATE",
            networkConfiguration={
                "subnets": self.subnets,
                "securityGroups": [self.group.id],
                "assignPublicIp": self.faulty(9),
            },
            loadBalancers=[{"targetGroupArn": target.arn, "containerName": "app", "containerPort": 8080}],
            tags=self.tags,
        )
        self.add(
            "aws:lambda/function:Function",
            "aws_lambda_function",
            "function",
            name=self.name,
            runtime="python3.9" if self.faulty(6) else "python3.13",
            handler="main.handler",
            role=self.role.arn,
            s3Bucket=self.bucket.id,
            s3Key="main.zip",
            timeout=30,
            memorySize=256,
            kmsKeyArn=self.key.arn,
            environment={"variables": {"STAGE": "production", "TABLE": f"{self.name}-table"}},
            vpcConfig={"subnetIds": self.subnets, "securityGroupIds": [self.group.id]},
            tracingConfig={"mode": "Active"},
            tags=self.tags,
        )

    def _alarms(self) -> None:
        for metric in ("Errors", "Throttles", "Duration"):
            self.add(
                "aws:cloudwatch/metricAlarm:MetricAlarm",
                "aws_cloudwatch_metric_alarm",
                metric.lower(),
                name=f"{self.name}-{metric}",
                namespace="AWS/Lambda",
                metricName=metric,
                statistic="Sum",
                period=60,
                evaluationPeriods=3,
                threshold=1,
                comparisonOperator="GreaterThanThreshold",
                dimensions={"FunctionName": self.name},
                alarmActions=[self.topic.arn],
                treatMissingData="notBreaching",
                tags=self.tags,
            )
