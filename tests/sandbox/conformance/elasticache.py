"""ElastiCache: subnet groups, users, their groups, and replication groups."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_ACCESS = "on ~app:* -@all +@read"


def _tags(account: Account, arn: str) -> dict[str, str]:
    return tags_of(account.client("elasticache").list_tags_for_resource(ResourceName=arn)["TagList"])


def _subnet_group(account: Account, name: str) -> dict[str, Any]:
    [group] = account.client("elasticache").describe_cache_subnet_groups(CacheSubnetGroupName=name)["CacheSubnetGroups"]
    return {
        "description": group["CacheSubnetGroupDescription"],
        "subnets": {subnet["SubnetIdentifier"] for subnet in group["Subnets"]},
        "tags": _tags(account, group["ARN"]),
    }


def _grouped(account: Account) -> dict[str, Any]:
    subnets = account.subnets(account.vpc())
    return {"name": "case-group", "description": "Isolated", "subnetIds": subnets[:2], "tags": {"owner": "data"}}


def _regrouped(account: Account) -> dict[str, Any]:
    subnets = account.client("ec2").describe_subnets(Filters=[{"Name": "cidr-block", "Values": ["10.9.*"]}])["Subnets"]
    return {
        "subnetIds": [subnet["SubnetId"] for subnet in subnets],
        "description": "All zones",
        "tags": {"owner": "web"},
    }


def _redescribed_by_hand(account: Account, name: str) -> None:
    account.client("elasticache").modify_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription="by hand"
    )


def _group_seen(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"description": inputs["description"], "subnets": {*inputs["subnetIds"]}, "tags": inputs["tags"]}


def _user(account: Account, user_id: str) -> dict[str, Any]:
    [user] = account.client("elasticache").describe_users(UserId=user_id)["Users"]
    return {
        "name": user["UserName"],
        "access": user["AccessString"],
        "engine": user["Engine"],
        "authentication": user["Authentication"]["Type"],
        "tags": _tags(account, user["ARN"]),
    }


def _make_users(account: Account, *users: str) -> None:
    for user in users:
        account.client("elasticache").create_user(
            UserId=user, UserName=user, Engine="valkey", AccessString=_ACCESS, AuthenticationMode={"Type": "iam"}
        )


def _user_group(account: Account, name: str) -> dict[str, Any]:
    [group] = account.client("elasticache").describe_user_groups(UserGroupId=name)["UserGroups"]
    return {"users": {*group["UserIds"]}, "engine": group["Engine"], "tags": _tags(account, group["ARN"])}


def _members(account: Account) -> dict[str, Any]:
    _make_users(account, "web", "worker", "nobody")
    return {"userGroupId": "case-users", "engine": "valkey", "userIds": ["web", "worker"], "tags": {"owner": "data"}}


def _group(account: Account, name: str) -> dict[str, Any]:
    elasticache = account.client("elasticache")
    [group] = elasticache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    nodes = [
        elasticache.describe_cache_clusters(CacheClusterId=member)["CacheClusters"][0]
        for member in group["MemberClusters"]
    ]
    return {
        "encrypted": (group["AtRestEncryptionEnabled"], group["KmsKeyId"]),
        "tls": (group["TransitEncryptionEnabled"], group["TransitEncryptionMode"]),
        "failover": (group["AutomaticFailover"], group["MultiAZ"]),
        "users": group["UserGroupIds"],
        "days": group["SnapshotRetentionLimit"],
        "logs": {
            each["LogType"]: each["DestinationDetails"]["CloudWatchLogsDetails"]["LogGroup"]
            for each in group["LogDeliveryConfigurations"]
        },
        "zones": [node["PreferredAvailabilityZone"] for node in nodes],
        "engine": {(node["Engine"], node["EngineVersion"]) for node in nodes},
        "network": {
            (node["CacheSubnetGroupName"], *(each["SecurityGroupId"] for each in node["SecurityGroups"]))
            for node in nodes
        },
        "window": {node["PreferredMaintenanceWindow"] for node in nodes},
        "type": group["CacheNodeType"],
        "tags": _tags(account, group["ARN"]),
    }


def _delivery(kind: str, group: str) -> dict[str, str]:
    return {"logType": kind, "destination": group, "destinationType": "cloudwatch-logs", "logFormat": "json"}


def _group_inputs(account: Account) -> dict[str, Any]:
    elasticache = account.client("elasticache")
    vpc = account.vpc()
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="case-subnets", CacheSubnetGroupDescription="case", SubnetIds=account.subnets(vpc)
    )
    _make_users(account, "web")
    for name in ("case-users", "case-more"):
        elasticache.create_user_group(UserGroupId=name, Engine="valkey", UserIds=["web"])
    door = account.client("ec2").create_security_group(GroupName="case", Description="case", VpcId=vpc)["GroupId"]
    return {
        "replicationGroupId": "case-cache",
        "description": "Sessions",
        "engine": "valkey",
        "engineVersion": "8.0",
        "nodeType": "cache.t4g.small",
        "numCacheClusters": 2,
        "preferredCacheClusterAzs": ["us-west-2a", "us-west-2b"],
        "automaticFailoverEnabled": True,
        "multiAzEnabled": True,
        "port": 6380,
        "subnetGroupName": "case-subnets",
        "securityGroupIds": [door],
        "userGroupIds": ["case-users"],
        "atRestEncryptionEnabled": True,
        "kmsKeyId": account.key(),
        "transitEncryptionEnabled": True,
        "transitEncryptionMode": "required",
        "autoMinorVersionUpgrade": True,
        "applyImmediately": True,
        "maintenanceWindow": "sun:11:00-sun:12:00",
        "snapshotWindow": "09:00-10:00",
        "snapshotRetentionLimit": 35,
        "logDeliveryConfigurations": [_delivery("slow-log", "slow"), _delivery("engine-log", "engine")],
        "tags": {"class": "restricted"},
    }


def _cache_seen(inputs: dict[str, Any]) -> dict[str, Any]:
    zones = ["us-west-2a", "us-west-2b"]
    return {
        "encrypted": (True, inputs["kmsKeyId"]),
        "tls": (True, "required"),
        "failover": ("enabled", "enabled"),
        "users": inputs["userGroupIds"],
        "days": inputs["snapshotRetentionLimit"],
        "logs": {each["logType"]: each["destination"] for each in inputs["logDeliveryConfigurations"]},
        "zones": [zones[node % 2] for node in range(inputs["numCacheClusters"])],
        "engine": {("valkey", "8.0")},
        "network": {("case-subnets", *inputs["securityGroupIds"])},
        "window": {inputs["maintenanceWindow"]},
        "type": inputs["nodeType"],
        "tags": inputs["tags"],
    }


CASES = (
    Case(
        "aws:elasticache/subnetGroup:SubnetGroup",
        inputs=_grouped,
        seen=_subnet_group,
        created=_group_seen,
        update=_regrouped,
        updated=_group_seen,
        drift=_redescribed_by_hand,
        drifted={"description": "by hand"},
        outputs=("arn", "vpcId", "tagsAll"),
        never="never",
    ),
    Case(
        "aws:elasticache/user:User",
        inputs=lambda _account: {
            "userId": "web",
            "userName": "web",
            "engine": "valkey",
            "accessString": _ACCESS,
            "authenticationMode": {"type": "iam"},
            "tags": {"owner": "data"},
        },
        seen=_user,
        created={
            "name": "web",
            "access": _ACCESS,
            "engine": "valkey",
            "authentication": "iam",
            "tags": {"owner": "data"},
        },
        update={"accessString": "on ~app:* -@all +@read +@write", "tags": {"owner": "web"}},
        updated={
            "name": "web",
            "access": "on ~app:* -@all +@read +@write",
            "engine": "valkey",
            "authentication": "iam",
            "tags": {"owner": "web"},
        },
        drift=lambda account, user: account.client("elasticache").modify_user(UserId=user, AccessString="on ~* +@all"),
        drifted={"accessString": "on ~* +@all"},
        outputs=("arn", "userId", "tagsAll"),
        never="never",
    ),
    Case(
        "aws:elasticache/userGroup:UserGroup",
        inputs=_members,
        seen=_user_group,
        created={"users": {"web", "worker"}, "engine": "valkey", "tags": {"owner": "data"}},
        update={"userIds": ["worker", "nobody"], "tags": {"owner": "web"}},
        updated={"users": {"worker", "nobody"}, "engine": "valkey", "tags": {"owner": "web"}},
        drift=lambda account, group: account.client("elasticache").modify_user_group(
            UserGroupId=group, UserIdsToRemove=["nobody"]
        ),
        drifted={"userIds": ["worker"]},
        outputs=("arn", "userGroupId", "tagsAll"),
        never="never",
    ),
    Case(
        "aws:elasticache/replicationGroup:ReplicationGroup",
        inputs=_group_inputs,
        seen=_group,
        created=_cache_seen,
        update={
            "snapshotRetentionLimit": 7,
            "numCacheClusters": 3,
            "preferredCacheClusterAzs": ["us-west-2a", "us-west-2b", "us-west-2c"],
            "nodeType": "cache.r7g.large",
            "maintenanceWindow": "mon:11:00-mon:12:00",
            "logDeliveryConfigurations": [_delivery("slow-log", "slower")],
            "userGroupIds": ["case-more"],
            "tags": {"class": "confidential"},
        },
        updated=_cache_seen,
        drift=lambda account, group: account.client("elasticache").modify_replication_group(
            ReplicationGroupId=group, SnapshotRetentionLimit=0, ApplyImmediately=True
        ),
        drifted={"snapshotRetentionLimit": 0},
        outputs=("arn", "memberClusters", "primaryEndpointAddress", "parameterGroupName", "tagsAll"),
        never="never",
    ),
)
