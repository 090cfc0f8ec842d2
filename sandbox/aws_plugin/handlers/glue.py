"""Glue's data catalogue: its databases and tables, and how it is encrypted."""

from sandbox.aws_plugin.handlers import models, translate
from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Record, Tagging
from sandbox.aws_plugin.values import Props

_DATABASE = ("name", "description", "locationUri", "parameters")
_TABLE = (
    "name",
    "description",
    "owner",
    "parameters",
    "partitionKeys",
    "retention",
    "storageDescriptor",
    "tableType",
)


def _inside(member: str, properties: tuple[str, ...]) -> dict[str, str]:
    return {name: f"{member}.{name[0].upper()}{name[1:]}" for name in properties}


def _whole_table(scope: Scope) -> Props:
    """UpdateTable takes the whole table, whatever of it has changed."""
    shape = models.members_of("glue", "update_table")["TableInput"]
    return {"TableInput": translate.to_aws({name: scope[name] for name in _TABLE if name in scope}, shape, {})}


_DATABASE_ARN = "arn:{partition}:glue:{region}:{account}:database/{name}"

RECORDS = (
    Record(
        "aws:glue/catalogDatabase:CatalogDatabase",
        service="glue",
        key={"Name": "{name}"},
        id="{account}:{name}",
        create=Call("create_database", names=_inside("DatabaseInput", _DATABASE)),
        reads=(Call("get_database", at="Database"),),
        updates=(Call("update_database", only=_DATABASE, names=_inside("DatabaseInput", _DATABASE)),),
        deletes=(Call("delete_database"),),
        computed={"arn": _DATABASE_ARN, "catalogId": "{account}"},
        tagging=Tagging("tag_resource", "untag_resource", "get_tags", {"ResourceArn": _DATABASE_ARN}),
    ),
    Record(
        "aws:glue/catalogTable:CatalogTable",
        service="glue",
        key={"DatabaseName": "{databaseName}", "Name": "{name}"},
        id="{account}:{databaseName}:{name}",
        create=Call("create_table", only=("databaseName", *_TABLE), names=_inside("TableInput", _TABLE)),
        reads=(Call("get_table", at="Table"),),
        updates=(Call("update_table", only=_TABLE, names=_inside("TableInput", _TABLE), send=_whole_table),),
        deletes=(Call("delete_table"),),
        computed={
            "arn": "arn:{partition}:glue:{region}:{account}:table/{databaseName}/{name}",
            "catalogId": "{account}",
        },
        replace_on=frozenset({"catalogId"}),
    ),
    Record(
        "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings",
        service="glue",
        key={},
        id="{account}",
        create=(encryption := Call("put_data_catalog_encryption_settings")),
        reads=(Call("get_data_catalog_encryption_settings"),),
        gone="DataCatalogEncryptionSettings.EncryptionAtRest.CatalogEncryptionMode == 'DISABLED'",
        updates=(encryption,),
        # A catalogue always has settings: what it has without any is what it gets back.
        deletes=(
            Call(
                "put_data_catalog_encryption_settings",
                only=("region",),
                given={
                    "DataCatalogEncryptionSettings": {
                        "EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"},
                        "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": False},
                    }
                },
            ),
        ),
        computed={"catalogId": "{account}"},
    ),
)
