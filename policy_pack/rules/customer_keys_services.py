"""Encryption at rest of what AWS services keep beside the stores: under a key of the customer's own, everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy_pack.examples import OWN_ACCOUNT, declare, declare_rows
from policy_pack.rules.customer_keys import names_customer_key
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    aws,
    judge_rows,
    rule,
)

# Where each type names the key: by the path of the property, as a `Row` has it.
ANALYSIS: dict[str, tuple[str, ...]] = {
    "aws:agentregistry/registry:Registry": ("encryptionConfiguration.kmsKeyArn",),
    "aws:appflow/connectorProfile:ConnectorProfile": ("kmsArn",),
    "aws:appflow/flow:Flow": ("kmsArn",),
    "aws:appintegrations/dataIntegration:DataIntegration": ("kmsKey",),
    "aws:bedrock/agentAgent:AgentAgent": ("customerEncryptionKeyArn",),
    "aws:bedrock/agentDataSource:AgentDataSource": ("serverSideEncryptionConfiguration.kmsKeyArn",),
    "aws:bedrock/agentFlow:AgentFlow": ("customerEncryptionKeyArn",),
    "aws:bedrock/agentKnowledgeBase:AgentKnowledgeBase": (
        "knowledgeBaseConfiguration.managedKnowledgeBaseConfiguration[].serverSideEncryptionConfiguration.kmsKeyArn",
    ),
    "aws:bedrock/agentPrompt:AgentPrompt": ("customerEncryptionKeyArn",),
    "aws:bedrock/agentcoreEvaluator:AgentcoreEvaluator": ("kmsKeyArn",),
    "aws:bedrock/agentcoreGateway:AgentcoreGateway": ("kmsKeyArn",),
    "aws:bedrock/agentcoreHarness:AgentcoreHarness": ("memory.managedMemoryConfiguration[].encryptionKeyArn",),
    "aws:bedrock/agentcoreMemory:AgentcoreMemory": ("encryptionKeyArn",),
    "aws:bedrock/agentcorePolicyEngine:AgentcorePolicyEngine": ("encryptionKeyArn",),
    "aws:bedrock/agentcoreTokenVaultCmk:AgentcoreTokenVaultCmk": ("kmsConfiguration.kmsKeyArn",),
    "aws:bedrock/customModel:CustomModel": ("customModelKmsKeyId",),
    "aws:bedrock/evaluationJob:EvaluationJob": ("customerEncryptionKeyId",),
    "aws:bedrock/guardrail:Guardrail": ("kmsKeyArn",),
    "aws:bedrockmodel/invocationJob:InvocationJob": ("outputDataConfig.s3OutputDataConfig.s3EncryptionKeyId",),
    "aws:chime/sdkvoiceVoiceProfileDomain:SdkvoiceVoiceProfileDomain": ("serverSideEncryptionConfiguration.kmsKeyArn",),
    "aws:chimesdkmediapipelines/mediaInsightsPipelineConfiguration:MediaInsightsPipelineConfiguration": (
        "elements[].amazonTranscribeCallAnalyticsProcessorConfiguration[].postCallAnalyticsSettings[].outputEncryptionKmsKeyId",
    ),
    "aws:codegurureviewer/repositoryAssociation:RepositoryAssociation": ("kmsKeyDetails.kmsKeyId",),
    "aws:comprehend/documentClassifier:DocumentClassifier": (
        "modelKmsKeyId",
        "volumeKmsKeyId",
        "outputDataConfig[].kmsKeyId",
    ),
    "aws:comprehend/entityRecognizer:EntityRecognizer": (
        "modelKmsKeyId",
        "volumeKmsKeyId",
    ),
    "aws:connect/instanceStorageConfig:InstanceStorageConfig": (
        "storageConfig.kinesisVideoStreamConfig[].encryptionConfig.keyId",
        "storageConfig.s3Config[].encryptionConfig.keyId",
    ),
    "aws:customerprofiles/domain:Domain": ("defaultEncryptionKey",),
    "aws:dataexchange/eventAction:EventAction": ("action.exportRevisionToS3[].encryption.kmsKeyArn",),
    "aws:datazone/domain:Domain": ("kmsKeyIdentifier",),
    "aws:devopsagent/agentSpace:AgentSpace": ("kmsKeyArn",),
    "aws:devopsguru/serviceIntegration:ServiceIntegration": ("kmsServerSideEncryption.kmsKeyId",),
    "aws:emr/cluster:Cluster": ("logEncryptionKmsKeyId",),
    "aws:emr/studio:Studio": ("encryptionKeyArn",),
    "aws:emrcontainers/jobTemplate:JobTemplate": ("kmsKeyArn",),
    "aws:emrserverless/application:Application": (
        "monitoringConfiguration[].cloudwatchLoggingConfiguration[].encryptionKeyArn",
        "monitoringConfiguration[].managedPersistenceMonitoringConfiguration[].encryptionKeyArn",
        "monitoringConfiguration[].s3MonitoringConfiguration[].encryptionKeyArn",
    ),
    "aws:finspace/kxEnvironment:KxEnvironment": ("kmsKeyId",),
    "aws:glue/catalog:Catalog": ("catalogProperties[].dataLakeAccessProperties[].kmsKey",),
    "aws:glue/connection:Connection": ("authenticationConfiguration[].kmsKeyArn",),
    "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings": (
        "dataCatalogEncryptionSettings.connectionPasswordEncryption.awsKmsKeyId",
        "dataCatalogEncryptionSettings.encryptionAtRest.sseAwsKmsKeyId",
    ),
    "aws:glue/securityConfiguration:SecurityConfiguration": (
        "encryptionConfiguration.cloudwatchEncryption.kmsKeyArn",
        "encryptionConfiguration.jobBookmarksEncryption.kmsKeyArn",
        "encryptionConfiguration.s3Encryption.kmsKeyArn",
    ),
    "aws:kendra/index:Index": ("serverSideEncryptionConfiguration.kmsKeyId",),
    "aws:kinesis/videoStream:VideoStream": ("kmsKeyId",),
    "aws:kinesisanalyticsv2/application:Application": (
        "applicationConfiguration.applicationEncryptionConfiguration.keyId",
    ),
    "aws:lex/botAlias:BotAlias": ("conversationLogs[].logSettings[].kmsKeyArn",),
    "aws:lex/v2modelsSlotType:V2modelsSlotType": (
        "externalSourceSettings[].grammarSlotTypeSettings[].sources[].kmsKeyArn",
    ),
    "aws:opensearch/application:Application": ("kmsKeyArn",),
    "aws:opensearch/serverlessCollection:ServerlessCollection": ("encryptionConfigs.kmsKeyArn",),
    "aws:opensearchingest/pipeline:Pipeline": ("encryptionAtRestOptions.kmsKeyArn",),
    "aws:qbusiness/application:Application": ("encryptionConfiguration.kmsKeyId",),
    "aws:rekognition/streamProcessor:StreamProcessor": ("kmsKeyId",),
    "aws:sagemaker/algorithm:Algorithm": (
        "validationSpecification[].validationProfiles[].trainingJobDefinition[].outputDataConfig.kmsKeyId",
        "validationSpecification[].validationProfiles[].trainingJobDefinition[].resourceConfig.volumeKmsKeyId",
    ),
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": (
        "dataQualityJobOutputConfig.kmsKeyId",
        "jobResources.clusterConfig.volumeKmsKeyId",
    ),
    "aws:sagemaker/deviceFleet:DeviceFleet": ("outputConfig.kmsKeyId",),
    "aws:sagemaker/domain:Domain": ("kmsKeyId",),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": (
        "kmsKeyArn",
        "asyncInferenceConfig[].outputConfig.kmsKeyId",
        "dataCaptureConfig[].kmsKeyId",
    ),
    "aws:sagemaker/featureGroup:FeatureGroup": (
        "offlineStoreConfig[].s3StorageConfig.kmsKeyId",
        "onlineStoreConfig[].securityConfig.kmsKeyId",
    ),
    "aws:sagemaker/flowDefinition:FlowDefinition": ("outputConfig.kmsKeyId",),
    "aws:sagemaker/hyperParameterTuningJob:HyperParameterTuningJob": (
        "trainingJobDefinition[].outputDataConfig.kmsKeyId",
        "trainingJobDefinition[].resourceConfig[].volumeKmsKeyId",
        "trainingJobDefinitions[].outputDataConfig.kmsKeyId",
        "trainingJobDefinitions[].resourceConfig[].volumeKmsKeyId",
    ),
    "aws:sagemaker/labelingJob:LabelingJob": ("outputConfig.kmsKeyId",),
    "aws:sagemaker/modelCard:ModelCard": ("securityConfig.kmsKeyId",),
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": (
        "monitoringScheduleConfig.monitoringJobDefinition[].monitoringOutputConfig.kmsKeyId",
        "monitoringScheduleConfig.monitoringJobDefinition[].monitoringResources.clusterConfig.volumeKmsKeyId",
    ),
    "aws:sagemaker/notebookInstance:NotebookInstance": ("kmsKeyId",),
    "aws:sagemaker/trainingJob:TrainingJob": (
        "outputDataConfig.kmsKeyId",
        "resourceConfig[].volumeKmsKeyId",
    ),
    "aws:sagemaker/userProfile:UserProfile": ("userSettings[].sharingSettings[].s3KmsKeyId",),
}
OPERATION: dict[str, tuple[str, ...]] = {
    "aws:amp/workspace:Workspace": ("kmsKeyArn",),
    "aws:appconfig/configurationProfile:ConfigurationProfile": ("kmsKeyIdentifier",),
    "aws:appconfig/deployment:Deployment": ("kmsKeyIdentifier",),
    "aws:auditmanager/accountRegistration:AccountRegistration": ("kmsKey",),
    "aws:cloudwatch/eventArchive:EventArchive": ("kmsKeyIdentifier",),
    "aws:cloudwatch/eventBus:EventBus": ("kmsKeyIdentifier",),
    "aws:cloudwatch/eventConnection:EventConnection": ("kmsKeyIdentifier",),
    "aws:cloudwatch/logAnomalyDetector:LogAnomalyDetector": ("kmsKeyId",),
    "aws:cloudwatchomni/space:Space": ("encryptionConfiguration.kmsKeyArn",),
    "aws:codeartifact/domain:Domain": ("encryptionKey",),
    "aws:codebuild/reportGroup:ReportGroup": ("exportConfig.s3Destination[].encryptionKey",),
    "aws:codecommit/repository:Repository": ("kmsKeyId",),
    "aws:codepipeline/pipeline:Pipeline": ("artifactStores.encryptionKey.id",),
    "aws:cognito/userPool:UserPool": ("lambdaConfig[].kmsKeyId",),
    "aws:dlm/lifecyclePolicy:LifecyclePolicy": (
        "policyDetails.action[].crossRegionCopies[].encryptionConfiguration.cmkArn",
        "policyDetails.schedules[].crossRegionCopyRules[].cmkArn",
    ),
    "aws:dms/endpoint:Endpoint": ("kmsKeyArn",),
    "aws:dms/instanceProfile:InstanceProfile": ("kmsKeyArn",),
    "aws:dms/replicationConfig:ReplicationConfig": ("computeConfig.kmsKeyId",),
    "aws:dms/replicationInstance:ReplicationInstance": ("kmsKeyArn",),
    "aws:dms/s3Endpoint:S3Endpoint": ("kmsKeyArn", "serverSideEncryptionKmsKeyId"),
    "aws:docdb/elasticCluster:ElasticCluster": ("kmsKeyId",),
    "aws:drs/replicationConfigurationTemplate:ReplicationConfigurationTemplate": ("ebsEncryptionKeyArn",),
    "aws:dsql/cluster:Cluster": ("kmsEncryptionKey",),
    "aws:dynamodb/tableExport:TableExport": ("s3SseKmsKeyId",),
    "aws:dynamodb/tableReplica:TableReplica": ("kmsKeyArn",),
    "aws:ebs/snapshotImport:SnapshotImport": ("kmsKeyId",),
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": ("encryptionConfigurations.kmsKey",),
    "aws:ecs/service:Service": (
        "volumeConfiguration[].managedEbsVolume.kmsKeyId",
        "serviceConnectConfiguration[].services[].tls[].kmsKey",
    ),
    "aws:efs/replicationConfiguration:ReplicationConfiguration": ("destination.kmsKeyId",),
    "aws:elastictranscoder/pipeline:Pipeline": ("awsKmsKeyArn",),
    "aws:fsx/fileCache:FileCache": ("kmsKeyId",),
    "aws:grafana/workspace:Workspace": ("kmsKeyId",),
    "aws:guardduty/publishingDestination:PublishingDestination": ("kmsKeyArn",),
    "aws:imagebuilder/component:Component": ("kmsKeyId",),
    "aws:imagebuilder/containerRecipe:ContainerRecipe": (
        "kmsKeyId",
        "instanceConfiguration[].blockDeviceMappings[].ebs[].kmsKeyId",
    ),
    "aws:imagebuilder/distributionConfiguration:DistributionConfiguration": (
        "distributions.amiDistributionConfiguration[].kmsKeyId",
    ),
    "aws:imagebuilder/imageRecipe:ImageRecipe": ("blockDeviceMappings[].ebs[].kmsKeyId",),
    "aws:imagebuilder/workflow:Workflow": ("kmsKeyId",),
    "aws:keyspaces/table:Table": ("encryptionSpecification.kmsKeyIdentifier",),
    "aws:lambda/capacityProvider:CapacityProvider": ("kmsKeyArn",),
    "aws:lambda/eventSourceMapping:EventSourceMapping": ("kmsKeyArn",),
    "aws:location/geofenceCollection:GeofenceCollection": ("kmsKeyId",),
    "aws:location/tracker:Tracker": ("kmsKeyId",),
    "aws:m2/application:Application": ("kmsKeyId",),
    "aws:m2/environment:Environment": ("kmsKeyId",),
    "aws:mailmanager/archive:Archive": ("kmsKeyArn",),
    "aws:mailmanager/ruleSet:RuleSet": ("rules[].actions[].writeToS3[].s3SseKmsKeyId",),
    "aws:memorydb/snapshot:Snapshot": ("kmsKeyArn",),
    "aws:mq/broker:Broker": ("encryptionOptions.kmsKeyId",),
    "aws:msk/channel:Channel": ("encryptionConfiguration.kmsKeyArn",),
    "aws:mwaa/environment:Environment": ("kmsKey",),
    "aws:neptunegraph/graph:Graph": ("kmsKeyIdentifier",),
    "aws:networkfirewall/firewall:Firewall": ("encryptionConfiguration.keyId",),
    "aws:networkfirewall/firewallPolicy:FirewallPolicy": ("encryptionConfiguration.keyId",),
    "aws:networkfirewall/ruleGroup:RuleGroup": ("encryptionConfiguration.keyId",),
    "aws:networkfirewall/tlsInspectionConfiguration:TlsInspectionConfiguration": ("encryptionConfigurations.keyId",),
    "aws:observabilityadmin/centralizationRuleForOrganization:CentralizationRuleForOrganization": (
        "rule.destination.destinationLogsConfiguration[].logsEncryptionConfiguration.kmsKeyArn",
        "rule.destination.destinationLogsConfiguration[].backupConfiguration[].kmsKeyArn",
    ),
    "aws:observabilityadmin/s3TableIntegration:S3TableIntegration": ("encryption.kmsKeyArn",),
    "aws:odb/autonomousDatabase:AutonomousDatabase": ("kmsKeyId",),
    "aws:pipes/pipe:Pipe": ("kmsKeyIdentifier",),
    "aws:qldb/ledger:Ledger": ("kmsKey",),
    "aws:rds/clusterActivityStream:ClusterActivityStream": ("kmsKeyId",),
    "aws:rds/customDbEngineVersion:CustomDbEngineVersion": ("kmsKeyId",),
    "aws:rds/integration:Integration": ("kmsKeyId",),
    "aws:redshift/integration:Integration": ("kmsKeyId",),
    "aws:redshift/snapshotCopyGrant:SnapshotCopyGrant": ("kmsKeyId",),
    "aws:resiliencehub/v2Policy:V2Policy": ("kmsKeyId",),
    "aws:resiliencehub/v2Service:V2Service": ("kmsKeyId",),
    "aws:resiliencehub/v2System:V2System": ("kmsKeyId",),
    "aws:s3/bucketMetadataConfiguration:BucketMetadataConfiguration": (
        "metadataConfiguration.inventoryTableConfiguration[].encryptionConfiguration.kmsKeyArn",
        "metadataConfiguration.journalTableConfiguration[].encryptionConfiguration.kmsKeyArn",
    ),
    "aws:s3/filesFileSystem:FilesFileSystem": ("kmsKeyId",),
    "aws:s3/inventory:Inventory": ("destination.bucket.encryption.sseKms.keyId",),
    "aws:s3/vectorsIndex:VectorsIndex": ("encryptionConfigurations.kmsKeyArn",),
    "aws:s3/vectorsVectorBucket:VectorsVectorBucket": ("encryptionConfigurations.kmsKeyArn",),
    "aws:s3control/storageLensConfiguration:StorageLensConfiguration": (
        "storageLensConfiguration.dataExport[].s3BucketDestination[].encryption.sseKms.keyId",
    ),
    "aws:s3tables/table:Table": ("encryptionConfiguration.kmsKeyArn",),
    "aws:s3tables/tableBucket:TableBucket": ("encryptionConfiguration.kmsKeyArn",),
    "aws:scheduler/schedule:Schedule": ("kmsKeyArn",),
    "aws:securityhub/connectorV2:ConnectorV2": ("kmsKeyArn",),
    "aws:securitylake/dataLake:DataLake": ("configuration.encryptionConfigurations.kmsKeyId",),
    "aws:ses/receiptRule:ReceiptRule": ("s3Actions[].kmsKeyArn",),
    "aws:sfn/activity:Activity": ("encryptionConfiguration.kmsKeyId",),
    "aws:sfn/stateMachine:StateMachine": ("encryptionConfiguration.kmsKeyId",),
    "aws:ssm/resourceDataSync:ResourceDataSync": ("s3Destination.kmsKeyArn",),
    "aws:ssmincidents/replicationSet:ReplicationSet": ("regions.kmsKeyArn",),
    "aws:storagegateway/cachesIscsiVolume:CachesIscsiVolume": ("kmsKey",),
    "aws:storagegateway/nfsFileShare:NfsFileShare": ("kmsKeyArn",),
    "aws:storagegateway/smbFileShare:SmbFileShare": ("kmsKeyArn",),
    "aws:storagegateway/storedIscsiVolume:StoredIscsiVolume": ("kmsKey",),
    "aws:synthetics/canary:Canary": (
        "kmsKeyArn",
        "artifactConfig.s3Encryption.kmsKeyArn",
    ),
    "aws:timestreamquery/scheduledQuery:ScheduledQuery": ("kmsKeyId",),
    "aws:timestreamwrite/database:Database": ("kmsKeyId",),
    "aws:timestreamwrite/table:Table": (
        "magneticStoreWriteProperties[].magneticStoreRejectedDataLocation[].s3Configuration.kmsKeyId",
    ),
    "aws:verifiedaccess/endpoint:Endpoint": ("sseSpecification.kmsKeyArn",),
    "aws:verifiedaccess/group:Group": ("sseConfiguration.kmsKeyArn",),
    "aws:verifiedaccess/trustProvider:TrustProvider": ("sseSpecification.kmsKeyArn",),
    "aws:workmail/organization:Organization": ("kmsKeyArn",),
    "aws:workspaces/workspace:Workspace": ("volumeEncryptionKey",),
    "aws:workspacesweb/browserSettings:BrowserSettings": ("customerManagedKey",),
    "aws:workspacesweb/dataProtectionSettings:DataProtectionSettings": ("customerManagedKey",),
    "aws:workspacesweb/ipAccessSettings:IpAccessSettings": ("customerManagedKey",),
    "aws:workspacesweb/portal:Portal": ("customerManagedKey",),
    "aws:workspacesweb/sessionLogger:SessionLogger": ("customerManagedKey",),
    "aws:workspacesweb/userSettings:UserSettings": ("customerManagedKey",),
}
CONFIGURATION = "aws:appconfig/configurationProfile:ConfigurationProfile"


def _rows(table: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[Row, ...]]:
    return {token: tuple(Row(tuple(path.split("."))) for path in paths) for token, paths in table.items()}


@rule(
    on=_rows(ANALYSIS | OPERATION),
    severity=Severity.HIGH,
    promise="encryption",
    controls=("PH:KMS-AWSMANAGED",),
    fix="name a KMS key of your own, one per data domain",
)
def service_data_under_customer_key(service: Resource, graph: Graph, row: tuple[Row, ...]) -> Iterator[Finding]:
    """What a model, a pipeline or a mailbox keeps is customers' data too: only an own key can be withdrawn from it."""
    if service.type == CONFIGURATION and service.get("locationUri") != "hosted":
        raise NotApplicable("its configuration is kept elsewhere, under the key of that place")

    def check(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        yield from names_customer_key(holder, graph, service, *names)

    yield from judge_rows(row, service, check)


KEY = f"arn:aws:kms:us-west-2:{OWN_ACCOUNT}:key/0b1c2d3e-aaaa-bbbb-cccc-1234567890ab"


@service_data_under_customer_key.passes
def an_own_key_for_analysis() -> None:
    declare_rows(_rows(ANALYSIS), KEY)


def _operation(start: int) -> None:
    """Declare every third type, so that no example grows too large to be tried with each value unknown."""
    kinds = [token for token in OPERATION if token != CONFIGURATION]
    declare_rows(_rows({token: OPERATION[token] for token in kinds[start::3]}), KEY)


@service_data_under_customer_key.passes
def an_own_key_for_operation() -> None:
    _operation(0)
    declare(CONFIGURATION, locationUri="hosted", kmsKeyIdentifier=KEY)


@service_data_under_customer_key.passes
def an_own_key_for_more_of_operation() -> None:
    _operation(1)


@service_data_under_customer_key.passes
def an_own_key_for_the_rest_of_operation() -> None:
    _operation(2)


@service_data_under_customer_key.passes
def a_key_of_the_stack() -> None:
    declare("aws:bedrock/guardrail:Guardrail", kmsKeyArn=aws.kms.Key("models").arn)


@service_data_under_customer_key.fails
def no_key() -> None:
    declare("aws:cloudwatch/eventBus:EventBus", name="orders")


@service_data_under_customer_key.fails
def the_key_of_aws() -> None:
    declare("aws:codeartifact/domain:Domain", domain="packages", encryptionKey="alias/aws/codeartifact")


@service_data_under_customer_key.fails
def a_key_for_one_disk_of_two() -> None:
    disks = [{"ebs": {"encrypted": True, "kmsKeyId": KEY}}, {"ebs": {"encrypted": True}}]
    declare("aws:imagebuilder/imageRecipe:ImageRecipe", name="node", blockDeviceMappings=disks)


@service_data_under_customer_key.undetermined
def a_key_from_a_parameter_not_written_yet() -> None:
    parameter = aws.ssm.Parameter("key", type="String", value="alias/models")
    declare("aws:bedrock/guardrail:Guardrail", kmsKeyArn=parameter.arn)
