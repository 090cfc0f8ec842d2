"""The schema that is read from the SDK's source is the one that the SDK goes by when it runs."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pulumi._types as sdk_types
import pulumi_aws
import pytest

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.schema import ListOf, MapOf, ObjectOf, OneOf, Property, Scalar, Type

STRING = Scalar("string")
WITHOUT_OUTPUTS = {"aws:ram/sharingWithOrganization:SharingWithOrganization"}


def _reached(declared: Type, seen: set[ObjectOf]) -> None:
    match declared:
        case ListOf(item=item) | MapOf(item=item):
            _reached(item, seen)
        case OneOf(options=options):
            for option in options:
                _reached(option, seen)
        case ObjectOf() if declared not in seen:
            seen.add(declared)
            for property_ in declared.properties.values():
                _reached(property_.type, seen)


def test_every_type_of_the_sdk_has_a_schema_to_its_last_nested_object() -> None:
    """No token and no nested class is written in a way that the reader does not understand."""
    seen: set[ObjectOf] = set()
    for token in schema.tokens():
        resource = schema.resource(token)
        assert resource.outputs or token in WITHOUT_OUTPUTS
        assert resource.inputs.keys() <= resource.outputs, token
        assert resource.computed <= resource.outputs, token
        assert resource.secret_outputs <= resource.outputs, token
        for property_ in resource.inputs.values():
            _reached(property_.type, seen)
    assert len(schema.tokens()) == 1748
    assert len(seen) > 7900
    for nested in seen:
        source = schema._source(schema._package_folder(nested.package) / "_inputs.py")
        assert len(nested.properties) == schema._class_block(source, nested.name).count("@pulumi.getter"), nested


@pytest.mark.filterwarnings("ignore:.*has been deprecated:DeprecationWarning")  # of a module beside the one imported
@pytest.mark.parametrize(
    "token",
    [
        "aws:kms/key:Key",
        "aws:s3/bucketLogging:BucketLogging",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:rds/cluster:Cluster",
        "aws:iam/role:Role",
        "aws:glue/mLTransform:MLTransform",
        "aws:guardduty/iPSet:IPSet",
        "aws:sqs/queue:Queue",
    ],
)
def test_names_and_obligations_are_those_of_the_running_sdk(token: str) -> None:
    """What pulumi's own introspection says of the imported classes is what was read from their source."""
    place = schema.tokens()[token]
    # The package first: importing a module of one that pulumi_aws loads lazily leaves the package without its types.
    getattr(importlib.import_module(f"pulumi_aws.{place.package}"), place.name)
    module = importlib.import_module(f"pulumi_aws.{place.package}.{place.file.stem}")
    arguments = getattr(module, module.__all__[0])
    resource = schema.resource(token)
    assert set(resource.inputs) == set(sdk_types.input_type_py_to_pulumi_names(arguments).values())
    assert resource.outputs == set(sdk_types.resource_py_to_pulumi_names(getattr(module, place.name)).values())
    defaults = arguments.__init__.__kwdefaults__ or {}
    names = sdk_types.input_type_py_to_pulumi_names(arguments)
    assert {name for name, declared in resource.inputs.items() if declared.required} == set(names.values()) - {
        names[python] for python in defaults
    }


def test_spot_facts() -> None:
    bucket = schema.resource("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
    rules = bucket.inputs["rules"]
    assert rules.required
    assert isinstance(rules.type, ListOf)
    assert isinstance(rules.type.item, ObjectOf)
    by_default = rules.type.item.properties["applyServerSideEncryptionByDefault"].type
    assert isinstance(by_default, ObjectOf)
    assert by_default.properties == {
        "sseAlgorithm": Property(STRING, required=True),
        "kmsMasterKeyId": Property(STRING, required=False),
    }
    cluster = schema.resource("aws:rds/cluster:Cluster")
    assert cluster.secret_outputs == {"masterPassword", "masterPasswordWo"}
    assert cluster.inputs["engine"].required
    assert cluster.inputs["tags"] == Property(MapOf(STRING), required=False)
    assert {"tagsAll", "arn", "clusterResourceId"} <= cluster.outputs - cluster.inputs.keys()
    assert "description" in schema.resource("aws:kms/key:Key").computed
    assert "isEnabled" not in schema.resource("aws:kms/key:Key").computed
    assert schema.resource("aws:lambda/function:Function").inputs["code"].type == Scalar("archive")
    assert schema.resource(schema.PROVIDER).inputs["defaultTags"].type == ObjectOf("", "ProviderDefaultTagsArgs")


def test_a_policy_may_be_text_or_an_object() -> None:
    policy = schema.resource("aws:iam/role:Role").inputs["assumeRolePolicy"]
    assert policy == Property(OneOf((STRING, ObjectOf("iam", "PolicyDocumentArgs"))), required=True)
    assert ObjectOf("iam", "PolicyDocumentArgs").properties["Statement"].required


def test_every_function_of_the_sdk_is_known_and_no_other() -> None:
    root = Path(pulumi_aws.__file__).parent
    sources = [file.read_text() for file in root.rglob("*.py") if not file.stem.startswith("_")]
    called = {token for text in sources for token in re.findall(r"pulumi\.runtime\.invoke\('(aws:[^']+)'", text)}
    assert len(called) > 500
    assert [token for token in called if not schema.is_function(token)] == []
    for token in ("aws:iam/getNothing:getNothing", "aws:nothing/getRole:getRole", "aws:kms/key:Key", "", "gcp:a/b:c"):
        assert not schema.is_function(token)


def test_an_unknown_type_is_an_error_that_names_the_sdk() -> None:
    with pytest.raises(schema.UnknownTokenError, match=r"aws:s3/bukket:Bukket: pulumi_aws 7\.51\.1 has no such"):
        schema.resource("aws:s3/bukket:Bukket")


def test_documentation_is_by_wire_name() -> None:
    documentation = schema.documentation("aws:kms/key:Key")
    assert documentation.keys() == schema.resource("aws:kms/key:Key").inputs.keys()
    assert "rotation" in documentation["enableKeyRotation"]
