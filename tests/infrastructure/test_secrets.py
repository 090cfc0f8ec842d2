"""Application secrets: made and rotated in AWS, known to nobody else."""

from typing import Any

from infrastructure.secrets import SECRETS
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations


def _function(environment: Registrations) -> Registered:
    return environment.one("lambda/function:Function", "application-secrets-rotation")


def _policy(environment: Registrations) -> list[dict[str, Any]]:
    return environment.one("iam/rolePolicy:RolePolicy", "application-secrets-rotation-policy").document()


def test_no_value_of_a_secret_is_in_the_program(environment: Registrations) -> None:
    assert {secret.name for secret in environment.of("secretsmanager/secret:Secret")} == set(SECRETS)
    assert not environment.of("secretsmanager/secretVersion:SecretVersion")
    for secret in environment.of("secretsmanager/secret:Secret"):
        assert not {"secretString", "secretBinary"} & secret.inputs.keys()


def test_every_secret_has_a_copy_under_a_key_of_the_recovery_region(environment: Registrations) -> None:
    key = environment.one("kms/key:Key", "recovery-secrets-key")
    assert key.state["region"] == "us-west-1"
    for secret in environment.of("secretsmanager/secret:Secret"):
        assert secret.inputs["replicas"] == [{"region": "us-west-1", "kmsKeyId": key.state["arn"]}]


def test_every_secret_rotates_within_ninety_days_from_the_first_day_on(environment: Registrations) -> None:
    for name in SECRETS:
        rotation = environment.one("secretsmanager/secretRotation:SecretRotation", f"{name}-rotation").inputs
        assert rotation["secretId"] == f"{name}-id"
        assert rotation["rotationLambdaArn"] == _function(environment).state["arn"]
        assert 0 < rotation["rotationRules"]["automaticallyAfterDays"] <= 90
        assert rotation.get("rotateImmediately", True) is True


def test_secrets_manager_alone_invokes_the_function_and_for_this_accounts_secret(environment: Registrations) -> None:
    for name in SECRETS:
        permission = environment.one("lambda/permission:Permission", f"{name}-rotation-permission").inputs
        secret = environment.one("secretsmanager/secret:Secret", name)
        assert permission["principal"] == "secretsmanager.amazonaws.com"
        assert (permission["sourceAccount"], permission["sourceArn"]) == (ACCOUNT, secret.state["arn"])


def test_the_function_is_private_traced_and_holds_no_settings(environment: Registrations) -> None:
    function = _function(environment).inputs
    private = {
        f"{one.name}-id" for one in environment.of("ec2/subnet:Subnet") if one.inputs["tags"]["tier"] == "private"
    }
    assert set(function["vpcConfig"]["subnetIds"]) == private
    assert function["tracingConfig"] == {"mode": "Active"}
    assert "environment" not in function
    group = environment.one("cloudwatch/logGroup:LogGroup", "application-secrets-rotation-log-group")
    assert function["loggingConfig"]["logGroup"] == group.inputs["name"]


def test_the_function_reaches_endpoints_within_the_network_and_nothing_else(
    environment: Registrations,
) -> None:
    (group,) = _function(environment).inputs["vpcConfig"]["securityGroupIds"]
    rules = [
        rule.inputs
        for kind in ("Egress", "Ingress")
        for rule in environment.of(f"vpc/securityGroup{kind}Rule:SecurityGroup{kind}Rule")
        if rule.inputs["securityGroupId"] == group
    ]
    (vpc,) = environment.of("ec2/vpc:Vpc")
    assert [(rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) for rule in rules] == [
        (vpc.inputs["cidrBlock"], 443, 443)
    ]


def test_the_functions_role_reads_these_secrets_under_their_key_and_no_others(environment: Registrations) -> None:
    secrets = {secret.state["arn"] for secret in environment.of("secretsmanager/secret:Secret")}
    for statement in _policy(environment):
        if {"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"} & set(statement["Action"]):
            assert set(statement["Resource"]) == secrets
        if "kms:Decrypt" in statement["Action"]:
            assert statement["Resource"] == environment.one("kms/key:Key", "secrets-key").state["arn"]
            assert statement["Condition"] == {
                "StringEquals": {"kms:ViaService": "secretsmanager.us-west-2.amazonaws.com"}
            }


def test_a_failed_rotation_raises_an_alarm(environment: Registrations) -> None:
    rule = environment.one("cloudwatch/eventRule:EventRule", "rotation-failures-rule")
    assert "RotationFailed" in rule.inputs["eventPattern"]
