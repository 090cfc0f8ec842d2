"""AWS as far as the program can tell: fakes for the resource types it uses, and the record of what it registered.

`build` runs a program under mocks and returns its `Registrations`. A type that has no fake here is an error, so that a
new one is added knowingly, together with the emulator's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.runtime import mocks

ACCOUNT = "123456789012"

AUTONAMED = {
    "aws:backup/plan:Plan": "name",
    "aws:backup/selection:Selection": "name",
    "aws:backup/vault:Vault": "name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:ec2/securityGroup:SecurityGroup": "name",
    "aws:iam/instanceProfile:InstanceProfile": "name",
    "aws:iam/policy:Policy": "name",
    "aws:iam/role:Role": "name",
    "aws:iam/rolePolicy:RolePolicy": "name",
    "aws:kms/alias:Alias": "name",
    "aws:ec2/launchTemplate:LaunchTemplate": "name",
    "aws:eks/nodeGroup:NodeGroup": "nodeGroupName",
    "aws:lb/loadBalancer:LoadBalancer": "name",
    "aws:lb/targetGroup:TargetGroup": "name",
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": "name",
    "aws:rds/subnetGroup:SubnetGroup": "name",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:secretsmanager/secret:Secret": "name",
}
"""The property that the provider fills in from the logical name where the program leaves it out."""

TAGGED = frozenset(
    {
        "aws:accessanalyzer/analyzer:Analyzer",
        "aws:athena/workgroup:Workgroup",
        "aws:acm/certificate:Certificate",
        "aws:backup/framework:Framework",
        "aws:backup/plan:Plan",
        "aws:backup/reportPlan:ReportPlan",
        "aws:backup/restoreTestingPlan:RestoreTestingPlan",
        "aws:backup/vault:Vault",
        "aws:cloudtrail/trail:Trail",
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:ebs/volume:Volume",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/eip:Eip",
        "aws:ec2/flowLog:FlowLog",
        "aws:ec2/instance:Instance",
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ec2/vpcEncryptionControl:VpcEncryptionControl",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "aws:glue/catalogDatabase:CatalogDatabase",
        "aws:ecr/repository:Repository",
        "aws:eks/accessEntry:AccessEntry",
        "aws:eks/addon:Addon",
        "aws:eks/cluster:Cluster",
        "aws:eks/nodeGroup:NodeGroup",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:elasticache/subnetGroup:SubnetGroup",
        "aws:elasticache/user:User",
        "aws:elasticache/userGroup:UserGroup",
        "aws:guardduty/detector:Detector",
        "aws:iam/instanceProfile:InstanceProfile",
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "aws:iam/policy:Policy",
        "aws:iam/role:Role",
        "aws:iam/serviceLinkedRole:ServiceLinkedRole",
        "aws:kms/key:Key",
        "aws:lambda/function:Function",
        "aws:lb/listener:Listener",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:lb/targetGroup:TargetGroup",
        "aws:msk/cluster:Cluster",
        "aws:rds/cluster:Cluster",
        "aws:rds/clusterInstance:ClusterInstance",
        "aws:rds/clusterParameterGroup:ClusterParameterGroup",
        "aws:rds/eventSubscription:EventSubscription",
        "aws:rds/subnetGroup:SubnetGroup",
        "aws:resourceexplorer/index:Index",
        "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
        "aws:sns/topic:Topic",
        "aws:ssm/document:Document",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "aws:wafv2/webAcl:WebAcl",
    }
)
UNTAGGED = frozenset(
    {
        "aws:account/alternativeContact:AlternativeContact",
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:backup/regionSettings:RegionSettings",
        "aws:backup/restoreTestingSelection:RestoreTestingSelection",
        "aws:backup/selection:Selection",
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
        "aws:backup/vaultNotifications:VaultNotifications",
        "aws:backup/vaultPolicy:VaultPolicy",
        "aws:cfg/deliveryChannel:DeliveryChannel",
        "aws:cfg/recorder:Recorder",
        "aws:cfg/recorderStatus:RecorderStatus",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        "aws:ebs/defaultKmsKey:DefaultKmsKey",
        "aws:ebs/encryptionByDefault:EncryptionByDefault",
        "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
        "aws:ec2/allowedImagesSettings:AllowedImagesSettings",
        "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess",
        "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults",
        "aws:ec2/route:Route",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:glue/catalogTable:CatalogTable",
        "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:ec2/volumeAttachment:VolumeAttachment",
        "aws:guardduty/detectorFeature:DetectorFeature",
        "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:inspector2/enabler:Enabler",
        "aws:kms/alias:Alias",
        "aws:lambda/permission:Permission",
        "aws:macie2/account:Account",
        "aws:route53/record:Record",
        "aws:msk/configuration:Configuration",
        "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketLogging:BucketLogging",
        "aws:s3/bucketMetric:BucketMetric",
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:secretsmanager/secretRotation:SecretRotation",
        "aws:securityhub/account:Account",
        "aws:securityhub/findingAggregator:FindingAggregator",
        "aws:securityhub/standardsSubscription:StandardsSubscription",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
        "aws:ssm/serviceSetting:ServiceSetting",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    }
)
ANSWERS: Mapping[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {
    "aws:acm/certificate:Certificate": lambda state, _unique: {
        "domainValidationOptions": [
            {
                "resourceRecordName": f"_proof.{state['domainName']}",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "_proof.acm-validations.aws",
            }
        ]
    },
    "aws:ec2/eip:Eip": lambda _state, unique: {"allocationId": f"eipalloc-{unique}"},
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _state, _unique: {"latestVersion": 1},
    "aws:ec2/vpcEndpoint:VpcEndpoint": lambda _state, unique: {
        "prefixListId": f"{unique.removesuffix('-1a2b3c4')}-prefix-list"
    },
    "aws:ecr/repository:Repository": lambda state, _unique: {
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{state['region']}.amazonaws.com/{state['name']}"
    },
    "aws:kms/key:Key": lambda _state, unique: {"keyId": unique},
    "aws:lb/loadBalancer:LoadBalancer": lambda state, unique: {
        "dnsName": f"{unique}.{state['region']}.elb.amazonaws.com",
        "zoneId": "Z1H1FL5HABSF5",
    },
    "aws:msk/configuration:Configuration": lambda _state, _unique: {"latestRevision": 1},
    "aws:rds/cluster:Cluster": lambda state, _unique: {
        "endpoint": f"{state['clusterIdentifier']}.cluster.{state['region']}.rds.amazonaws.com"
    },
    "aws:sns/topic:Topic": lambda state, _unique: {"arn": f"arn:aws:sns:{state['region']}:{ACCOUNT}:{state['name']}"},
}
"""What AWS says of a new thing beside its ARN, from its inputs and its name."""

IMAGE = "aws:ec2/getAmi:getAmi"
INVOKED = frozenset({"aws:index/getCallerIdentity:getCallerIdentity", IMAGE})


@dataclass(frozen=True)
class Registered:
    """One resource as the program registered it, with the properties that AWS would answer."""

    urn: str
    id: str
    type: str
    name: str
    parent: str
    protect: bool
    inputs: Mapping[str, Any]
    state: Mapping[str, Any]

    def document(self, key: str = "policy") -> list[dict[str, Any]]:
        """The statements of the policy document in property `key`."""
        statements: list[dict[str, Any]] = json.loads(self.inputs[key])["Statement"]
        return statements


@dataclass
class Registrations:
    """What a program registered and exported."""

    resources: list[Registered] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def of(self, suffix: str) -> list[Registered]:
        """The resources whose type ends in `suffix`, such as `kms/key:Key`."""
        return [resource for resource in self.resources if resource.type.endswith(f":{suffix}")]

    def one(self, suffix: str, name: str) -> Registered:
        """The resource of a type with this logical name."""
        (found,) = [resource for resource in self.of(suffix) if resource.name == name]
        return found

    def aws(self) -> Iterator[Registered]:
        """The resources that exist in AWS: all but components."""
        return (resource for resource in self.resources if resource.type.startswith("aws:"))


class _Aws(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token not in INVOKED:
            raise NotImplementedError(args.token)
        if args.token == IMAGE:
            return {**args.args, "id": "ami-1a2b3c4d"}, []
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/test"
        return {"accountId": ACCOUNT, "arn": arn, "userId": "test", "id": ACCOUNT}, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if not args.custom:
            return "", args.inputs
        if args.typ not in TAGGED | UNTAGGED:
            raise NotImplementedError(args.typ)
        region = args.inputs.get("region") or "us-west-2"
        named = {AUTONAMED[args.typ]: f"{args.name}-1a2b3c4"} if args.typ in AUTONAMED else {}
        state = named | {"region": region} | args.inputs
        service, _, kind = args.typ.removeprefix("aws:").partition("/")
        identity = next(iter(named), None)
        unique = state[identity] if identity else f"{args.name}-1a2b3c4"
        state["arn"] = (
            f"arn:aws:s3:::{unique}"
            if service == "s3"
            else f"arn:aws:{service}:{region}:{ACCOUNT}:{kind.partition(':')[0]}/{unique}"
        )
        if args.typ in ANSWERS:
            state |= ANSWERS[args.typ](state, unique)
        return f"{args.name}-id", state


AWS = _Aws()
"""Answers what the program looks up."""


class _Monitor(mocks.MockMonitor):
    """Keeps what a registration asks for that `Mocks` isn't told: parent and protection."""

    def __init__(self, registrations: Registrations) -> None:
        super().__init__(AWS)
        self._registrations = registrations

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name in the Pulumi protocol
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call] # pulumi leaves it untyped
        if request.type != "pulumi:pulumi:Stack":
            self._registrations.resources.append(
                Registered(
                    urn=response.urn,
                    id=response.id,
                    type=request.type,
                    name=request.name,
                    parent=request.parent,
                    protect=request.protect,
                    inputs=pulumi.runtime.rpc.deserialize_properties(request.object),
                    state=self.resources[response.urn].state,
                )
            )
        return response


def build(program: Callable[[], Mapping[str, Any] | None], stack: str = "sandbox") -> Registrations:
    """Run `program` as the program of `stack`; what it returns are the stack's outputs."""
    registrations = Registrations()

    def run() -> pulumi.Output[None]:
        return pulumi.Output.from_input(program() or {}).apply(registrations.outputs.update)

    pulumi.runtime.settings.ROOT.set(None)  # an earlier stack and its transformations are none of this one's
    mocks.set_mocks(AWS, project="hedgerow", stack=stack, monitor=_Monitor(registrations))
    mocks.test(run)()  # type: ignore[no-untyped-call] # pulumi leaves it untyped
    return registrations
