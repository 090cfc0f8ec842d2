"""Resource Explorer: a region's index of what is in the account."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case


def _index(account: Account, _arn: str) -> dict[str, Any]:
    found = account.client("resource-explorer-2").get_index()
    return {"type": found["Type"], "tags": found["Tags"]}


CASES = (
    Case(
        "aws:resourceexplorer/index:Index",
        inputs=lambda _account: {"type": "AGGREGATOR", "tags": {"owner": "platform"}},
        seen=_index,
        created={"type": "AGGREGATOR", "tags": {"owner": "platform"}},
        update={"type": "LOCAL", "tags": {"owner": "web"}},
        updated={"type": "LOCAL", "tags": {"owner": "web"}},
        drift=lambda account, arn: account.client("resource-explorer-2").update_index_type(Arn=arn, Type="AGGREGATOR"),
        drifted={"type": "AGGREGATOR"},
        outputs=("arn", "region", "type"),
        never="arn:aws:resource-explorer-2:us-west-2:123456789012:index/never",
    ),
)
