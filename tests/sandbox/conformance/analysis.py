"""Access Analyzer, Inspector and Macie."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case


def _analyzer(account: Account, name: str) -> dict[str, Any]:
    client = account.client("accessanalyzer")
    found = client.get_analyzer(analyzerName=name)["analyzer"]
    return {
        "type": found["type"],
        "days": found["configuration"]["unusedAccess"]["unusedAccessAge"],
        "tags": client.list_tags_for_resource(resourceArn=found["arn"])["tags"],
    }


def _scanned(account: Account, account_id: str) -> set[str] | None:
    found = account.client("inspector2").batch_get_account_status(accountIds=[account_id])["accounts"]
    on = {kind for each in found for kind, state in each["resourceState"].items() if state["status"] == "ENABLED"}
    return on or None


def _session(account: Account, _id: str) -> tuple[str, str]:
    session = account.client("macie2").get_macie_session()
    return session["status"], session["findingPublishingFrequency"]


CASES = (
    Case(
        "aws:accessanalyzer/analyzer:Analyzer",
        inputs=lambda _account: {
            "analyzerName": "unused",
            "type": "ACCOUNT_UNUSED_ACCESS",
            "configuration": {"unusedAccess": {"unusedAccessAge": 90}},
            "tags": {"owner": "security"},
        },
        seen=_analyzer,
        created={"type": "ACCOUNT_UNUSED_ACCESS", "days": 90, "tags": {"owner": "security"}},
        update={"configuration": {"unusedAccess": {"unusedAccessAge": 30}}, "tags": {"class": "internal"}},
        updated={"type": "ACCOUNT_UNUSED_ACCESS", "days": 30, "tags": {"class": "internal"}},
        drift=lambda account, name: account.client("accessanalyzer").update_analyzer(
            analyzerName=name, configuration={"unusedAccess": {"unusedAccessAge": 180}}
        ),
        drifted={"configuration": {"unusedAccess": {"unusedAccessAge": 180}}},
        outputs=("arn", "configuration", "region", "tagsAll", "type"),
        never="never",
    ),
    Case(
        "aws:inspector2/enabler:Enabler",
        inputs=lambda _account: {"accountIds": ["123456789012"], "resourceTypes": ["EC2", "ECR"]},
        seen=_scanned,
        created={"ec2", "ecr"},
        update={"resourceTypes": ["ECR", "LAMBDA"]},
        updated={"ecr", "lambda"},
        drift=lambda account, account_id: account.client("inspector2").disable(
            accountIds=[account_id], resourceTypes=["ECR"]
        ),
        drifted={"resourceTypes": ["LAMBDA"]},
        outputs=("accountIds", "region", "resourceTypes"),
        never="210987654321",
    ),
    Case(
        "aws:macie2/account:Account",
        inputs=lambda _account: {"status": "ENABLED", "findingPublishingFrequency": "ONE_HOUR"},
        seen=_session,
        created=("ENABLED", "ONE_HOUR"),
        update={"findingPublishingFrequency": None},
        updated=("ENABLED", "FIFTEEN_MINUTES"),
        drift=lambda account, _id: account.client("macie2").update_macie_session(status="PAUSED"),
        drifted={"status": "PAUSED"},
        outputs=("region", "serviceRole", "status"),
        never="123456789012",
    ),
)
