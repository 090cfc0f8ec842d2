"""Systems Manager: documents, and the settings of a service."""

import json
from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_SHARING = "/ssm/documents/console/public-sharing-permission"


def _preferences(minutes: str) -> str:
    inputs = {"cloudWatchLogGroupName": "/sessions", "idleSessionTimeout": minutes}
    return json.dumps({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs})


def _document(account: Account, name: str) -> dict[str, Any]:
    ssm = account.client("ssm")
    found = ssm.get_document(Name=name)
    tags = ssm.list_tags_for_resource(ResourceType="Document", ResourceId=name)["TagList"]
    minutes = json.loads(found["Content"])["inputs"]["idleSessionTimeout"]
    return {"type": found["DocumentType"], "minutes": minutes, "tags": tags_of(tags)}


def _change_by_hand(account: Account, name: str) -> None:
    ssm = account.client("ssm")
    ssm.update_document(Name=name, Content=_preferences("60"), DocumentVersion="$LATEST")
    latest = ssm.describe_document(Name=name, DocumentVersion="$LATEST")["Document"]["DocumentVersion"]
    ssm.update_document_default_version(Name=name, DocumentVersion=latest)


def _setting(account: Account, setting_id: str) -> str | None:
    found = account.client("ssm").get_service_setting(SettingId=setting_id)["ServiceSetting"]
    return None if found["Status"] == "Default" else str(found["SettingValue"])


CASES = (
    Case(
        "aws:ssm/document:Document",
        inputs=lambda _account: {
            "name": "case-preferences",
            "documentType": "Session",
            "content": _preferences("20"),
            "tags": {"owner": "web"},
        },
        seen=_document,
        created={"type": "Session", "minutes": "20", "tags": {"owner": "web"}},
        update={"content": _preferences("10"), "tags": {"owner": "platform"}},
        updated={"type": "Session", "minutes": "10", "tags": {"owner": "platform"}},
        drift=_change_by_hand,
        drifted={"content": _preferences("60")},
        outputs=("arn", "content", "documentFormat", "name", "region"),
        never="never",
    ),
    Case(
        "aws:ssm/serviceSetting:ServiceSetting",
        inputs=lambda _account: {"settingId": _SHARING, "settingValue": "Disable"},
        seen=_setting,
        created="Disable",
        update={"settingValue": "Enable"},
        updated="Enable",
        drift=lambda account, setting_id: account.client("ssm").update_service_setting(
            SettingId=setting_id, SettingValue="Disable"
        ),
        drifted={"settingValue": "Disable"},
        outputs=("arn", "region", "settingValue", "status"),
        never="/ssm/parameter-store/high-throughput-enabled",
    ),
)
