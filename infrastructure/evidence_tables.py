"""The tables of the evidence, as Athena and the catalogue see the files in its bucket.

Enters: the bucket, and the key of the catalogue. Leaves: `create_tables`. Whoever collects evidence writes Parquet
files of `RESULT_COLUMNS`, one row a result, to

    s3://BUCKET/results/stack=STACK/day=YYYY-MM-DD/NAME.parquet

where the day is the run's, in UTC. Partitions are projected from these paths, so that a new file is in the next query's
answer without anybody telling the catalogue. A query names its stacks (`where stack in ('us-west-prod')`), and the days
where it need not read all of them. Source: "Partition projection" in the Athena user guide.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import glue

RESULTS = "results"
"""The folder of the results, and their table."""

FIRST_DAY = "2026-01-01"
"""No evidence is older: where the projection of days begins."""

RESULT_COLUMNS = {
    "rule": "string",
    "urn": "string",
    "verdict": "string",
    "message": "string",
    "controls": "array<string>",
    "promise": "string",
    "severity": "string",
    "blocking": "boolean",
    "path": "string",
    "line": "int",
    "origin": "string",
    "time": "timestamp",
    "commit": "string",
    "pack": "string",
    "pack_version": "string",
}
"""A result with the facts of its run, in Hive's types. Stack and day are in the path, and so in no file."""

PARTITIONS = {"stack": "string", "day": "string"}


@dataclass(frozen=True)
class TablesArgs:
    """The name of the database, where its files are, and what the catalogue is encrypted with."""

    database: str
    bucket: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    tags: dict[str, str]


def create_tables(name: str, args: TablesArgs, parent: pulumi.Resource) -> None:
    """The catalogue's encryption, then the database, then the table of results."""
    child = pulumi.ResourceOptions(parent=parent)
    encryption = glue.DataCatalogEncryptionSettings(
        f"{name}-catalog-encryption",
        data_catalog_encryption_settings={
            "encryption_at_rest": {"catalog_encryption_mode": "SSE-KMS", "sse_aws_kms_key_id": args.key_arn},
            "connection_password_encryption": {
                "return_connection_password_encrypted": True,
                "aws_kms_key_id": args.key_arn,
            },
        },
        opts=child,
    )
    database = glue.CatalogDatabase(
        f"{name}-database",
        name=args.database,
        description="What the policy pack found, stack by stack",
        tags=args.tags,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[encryption]),
    )
    location = pulumi.Output.concat("s3://", args.bucket, f"/{RESULTS}/")
    glue.CatalogTable(
        f"{name}-results",
        name=RESULTS,
        database_name=database.name,
        description="One row for each rule and resource of a run",
        table_type="EXTERNAL_TABLE",
        parameters={
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            "projection.enabled": "true",
            "projection.stack.type": "injected",
            "projection.day.type": "date",
            "projection.day.format": "yyyy-MM-dd",
            "projection.day.range": f"{FIRST_DAY},NOW",
            "storage.location.template": pulumi.Output.concat(location, "stack=${stack}/day=${day}/"),
        },
        partition_keys=[{"name": key, "type": kind} for key, kind in PARTITIONS.items()],
        storage_descriptor={
            "location": location,
            "input_format": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "output_format": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "ser_de_info": {"serialization_library": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
            "columns": [{"name": key, "type": kind} for key, kind in RESULT_COLUMNS.items()],
        },
        opts=pulumi.ResourceOptions(parent=database),
    )
