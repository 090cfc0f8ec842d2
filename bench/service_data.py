"""Where a service keeps and sends its data: queues, a bucket, a table, a secret, a database."""

from __future__ import annotations

import json

from bench.declared import ACCOUNT, REGION, Declared, Group, Id, document


def add_queues(service: Group, key: Declared) -> Declared:
    """Declare a topic, its queue, and where what fails ends; return the topic."""
    topic = service.add(
        "aws:sns/topic:Topic",
        "aws_sns_topic",
        "topic",
        (f"arn:aws:sns:{REGION}:{ACCOUNT}:{service.name}",) * 2,
        name=service.name,
        kmsMasterKeyId=key.id,
        tags=service.tags,
    )
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{service.name}"
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
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{service.name}"
    dead = service.add(
        "aws:sqs/queue:Queue",
        "aws_sqs_queue",
        "dead",
        name=f"{service.name}-dead",
        kmsMasterKeyId=key.id,
        messageRetentionSeconds=1209600,
        tags=service.tags,
    )
    queue = service.add(
        "aws:sqs/queue:Queue",
        "aws_sqs_queue",
        "queue",
        (url, arn),
        name=service.name,
        kmsMasterKeyId=None if service.faulty(6) else key.id,
        visibilityTimeoutSeconds=60,
        redrivePolicy=json.dumps({"deadLetterTargetArn": str(dead.arn), "maxReceiveCount": 5}),
        tags=service.tags,
    )
    service.add(
        "aws:sqs/queuePolicy:QueuePolicy",
        "aws_sqs_queue_policy",
        "queue-policy",
        queueUrl=queue.id,
        policy=document(deny, send),
    )
    service.add(
        "aws:sns/topicSubscription:TopicSubscription",
        "aws_sns_topic_subscription",
        "subscription",
        topic=topic.arn,
        protocol="sqs",
        endpoint=queue.arn,
    )
    return topic


def add_bucket(service: Group, key: Declared) -> Declared:
    """Declare the bucket of its files, with everything that makes it a private one; return the bucket."""
    name = f"example-{service.name}-data"
    arn = f"arn:aws:s3:::{name}"
    bucket = service.add("aws:s3/bucket:Bucket", "aws_s3_bucket", "bucket", (name, arn), bucket=name, tags=service.tags)
    service.add(
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws_s3_bucket_versioning",
        "versioning",
        bucket=bucket.id,
        versioningConfiguration={"status": "Suspended" if service.faulty(5) else "Enabled"},
    )
    service.add(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws_s3_bucket_server_side_encryption_configuration",
        "encryption",
        bucket=bucket.id,
        rules=[
            {
                "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key.arn},
                "bucketKeyEnabled": True,
            }
        ],
    )
    service.add(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws_s3_bucket_public_access_block",
        "access",
        bucket=bucket.id,
        blockPublicAcls=True,
        blockPublicPolicy=not service.faulty(10),
        ignorePublicAcls=True,
        restrictPublicBuckets=not service.faulty(10),
    )
    service.add(
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
    service.add(
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws_s3_bucket_policy",
        "bucket-policy",
        bucket=bucket.id,
        policy=document(deny),
    )
    return bucket


def add_stores(service: Group, key: Declared, group: Declared, subnets: list[Id]) -> None:
    """Declare a table, a secret, and for every other service a database."""
    service.add(
        "aws:dynamodb/table:Table",
        "aws_dynamodb_table",
        "table",
        name=f"{service.name}-table",
        billingMode="PAY_PER_REQUEST",
        hashKey="pk",
        rangeKey="sk",
        attributes=[{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}],
        serverSideEncryption={"enabled": True, "kmsKeyArn": key.arn},
        pointInTimeRecovery={"enabled": not service.faulty(7)},
        deletionProtectionEnabled=True,
        tags=service.tags,
    )
    service.add(
        "aws:secretsmanager/secret:Secret",
        "aws_secretsmanager_secret",
        "secret",
        name=f"{service.name}/database",
        kmsKeyId=key.id,
        recoveryWindowInDays=30,
        tags=service.tags,
    )
    if service.index % 2:
        return
    zones = service.add(
        "aws:rds/subnetGroup:SubnetGroup",
        "aws_db_subnet_group",
        "subnets",
        name=service.name,
        subnetIds=subnets,
        tags=service.tags,
    )
    parameters = service.add(
        "aws:rds/parameterGroup:ParameterGroup",
        "aws_db_parameter_group",
        "parameters",
        name=service.name,
        family="postgres16",
        parameters=[
            {"name": "rds.force_ssl", "value": "1", "applyMethod": "pending-reboot"},
            {"name": "log_statement", "value": "ddl", "applyMethod": "immediate"},
        ],
        tags=service.tags,
    )
    service.add(
        "aws:rds/instance:Instance",
        "aws_db_instance",
        "database",
        identifier=service.name,
        engine="postgres",
        engineVersion="16.4",
        instanceClass="db.r6g.large",
        allocatedStorage=100,
        storageType="gp3",
        storageEncrypted=True,
        kmsKeyId=key.arn,
        multiAz=not service.faulty(5),
        backupRetentionPeriod=35,
        deletionProtection=True,
        copyTagsToSnapshot=True,
        publiclyAccessible=False,
        iamDatabaseAuthenticationEnabled=True,
        autoMinorVersionUpgrade=True,
        performanceInsightsEnabled=True,
        performanceInsightsKmsKeyId=key.arn,
        manageMasterUserPassword=True,
        username="root",
        enabledCloudwatchLogsExports=["postgresql", "upgrade"],
        monitoringInterval=60,
        dbSubnetGroupName=zones.id,
        parameterGroupName=parameters.id,
        vpcSecurityGroupIds=[group.id],
        tags=service.tags,
    )
