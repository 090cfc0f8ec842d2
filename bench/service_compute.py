"""What a service runs on, and who hears when it fails."""

from __future__ import annotations

import json

from bench.declared import ACCOUNT, REGION, Declared, Group, Id


def add_containers(  # noqa: PLR0913, PLR0917 - what a task hangs together with
    service: Group, role: Declared, key: Declared, bucket: Declared, group: Declared, vpc: Declared, subnets: list[Id]
) -> None:
    """Declare images, a task that runs one of them, and the service that keeps the task behind a load balancer."""
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{service.name}@sha256:{service.index:064x}"
    service.add(
        "aws:ecr/repository:Repository",
        "aws_ecr_repository",
        "images",
        name=service.name,
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        encryptionConfigurations=[{"encryptionType": "KMS", "kmsKey": key.arn}],
        tags=service.tags,
    )
    container = {
        "name": "app",
        "image": image,
        "essential": True,
        "readonlyRootFilesystem": True,
        "user": "1000",
        "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
        "environment": [{"name": "STAGE", "value": "production"}, {"name": "BUCKET", "value": str(bucket.id)}],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"/services/{service.name}",
                "awslogs-region": REGION,
                "awslogs-stream-prefix": "app",
            },
        },
    }
    task = service.add(
        "aws:ecs/taskDefinition:TaskDefinition",
        "aws_ecs_task_definition",
        "task",
        family=service.name,
        cpu="512",
        memory="1024",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        executionRoleArn=role.arn,
        taskRoleArn=role.arn,
        containerDefinitions=json.dumps([container]),
        tags=service.tags,
    )
    target = service.add(
        "aws:lb/targetGroup:TargetGroup",
        "aws_lb_target_group",
        "target",
        name=service.name,
        port=8080,
        protocol="HTTPS",
        targetType="ip",
        vpcId=vpc.id,
        healthCheck={"path": "/health", "protocol": "HTTPS", "interval": 15},
        tags=service.tags,
    )
    service.add(
        "aws:ecs/service:Service",
        "aws_ecs_service",
        "service",
        name=service.name,
        cluster=f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/main",
        taskDefinition=task.arn,
        desiredCount=3,
        launchType="FARGATE",
        networkConfiguration={
            "subnets": subnets,
            "securityGroups": [group.id],
            "assignPublicIp": service.faulty(9),
        },
        loadBalancers=[{"targetGroupArn": target.arn, "containerName": "app", "containerPort": 8080}],
        tags=service.tags,
    )


def add_function(  # noqa: PLR0913, PLR0917 - as above
    service: Group, role: Declared, key: Declared, bucket: Declared, group: Declared, subnets: list[Id]
) -> None:
    """Declare a function."""
    service.add(
        "aws:lambda/function:Function",
        "aws_lambda_function",
        "function",
        name=service.name,
        runtime="python3.9" if service.faulty(6) else "python3.13",
        handler="main.handler",
        role=role.arn,
        s3Bucket=bucket.id,
        s3Key="main.zip",
        timeout=30,
        memorySize=256,
        kmsKeyArn=key.arn,
        environment={"variables": {"STAGE": "production", "TABLE": f"{service.name}-table"}},
        vpcConfig={"subnetIds": subnets, "securityGroupIds": [group.id]},
        tracingConfig={"mode": "Active"},
        tags=service.tags,
    )


def add_alarms(service: Group, topic: Declared) -> None:
    """Declare the alarms of the function."""
    for metric in ("Errors", "Throttles", "Duration"):
        service.add(
            "aws:cloudwatch/metricAlarm:MetricAlarm",
            "aws_cloudwatch_metric_alarm",
            metric.lower(),
            name=f"{service.name}-{metric}",
            namespace="AWS/Lambda",
            metricName=metric,
            statistic="Sum",
            period=60,
            evaluationPeriods=3,
            threshold=1,
            comparisonOperator="GreaterThanThreshold",
            dimensions={"FunctionName": service.name},
            alarmActions=[topic.arn],
            treatMissingData="notBreaching",
            tags=service.tags,
        )
