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
    "judged through the patch baseline whose patches it installs": (
        "aws:ssm/maintenanceWindowTask:MaintenanceWindowTask",
    ),
    "judged through the account's baseline, which asks for it": (
        "aws:account/alternativeContact:AlternativeContact",
        "aws:resourceexplorer/index:Index",
    ),
    "judged through the database whose events or backups it is about": (
        "aws:efs/backupPolicy:BackupPolicy",
        "aws:rds/eventSubscription:EventSubscription",
    ),
    "judged through what it is attached to": (
        "aws:cloudwatch/logDeliverySource:LogDeliverySource",
        "aws:route53/queryLog:QueryLog",
        "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
        "aws:appautoscaling/target:Target",
        "aws:ec2/volumeAttachment:VolumeAttachment",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
    ),
    "judged through the distribution that sends its headers": (
        "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
    ),
    "waits for a certificate that is judged itself": ("aws:acm/certificateValidation:CertificateValidation",),
    "a name, which says where something is and lets nobody in": ("aws:route53/record:Record",),
    "runs in a cluster that is judged itself, with the role of a pod identity": ("aws:eks/addon:Addon",),
    "judged through the listener it belongs to": (
        "aws:alb/listenerRule:ListenerRule",
        "aws:lb/listenerRule:ListenerRule",
    ),
    "narrows what its bucket allows, and can't widen it": (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    ),
    "a name for a key that is judged itself": ("aws:kms/alias:Alias",),
    "logGroupName, logGroupArn: arranges the events of a log group that is judged itself": (
        "aws:cloudwatch/logIndexPolicy:LogIndexPolicy",
        "aws:cloudwatch/logStream:LogStream",
        "aws:cloudwatch/logTransformer:LogTransformer",
    ),
    "logGroupNames: searches log groups that are judged themselves": (
        "aws:bedrock/agentcoreOnlineEvaluationConfig:AgentcoreOnlineEvaluationConfig",
        "aws:cloudwatch/queryDefinition:QueryDefinition",
    ),
    "cidrBlocks, cidrIpv6, insideCidrBlocks: addresses that routes lead to, and opens nothing": (
        "aws:directoryservice/ipRoute:IpRoute",
        "aws:directoryservice/ipRoutesExclusive:IpRoutesExclusive",
        "aws:ec2transitgateway/connectPeer:ConnectPeer",
        "aws:networkmanager/connectPeer:ConnectPeer",
        "aws:route53/cidrLocation:CidrLocation",
    ),
    "policies, policy, tlsExpression: refuses mail or code, and lets in nothing that would not come in without it": (
        "aws:lambda/codeSigningConfig:CodeSigningConfig",
        "aws:mailmanager/trafficPolicy:TrafficPolicy",
        "aws:ses/receiptFilter:ReceiptFilter",
    ),
    "encryptionEntities: encrypts fields on top of what its distribution does, which is judged itself": (
        "aws:cloudfront/fieldLevelEncryptionProfile:FieldLevelEncryptionProfile",
    ),
    "policy: a target that an assessment compares with, and sets nothing": (
        "aws:resiliencehub/resiliencyPolicy:ResiliencyPolicy",
    ),
    "principal: grants inside an application, not in AWS": ("aws:verifiedpermissions/policy:Policy",),
    "describes files in a bucket that is judged itself": ("aws:glue/catalogTable:CatalogTable",),
    "joins resources that are judged themselves": (
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2transitgateway/vpcAttachment:VpcAttachment",
    ),
    "watches, and holds nothing: where it reports to is judged itself": (
        "aws:securityhub/standardsSubscription:StandardsSubscription",
    ),
    "AWS writes its policies, and its service alone may take it": ("aws:iam/serviceLinkedRole:ServiceLinkedRole",),
    "carries traffic that security groups let through": (
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/route:Route",
        "aws:ec2/routeTable:RouteTable",
    ),
    (
        "cloudwatchLogs, loggingDestination, loggingConfig, logConfigurations, logGroupName: "
        "is a log itself, into a place that is judged"
    ): (
        "aws:amp/queryLoggingConfiguration:QueryLoggingConfiguration",
        "aws:amp/scraperLoggingConfiguration:ScraperLoggingConfiguration",
        "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration",
        "aws:cognito/logDeliveryConfiguration:LogDeliveryConfiguration",
        "aws:directoryservice/logSubscription:LogSubscription",
        "aws:ivschat/loggingConfiguration:LoggingConfiguration",
    ),
    (
        "auditLog, cloudwatchLogs, cloudwatchLogsDestination, internetMeasurementsLogDelivery: "
        "delivers events to a place that is judged"
    ): (
        "aws:appfabric/ingestionDestination:IngestionDestination",
        "aws:cloudwatch/internetMonitor:InternetMonitor",
        "aws:evidently/project:Project",
        "aws:pinpoint/smsvoicev2EventDestination:Smsvoicev2EventDestination",
    ),
    "serviceNetworkLogType: is the access log of a network, into a place that is judged": (
        "aws:vpclattice/accessLogSubscription:AccessLogSubscription",
    ),
    "retentionPeriodInDays: keeps metrics, which are about machines and no person": (
        "aws:amp/workspaceConfiguration:WorkspaceConfiguration",
    ),
    "matchPrincipals: routes requests that its gateway has let in, which is judged itself": (
        "aws:bedrock/agentcoreGatewayRule:AgentcoreGatewayRule",
    ),
    "kmsKeyArn: the key signs tokens and encrypts nothing, and is judged itself": (
        "aws:bedrock/agentcoreOauth2CredentialProvider:AgentcoreOauth2CredentialProvider",
    ),
    "policyText: rules of AWS Config, which look at resources and grant nothing": (
        "aws:cfg/organizationCustomPolicyRule:OrganizationCustomPolicyRule",
        "aws:cfg/rule:Rule",
    ),
    "dataRetention: hours for which a call can be read again, in a stream that is judged itself": (
        "aws:chime/voiceConnectorStreaming:VoiceConnectorStreaming",
    ),
    "loggingConfig: where the handler of a type logs; what a stack makes with it is judged itself": (
        "aws:cloudformation/cloudFormationType:CloudFormationType",
    ),
    (
        "certificateTransparencyLoggingPreference: "
        "a public list that names certificates; its distribution is judged itself"
    ): ("aws:cloudfront/distributionTenant:DistributionTenant",),
    "sourceBackupIdentifier: a backup to start from, which AWS encrypts under a key of the module's own": (
        "aws:cloudhsmv2/cluster:Cluster",
    ),
    "tlsCertificate: the certificate of a host in the own network, which is always spoken to over HTTPS": (
        "aws:codeconnections/host:Host",
        "aws:codestarconnections/host:Host",
    ),
    "reportVersioning: whether a bill replaces the last one, in a bucket that is judged itself": (
        "aws:cur/reportDefinition:ReportDefinition",
    ),
    "ebsBlockDevices, snapshotWithoutReboot: takes over the disks of an instance as they are, which is judged itself": (
        "aws:ec2/amiFromInstance:AmiFromInstance",
    ),
    "publicIp: joins an address and its user, which are judged themselves": ("aws:ec2/eipAssociation:EipAssociation",),
    "publiclyAdvertisable, publicIpSource: a pool of addresses, of which those in use are judged themselves": (
        "aws:ec2/vpcIpamPool:VpcIpamPool",
    ),
    (
        "tickerplantLogConfigurations: "
        "a log of data that a database starts again from, in an environment that is judged itself"
    ): ("aws:finspace/kxCluster:KxCluster",),
    "retention, retentionConfiguration: how old files of a table are cleared away, in a bucket that is judged itself": (
        "aws:glue/catalogTable:CatalogTable",
        "aws:glue/catalogTableOptimizer:CatalogTableOptimizer",
    ),
    "snapshots, isPublic, sharedAccounts: which old images are deleted; it shares none": (
        "aws:imagebuilder/lifecyclePolicy:LifecyclePolicy",
    ),
    "policy, principal: joins a device with its policy, which is judged itself": (
        "aws:iot/policyAttachment:PolicyAttachment",
        "aws:iot/thingPrincipalAttachment:ThingPrincipalAttachment",
    ),
    "cloudwatchLogs: a place that messages go to, under a role that is judged itself": ("aws:iot/topicRule:TopicRule",),
    "basePolicyDocument, policyDocument: segments and routes of a network, which grant nothing in IAM": (
        "aws:networkmanager/coreNetwork:CoreNetwork",
        "aws:networkmanager/coreNetworkPolicyAttachment:CoreNetworkPolicyAttachment",
    ),
    (
        "logDeliveryParameters, vpcFlowLogParameters: "
        "turns logs on in other accounts; what they are the logs of is judged itself"
    ): (
        "aws:observabilityadmin/telemetryRule:TelemetryRule",
        "aws:observabilityadmin/telemetryRuleForOrganization:TelemetryRuleForOrganization",
    ),
    "s3PolicyDocument, stsPolicyDocument, kmsPolicyDocument: narrows what a database's network reaches in AWS": (
        "aws:odb/network:Network",
    ),
    "policy: days after which a collection's documents are deleted; who may read them is judged itself": (
        "aws:opensearch/serverlessLifecyclePolicy:ServerlessLifecyclePolicy",
    ),
    "servicePrincipal, awsServiceAccessPrincipals: services of AWS that look into accounts, by roles that AWS writes": (
        "aws:organizations/awsServiceAccess:AwsServiceAccess",
        "aws:organizations/organization:Organization",
    ),
    "encrypt: what a key for payments may do; AWS keeps it in hardware, and it has no policy": (
        "aws:paymentcryptography/key:Key",
    ),
    "hsmServerPublicCertificate: the certificate that a hardware module is known by, which is no secret": (
        "aws:redshift/hsmConfiguration:HsmConfiguration",
    ),
    "sagemakerPublicHubContentArn: a model that AWS publishes, by its ARN": (
        "aws:sagemaker/hubContentReference:HubContentReference",
    ),
    "logBucket: lets AWS's response team read a bucket that is judged itself, in an attack": (
        "aws:shield/drtAccessLogBucketAssociation:DrtAccessLogBucketAssociation",
    ),
    "policy: masks or refuses data in messages, and lets in nothing": (
        "aws:sns/dataProtectionPolicy:DataProtectionPolicy",
    ),
    "platformPrincipal: the certificate by which a phone's maker knows the sender": (
        "aws:sns/platformApplication:PlatformApplication",
    ),
    "retentionLockType, retentionLockTimeInDays: a lock that backup software asks for, tape by tape": (
        "aws:storagegateway/tapePool:TapePool",
    ),
    "workflowExecutionRetentionPeriodInDays: the history of workflows, which AWS keeps for 90 days at most": (
        "aws:swf/domain:Domain",
    ),
    "policy: a session policy, which narrows what its role may do, and can't widen it": (
        "aws:transfer/access:Access",
        "aws:transfer/user:User",
    ),
    "userAccessLoggingSettingsArn: joins a portal with its log": (
        "aws:workspacesweb/userAccessLoggingSettingsAssociation:UserAccessLoggingSettingsAssociation",
    ),
}

REVIEWED: dict[str, str] = {token: reason for reason, tokens in _REASONS.items() for token in tokens}
"""The reason why a type needs no rule, by its token."""
