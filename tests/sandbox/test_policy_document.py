"""getPolicyDocument: what a program says, as IAM reads it."""

import json

import pytest

from sandbox.aws_plugin import handlers
from sandbox.aws_plugin.aws import Aws, AwsError
from sandbox.aws_plugin.values import Props


def document(**args: object) -> Props:
    """The result, with the document parsed; no account is asked."""
    result = handlers.invoke(
        "aws:iam/getPolicyDocument:getPolicyDocument", args, Aws("http://127.0.0.1:9", "us-west-2")
    )
    assert json.loads(result["json"]) == json.loads(result["minifiedJson"])
    return result


def statements(**args: object) -> list[Props]:
    found: list[Props] = json.loads(document(**args)["json"])["Statement"]
    return found


def written(*given: Props) -> str:
    return str(document(statements=list(given))["json"])


def test_every_part_of_a_statement_becomes_its_element() -> None:
    given = {
        "sid": "Read",
        "effect": "Deny",
        "notActions": ["s3:Get*", "s3:List*"],
        "resources": ["arn:aws:s3:::a/&{aws:username}"],
        "notPrincipals": [
            {"type": "AWS", "identifiers": ["arn:aws:iam::123456789012:root"]},
            {"type": "Service", "identifiers": ["backup.amazonaws.com", "rds.amazonaws.com"]},
        ],
        "conditions": [
            {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["123456789012"]},
            {"test": "StringLike", "variable": "aws:PrincipalArn", "values": ["*a", "*b"]},
            {"test": "StringLike", "variable": "aws:SourceArn", "values": ["*"]},
        ],
    }
    result = document(statements=[given], policyId="P")
    assert json.loads(result["json"]) == {
        "Version": "2012-10-17",
        "Id": "P",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Deny",
                "NotAction": ["s3:Get*", "s3:List*"],
                "Resource": "arn:aws:s3:::a/${aws:username}",
                "NotPrincipal": {
                    "AWS": "arn:aws:iam::123456789012:root",
                    "Service": ["backup.amazonaws.com", "rds.amazonaws.com"],
                },
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": "123456789012"},
                    "StringLike": {"aws:PrincipalArn": ["*a", "*b"], "aws:SourceArn": "*"},
                },
            }
        ],
    }
    assert result["version"] == "2012-10-17"
    assert result["statements"] == [given]
    assert result["id"] != document(statements=[])["id"]


def test_a_statement_allows_unless_it_says_otherwise() -> None:
    assert statements(statements=[{"actions": ["*"], "resources": ["*"]}]) == [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}
    ]


def test_anyone_is_written_as_a_star() -> None:
    anyone = {"principals": [{"type": "*", "identifiers": ["*"]}]}
    any_account = {"principals": [{"type": "AWS", "identifiers": ["*"]}]}
    assert [each["Principal"] for each in statements(statements=[anyone, any_account])] == ["*", {"AWS": "*"}]


def test_a_later_statement_of_the_same_sid_takes_the_place_of_an_earlier() -> None:
    source = written({"sid": "A", "actions": ["a:1"]}, {"sid": "B", "actions": ["b:1"]}, {"actions": ["c:1"]})
    override = written({"sid": "B", "effect": "Deny", "actions": ["b:3"]}, {"actions": ["d:3"]})
    merged = statements(
        sourcePolicyDocuments=[source],
        statements=[{"sid": "A", "actions": ["a:2"]}],
        overridePolicyDocuments=[override],
    )
    assert [(each["Effect"], each["Action"]) for each in merged] == [
        ("Allow", "a:2"),
        ("Deny", "b:3"),
        ("Allow", "c:1"),
        ("Allow", "d:3"),
    ]


@pytest.mark.parametrize(
    "args",
    [
        {"statements": [{"sid": "A"}, {"sid": "A"}]},
        {"sourcePolicyDocuments": ['{"Statement": {"Sid": "A"}}', '{"Statement": [{"Sid": "A"}]}']},
        {"sourcePolicyDocuments": ["{"]},
        {"overridePolicyDocuments": ["[]"]},
    ],
    ids=["own sids", "source sids", "no JSON", "no object"],
)
def test_an_ambiguous_or_malformed_document_is_refused(args: Props) -> None:
    with pytest.raises(AwsError, match="get_policy_document on iam: MalformedPolicyDocument"):
        document(**args)
