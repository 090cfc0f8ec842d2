"""The data catalogue."""

from typing import Any

from sandbox.aws_plugin.values import Props
from tests.sandbox.conformance.case import Account, Case


def _name(thing: str) -> str:
    return thing.rpartition(":")[2]


def _database(account: Account, thing: str) -> dict[str, Any]:
    glue = account.client("glue")
    found = glue.get_database(Name=_name(thing))["Database"]
    arn = f"arn:aws:glue:{account.region}:123456789012:database/{_name(thing)}"
    return {"description": found.get("Description"), "tags": glue.get_tags(ResourceArn=arn)["Tags"]}


def _describe_by_hand(account: Account, thing: str) -> None:
    described = {"Name": _name(thing), "Description": "by hand"}
    account.client("glue").update_database(Name=_name(thing), DatabaseInput=described)


def _made_database(account: Account) -> str:
    account.client("glue").create_database(DatabaseInput={"Name": "case_tables"})
    return "case_tables"


def _table(account: Account, thing: str) -> dict[str, Any]:
    found = account.client("glue").get_table(DatabaseName="case_tables", Name=_name(thing))["Table"]
    return {
        "parameters": found["Parameters"],
        "partitions": [key["Name"] for key in found["PartitionKeys"]],
        "columns": {one["Name"]: one["Type"] for one in found["StorageDescriptor"]["Columns"]},
        "serde": found["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"],
    }


def _storage(*columns: str) -> Props:
    return {
        "location": "s3://case-bucket/results/",
        "serDeInfo": {"serializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
        "columns": [{"name": column, "type": "string"} for column in columns],
    }


def _empty_by_hand(account: Account, thing: str) -> None:
    glue = account.client("glue")
    found = glue.get_table(DatabaseName="case_tables", Name=_name(thing))["Table"]
    kept = {key: found[key] for key in ("Name", "PartitionKeys", "StorageDescriptor", "TableType")}
    glue.update_table(DatabaseName="case_tables", TableInput={**kept, "Parameters": {"classification": "csv"}})


def _encryption(mode: str) -> Props:
    at_rest = {"catalogEncryptionMode": mode, "sseAwsKmsKeyId": "alias/case"}
    passwords = {"returnConnectionPasswordEncrypted": True, "awsKmsKeyId": "alias/case"}
    return {
        "dataCatalogEncryptionSettings": {"encryptionAtRest": at_rest, "connectionPasswordEncryption": passwords},
    }


def _encrypted(account: Account, _thing: str) -> dict[str, Any] | None:
    answer = account.client("glue").get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"]
    mode = answer["EncryptionAtRest"]["CatalogEncryptionMode"]
    passwords = answer["ConnectionPasswordEncryption"]["ReturnConnectionPasswordEncrypted"]
    return {"mode": mode, "passwords": passwords} if mode != "DISABLED" or passwords else None


def _stop_encrypting_passwords(account: Account, _thing: str) -> None:
    settings = {
        "EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS", "SseAwsKmsKeyId": "alias/case"},
        "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": False, "AwsKmsKeyId": "alias/case"},
    }
    account.client("glue").put_data_catalog_encryption_settings(DataCatalogEncryptionSettings=settings)


CASES = (
    Case(
        "aws:glue/catalogDatabase:CatalogDatabase",
        inputs=lambda _: {
            "name": "case_database",
            "description": "first",
            "tags": {"class": "internal", "owner": "data"},
        },
        seen=_database,
        created={"description": "first", "tags": {"class": "internal", "owner": "data"}},
        update={"description": "second", "tags": {"class": "public"}},
        updated={"description": "second", "tags": {"class": "public"}},
        drift=_describe_by_hand,
        drifted={"description": "by hand"},
        outputs=("arn", "catalogId", "name", "region", "tagsAll"),
        never="123456789012:case_never",
    ),
    Case(
        "aws:glue/catalogTable:CatalogTable",
        inputs=lambda account: {
            "databaseName": _made_database(account),
            "name": "case_table",
            "tableType": "EXTERNAL_TABLE",
            "parameters": {"classification": "parquet"},
            "partitionKeys": [{"name": "day", "type": "string"}],
            "storageDescriptor": _storage("rule", "urn"),
        },
        seen=_table,
        created={
            "parameters": {"classification": "parquet"},
            "partitions": ["day"],
            "columns": {"rule": "string", "urn": "string"},
            "serde": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        },
        update={
            "parameters": {"classification": "parquet", "projection.enabled": "true"},
            "storageDescriptor": _storage("rule", "urn", "verdict"),
        },
        updated={
            "parameters": {"classification": "parquet", "projection.enabled": "true"},
            "partitions": ["day"],
            "columns": {"rule": "string", "urn": "string", "verdict": "string"},
            "serde": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        },
        drift=_empty_by_hand,
        drifted={"parameters": {"classification": "csv"}},
        outputs=("arn", "catalogId", "databaseName", "name", "storageDescriptor", "region"),
        never="123456789012:case_tables:case_never",
    ),
    Case(
        "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings",
        inputs=lambda _: _encryption("SSE-KMS"),
        seen=_encrypted,
        created={"mode": "SSE-KMS", "passwords": True},
        update=_encryption("SSE-KMS-WITH-SERVICE-ROLE"),
        updated={"mode": "SSE-KMS-WITH-SERVICE-ROLE", "passwords": True},
        drift=_stop_encrypting_passwords,
        drifted={
            "dataCatalogEncryptionSettings": {
                "encryptionAtRest": {"catalogEncryptionMode": "SSE-KMS", "sseAwsKmsKeyId": "alias/case"},
                "connectionPasswordEncryption": {
                    "returnConnectionPasswordEncrypted": False,
                    "awsKmsKeyId": "alias/case",
                },
            }
        },
        outputs=("catalogId", "dataCatalogEncryptionSettings", "region"),
        never=None,
    ),
)
