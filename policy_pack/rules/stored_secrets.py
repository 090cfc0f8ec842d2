"""Secrets that AWS or the state keeps in plain text: in user data, parameters and passwords that a program knows."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

from policy_pack.credentials import LOOKS_SECRET, holds_secret, text_holds_secret
from policy_pack.examples import declare, declare_rows
from policy_pack.rules.secrets import PASSWORD, SECRET_ARN
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.values import UNKNOWN, Props, raw
from policy_pack.vocabulary import Finding, Resource, Row, Rows, Severity, aws, each, judge_rows, rule

STARTS: dict[str, tuple[str, ...]] = {
    "aws:ec2/instance:Instance": ("userData", "userDataBase64"),
    "aws:ec2/launchConfiguration:LaunchConfiguration": ("userData", "userDataBase64"),
    "aws:ec2/launchTemplate:LaunchTemplate": ("userData",),
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": ("userData", "userDataBase64"),
}


@rule(
    on=STARTS,
    severity=Severity.CRITICAL,
    promise="encryption",
    controls=("PH:USERDATA",),
    fix="let the instance fetch the secret with its role when it starts",
)
def no_secret_in_user_data(instance: Resource, row: tuple[str, ...]) -> Iterator[Finding]:
    """Every process on an instance may read its user data, and so may whoever may describe it."""

    def judge(name: str) -> Iterator[Finding]:
        text = instance.get(name, default="")
        if text_holds_secret(text):
            yield f"{name} holds a secret in plain text"

    yield from each(row, judge)


FETCHES = "#!/bin/bash\nexport DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id orders)\n"
CARRIES = f"#!/bin/bash\nexport DB_PASSWORD={PASSWORD}\n"


@no_secret_in_user_data.passes
def fetched_at_the_start() -> None:
    aws.ec2.Instance("web", user_data=FETCHES)
    aws.ec2.LaunchTemplate("web", user_data=base64.b64encode(FETCHES.encode()).decode())
    aws.ec2.LaunchConfiguration("web", image_id="ami-1", instance_type="m7g.large", user_data=FETCHES)
    aws.ec2.SpotInstanceRequest("web", user_data=FETCHES)


@no_secret_in_user_data.fails
def carried_along() -> None:
    aws.ec2.Instance("web", user_data=CARRIES)


@no_secret_in_user_data.fails
def carried_along_encoded() -> None:
    aws.ec2.LaunchTemplate("web", user_data=base64.b64encode(CARRIES.encode()).decode())


@no_secret_in_user_data.fails
def private_key_carried_along() -> None:
    aws.ec2.Instance("web", user_data_base64=base64.b64encode(b"-----BEGIN RSA PRIVATE KEY-----").decode())


@no_secret_in_user_data.undetermined
def text_that_names_another_resource() -> None:
    bucket = aws.s3.Bucket("setup")
    aws.ec2.Instance("web", user_data=bucket.arn.apply(lambda arn: f"aws s3 cp {arn} ."))


# What machines run as it is written: a password that is given there is one.
SCRIPTS: dict[str, Rows] = {
    "aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion": Row(("content",)),
    "aws:ec2/spotFleetRequest:SpotFleetRequest": Row(("launchSpecifications[]", "userData")),
    "aws:imagebuilder/component:Component": Row(("data",)),
    "aws:ssm/document:Document": Row(("content",)),
}
# What may name a password for other reasons, such as where it comes from.
DEFINITIONS: dict[str, Rows] = {
    "aws:amplify/app:App": Row(("buildSpec",)),
    "aws:cloudformation/stack:Stack": Row(("templateBody",)),
    "aws:cloudfront/function:Function": Row(("code",)),
    "aws:codebuild/project:Project": (Row(("source", "buildspec")), Row(("secondarySources[]", "buildspec"))),
    "aws:s3/bucketObject:BucketObject": Row(("content",)),
    "aws:s3/bucketObjectv2:BucketObjectv2": Row(("content",)),
    "aws:sfn/stateMachine:StateMachine": Row(("definition",)),
}


@rule(
    on=SCRIPTS | DEFINITIONS,
    severity=Severity.HIGH,
    promise="encryption",
    fix="keep the secret in AWS Secrets Manager, and let what is written fetch it",
)
def no_secret_in_text(holder: Resource, row: Rows) -> Iterator[Finding]:
    """A script, a template or an object is read by many more people than the secret in it is for."""
    looks = text_holds_secret if holder.type in SCRIPTS else LOOKS_SECRET.search

    def check(inside: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        if looks(str(raw(inside.get(*names, default="")))):
            yield f"{inside.where(*names)} holds a secret in plain text"

    yield from judge_rows(row, holder, check)


@no_secret_in_text.passes
def what_fetches_a_secret() -> None:
    declare_rows(SCRIPTS, FETCHES)
    declare_rows(DEFINITIONS, "env:\n  secrets-manager:\n    DB_PASSWORD: orders/database:password\n")


@no_secret_in_text.fails
def a_password_in_a_script() -> None:
    declare_rows(SCRIPTS, f"export DB_PASSWORD={PASSWORD}")


@no_secret_in_text.fails
def a_key_in_a_template() -> None:
    declare_rows(DEFINITIONS, "key: AKIA" + 16 * "A")


@rule(
    on=("aws:ssm/parameter:Parameter",),
    severity=Severity.HIGH,
    promise="encryption",
    controls=("PH:SSM-SECURE",),
    fix="make the parameter a SecureString with a keyId of your own, and its value come from `valueWo` or a secret",
)
def secret_parameter_secure(parameter: Resource) -> Iterator[Finding]:
    """A String parameter is readable by whoever may list parameters."""
    name = str(parameter.get("name", default=parameter.name))
    kind = parameter.get("type")
    inside = "insecureValue" if "insecureValue" in parameter else "value"
    if kind == "SecureString":
        if not parameter.has("keyId") or "alias/aws/" in parameter.get("keyId"):
            yield "keyId names no key of your own"
        if "insecureValue" in parameter:
            yield "insecureValue holds the secret in plain text"
    elif holds_secret(name.rpartition("/")[2], raw(parameter).get(inside, "")):
        yield f"type is {kind}, and {inside} holds a secret in plain text; it must be SecureString"


@secret_parameter_secure.passes
def secure_string() -> None:
    aws.ssm.Parameter("password", name="/orders/password", type="SecureString", key_id="alias/orders", value=PASSWORD)
    aws.ssm.Parameter("level", name="/orders/log-level", type="String", value="info")
    aws.ssm.Parameter("where", name="/orders/password-arn", type="String", value=SECRET_ARN)


@secret_parameter_secure.fails
def secret_as_a_string() -> None:
    aws.ssm.Parameter("password", name="/orders/password", type="String", value=PASSWORD)


@secret_parameter_secure.fails
def secret_in_the_insecure_value() -> None:
    aws.ssm.Parameter("token", name="/orders/api-token", type="String", insecure_value=PASSWORD)


@secret_parameter_secure.fails
def secure_string_under_the_key_of_aws() -> None:
    aws.ssm.Parameter("password", name="/orders/password", type="SecureString", value=PASSWORD)


@secret_parameter_secure.undetermined
def secret_string_not_known_yet() -> None:
    made = aws.secretsmanager.SecretVersion(
        "orders", secret_id=aws.secretsmanager.Secret("orders").id, secret_string=PASSWORD
    )
    aws.ssm.Parameter("password", name="/orders/password", type="String", value=made.version_id)


PASSWORDS: dict[str, Rows] = {
    DATABASE_CLUSTER: Row(("masterPassword",), controls=("PH:SECRET-PLAIN", "PH:RDS-MANAGED")),
    DATABASE_INSTANCE: Row(("password",), controls=("PH:SECRET-PLAIN", "PH:RDS-MANAGED")),
    "aws:codebuild/sourceCredential:SourceCredential": Row(("token",)),
    "aws:dms/endpoint:Endpoint": Row(("password",)),
    "aws:docdb/cluster:Cluster": Row(("masterPassword",)),
    "aws:docdb/elasticCluster:ElasticCluster": Row(("adminUserPassword",)),
    "aws:elasticache/replicationGroup:ReplicationGroup": Row(("authToken",)),
    "aws:elasticache/user:User": (Row(("passwords",)), Row(("authenticationMode[]", "passwords"))),
    "aws:memorydb/user:User": Row(("authenticationMode[]", "passwords")),
    "aws:ec2/vpnConnection:VpnConnection": (Row(("tunnel1PresharedKey",)), Row(("tunnel2PresharedKey",))),
    "aws:elasticsearch/domain:Domain": Row(("advancedSecurityOptions[]", "masterUserOptions[]", "masterUserPassword")),
    "aws:glue/connection:Connection": Row(("connectionProperties[]", "PASSWORD")),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": (
        Row(("redshiftConfiguration[]", "password")),
        Row(("snowflakeConfiguration[]", "privateKey")),
    ),
    "aws:opensearch/domain:Domain": Row(("advancedSecurityOptions[]", "masterUserOptions[]", "masterUserPassword")),
    "aws:redshift/cluster:Cluster": Row(("masterPassword",)),
    "aws:redshiftserverless/namespace:Namespace": Row(("adminUserPassword",)),
    "aws:datasync/locationObjectStorage:LocationObjectStorage": Row(("secretKey",)),
    "aws:secretsmanager/secretVersion:SecretVersion": (
        Row(("secretString",), controls=("PH:SECRET-PLAIN",)),
        Row(("secretBinary",), controls=("PH:SECRET-PLAIN",)),
    ),
}


# Where another property says that the password's own is the ARN of what holds it.
BY_REFERENCE = {
    "aws:codebuild/sourceCredential:SourceCredential": "authType",
    "aws:docdb/elasticCluster:ElasticCluster": "authType",
}
REFERENCES = ("CODECONNECTIONS", "SECRETS_MANAGER", "SECRET_ARN")


@rule(
    on=PASSWORDS,
    severity=Severity.HIGH,
    promise="encryption",
    fix="let AWS manage the password, or hand it over by a write-only property (its name ends in Wo)",
)
def password_not_in_state(store: Resource, row: Rows) -> Iterator[Finding]:
    """What a program knows is in its configuration or its state, for everybody who may deploy."""

    def check(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        if store.type in BY_REFERENCE and store.get(BY_REFERENCE[store.type]) in REFERENCES:
            return
        # Unknown is no excuse: whatever the value becomes, the state will hold it.
        value = raw(holder)
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else value
        if value is UNKNOWN or value:
            yield f"{holder.where(*names)} is set"

    yield from judge_rows(row, store, check)


@password_not_in_state.passes
def a_server_that_asks_for_no_key() -> None:
    declare("aws:datasync/locationObjectStorage:LocationObjectStorage", bucketName="old", serverHostname="old")


@password_not_in_state.passes
def passwords_that_nobody_has_seen() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", manage_master_user_password=True)
    aws.rds.Instance("reports", instance_class="db.t4g.small", manage_master_user_password=True)
    aws.secretsmanager.SecretVersion(
        "token", secret_id=aws.secretsmanager.Secret("token").id, secret_string_wo=PASSWORD, secret_string_wo_version=1
    )
    declare("aws:docdb/cluster:Cluster", manageMasterUserPassword=True)
    declare("aws:docdb/elasticCluster:ElasticCluster", authType="SECRET_ARN", adminUserPassword=SECRET_ARN)
    declare("aws:codebuild/sourceCredential:SourceCredential", {"authType": "SECRETS_MANAGER", "token": SECRET_ARN})
    declare("aws:dms/endpoint:Endpoint", secretsManagerArn=SECRET_ARN)
    declare("aws:ec2/vpnConnection:VpnConnection", presharedKeyStorage="SecretsManager")
    declare("aws:glue/connection:Connection", connectionProperties={"SECRET_ID": SECRET_ARN})
    declare("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", destination="extended_s3")
    declare("aws:elasticsearch/domain:Domain", advancedSecurityOptions={"enabled": True})
    declare("aws:elasticache/replicationGroup:ReplicationGroup", authTokenWo=PASSWORD, authTokenWoVersion=1)
    declare("aws:elasticache/user:User", authenticationMode={"type": "iam"})
    declare("aws:memorydb/user:User", authenticationMode={"type": "iam"})
    options = {"enabled": True, "masterUserOptions": {"masterUserArn": "arn:aws:iam::111122223333:role/search"}}
    declare("aws:opensearch/domain:Domain", advancedSecurityOptions=options)
    declare("aws:redshift/cluster:Cluster", manageMasterPassword=True)
    declare("aws:redshiftserverless/namespace:Namespace", manageAdminPassword=True)


@password_not_in_state.fails
def password_of_a_database() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", master_username="owner", master_password=PASSWORD)


@password_not_in_state.fails
def password_of_a_cache_user() -> None:
    declare("aws:elasticache/user:User", authenticationMode={"type": "password", "passwords": [PASSWORD]})


@password_not_in_state.fails
def token_of_a_build() -> None:
    given = {"authType": "PERSONAL_ACCESS_TOKEN", "token": PASSWORD}
    declare("aws:codebuild/sourceCredential:SourceCredential", given)


@password_not_in_state.fails
def secret_that_the_program_knows() -> None:
    aws.secretsmanager.SecretVersion("token", secret_id=aws.secretsmanager.Secret("token").id, secret_string=PASSWORD)
