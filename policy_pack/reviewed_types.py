"""Types that need no rule of their own, by the reason: the other half of the closed world.

A type that is neither here nor in a rule's `on` is reported wherever a program uses it.
"""

from __future__ import annotations

_REASONS: dict[str, tuple[str, ...]] = {
    "judged through the bucket it configures": (
        "aws:s3/bucketLogging:BucketLogging",
        "aws:s3/bucketLoggingV2:BucketLoggingV2",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:s3/bucketVersioningV2:BucketVersioningV2",
    ),
    "judged through the vault or store it serves": (
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
        "aws:backup/vaultNotifications:VaultNotifications",
    ),
    "judged through the account's baseline, which asks for it": (
        "aws:account/alternativeContact:AlternativeContact",
        "aws:backup/framework:Framework",
        "aws:backup/regionSettings:RegionSettings",
        "aws:backup/reportPlan:ReportPlan",
        "aws:resourceexplorer/index:Index",
    ),
    "judged through the restore testing plan that it is part of": (
        "aws:backup/restoreTestingSelection:RestoreTestingSelection",
    ),
    "counts requests to a bucket that is judged itself": ("aws:s3/bucketMetric:BucketMetric",),
    "judged through the trail whose events it watches, or the alarm that it passes on": (
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    ),
    "judged through the database whose events or backups it is about": (
        "aws:efs/backupPolicy:BackupPolicy",
        "aws:rds/eventSubscription:EventSubscription",
    ),
    "judged through the recorder or detector that it is part of": (
        "aws:cfg/recorderStatus:RecorderStatus",
        "aws:guardduty/detectorFeature:DetectorFeature",
    ),
    "judged through what it is attached to": (
        "aws:cloudwatch/logDeliverySource:LogDeliverySource",
        "aws:route53/queryLog:QueryLog",
        "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig",
        "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
        "aws:appautoscaling/target:Target",
        "aws:ec2/volumeAttachment:VolumeAttachment",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    ),
    "judged through the distribution that sends its headers": (
        "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
    ),
    "judged through the listener it belongs to": (
        "aws:alb/listenerRule:ListenerRule",
        "aws:lb/listenerRule:ListenerRule",
    ),
    "judged through the VPC it records": ("aws:ec2/flowLog:FlowLog",),
    "narrows what its bucket allows, and can't widen it": (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    ),
    "a name for a key that is judged itself": ("aws:kms/alias:Alias",),
    "arranges or searches the events of a log group that is judged itself": (
        "aws:cloudwatch/logIndexPolicy:LogIndexPolicy",
        "aws:cloudwatch/logStream:LogStream",
        "aws:cloudwatch/logTransformer:LogTransformer",
        "aws:cloudwatch/queryDefinition:QueryDefinition",
    ),
    "a telephone number or sender, which holds no data": (
        "aws:pinpoint/smsvoicev2PhoneNumber:Smsvoicev2PhoneNumber",
        "aws:pinpoint/smsvoicev2Pool:Smsvoicev2Pool",
        "aws:pinpoint/smsvoicev2SenderId:Smsvoicev2SenderId",
    ),
    "addresses that routes lead to, and opens nothing": (
        "aws:directoryservice/ipRoute:IpRoute",
        "aws:directoryservice/ipRoutesExclusive:IpRoutesExclusive",
        "aws:ec2transitgateway/connectPeer:ConnectPeer",
        "aws:networkmanager/connectPeer:ConnectPeer",
        "aws:route53/cidrLocation:CidrLocation",
    ),
    "refuses mail or code, and lets in nothing that would not come in without it": (
        "aws:lambda/codeSigningConfig:CodeSigningConfig",
        "aws:mailmanager/trafficPolicy:TrafficPolicy",
        "aws:ses/receiptFilter:ReceiptFilter",
    ),
    "encrypts fields on top of what its distribution does, which is judged itself": (
        "aws:cloudfront/fieldLevelEncryptionProfile:FieldLevelEncryptionProfile",
    ),
    "a target that an assessment compares with, and sets nothing": (
        "aws:resiliencehub/resiliencyPolicy:ResiliencyPolicy",
    ),
    "grants inside an application, not in AWS": ("aws:verifiedpermissions/policy:Policy",),
    "joins resources that are judged themselves": (
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2transitgateway/vpcAttachment:VpcAttachment",
    ),
    "watches, and holds nothing: where it reports to is judged itself": (
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:securityhub/findingAggregator:FindingAggregator",
        "aws:securityhub/standardsSubscription:StandardsSubscription",
    ),
    "AWS writes its policies, and its service alone may take it": ("aws:iam/serviceLinkedRole:ServiceLinkedRole",),
    "carries traffic that security groups let through": (
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/route:Route",
        "aws:ec2/routeTable:RouteTable",
    ),
    "lets traffic out, which the routes of its subnet limit": (
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    ),
}

REVIEWED: dict[str, str] = {token: reason for reason, tokens in _REASONS.items() for token in tokens}
"""The reason why a type needs no rule, by its token."""
