"""Route 53: records, whose ends of a dot and whose case mean nothing."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case


def _in_a_zone(account: Account) -> dict[str, Any]:
    zone = account.client("route53").create_hosted_zone(Name="case.example", CallerReference="case")["HostedZone"]["Id"]
    return {
        "zoneId": zone.rpartition("/")[2],
        "name": "_proof.case.example.",
        "type": "CNAME",
        "ttl": 300,
        "records": ["one.example."],
    }


def _record(account: Account, record_id: str) -> tuple[int, list[str]] | None:
    zone = record_id.partition("_")[0]
    listed = account.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    found = [each for each in listed if each["Name"] == "_proof.case.example."]
    return (found[0]["TTL"], [each["Value"] for each in found[0]["ResourceRecords"]]) if found else None


def _change(account: Account, record_id: str) -> None:
    record = {"Name": "_proof.case.example.", "Type": "CNAME", "TTL": 60}
    change = {"Action": "UPSERT", "ResourceRecordSet": record | {"ResourceRecords": [{"Value": "three.example."}]}}
    account.client("route53").change_resource_record_sets(
        HostedZoneId=record_id.partition("_")[0], ChangeBatch={"Changes": [change]}
    )


CASES = (
    Case(
        "aws:route53/record:Record",
        inputs=_in_a_zone,
        seen=_record,
        created=(300, ["one.example."]),
        update={"ttl": 60, "records": ["two.example."]},
        updated=(60, ["two.example."]),
        drift=_change,
        drifted={"records": ["three.example."]},
        outputs=("fqdn", "name", "records", "ttl", "type", "zoneId"),
        never="Z00SANDBOX_never.sandbox.hedgerow.example_CNAME",
    ),
)
