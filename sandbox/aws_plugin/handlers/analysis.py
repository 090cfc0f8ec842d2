"""What looks for weaknesses: Access Analyzer, Inspector and Macie."""

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_SCANNED = {"ec2": "EC2", "ecr": "ECR", "lambda": "LAMBDA", "lambdaCode": "LAMBDA_CODE"}


def _scanned(scope: Scope, _old: Props) -> Props | None:
    """What Inspector scans in the account; None where it scans nothing."""
    for account in scope.call("batch_get_account_status", accountIds=[scope["id"]])["accounts"]:
        states = account["resourceState"]
        on = [kind for member, kind in _SCANNED.items() if states.get(member, {}).get("status") == "ENABLED"]
        if on:
            return {"accountIds": [account["accountId"]], "resourceTypes": on}
    return None


def _change_scans(scope: Scope, old: Props) -> None:
    wanted, had = set(scope["resourceTypes"]), set(old.get("resourceTypes") or ())
    for operation, kinds in (("enable", wanted - had), ("disable", had - wanted)):
        if kinds:
            scope.call(operation, accountIds=[scope["id"]], resourceTypes=sorted(kinds))


RECORDS = (
    Record(
        "aws:accessanalyzer/analyzer:Analyzer",
        service="accessanalyzer",
        key={"analyzerName": "{analyzerName}"},
        id="{analyzerName}",
        create=Call("create_analyzer"),
        reads=(Call("get_analyzer", at="analyzer"),),
        updates=(Call("update_analyzer"),),
        deletes=(Call("delete_analyzer"),),
        defaults={"type": "ACCOUNT"},
        tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"resourceArn": "{arn}"}),
    ),
    Record(
        "aws:inspector2/enabler:Enabler",
        service="inspector2",
        key={},
        id="{account}",
        create=Call("enable"),
        reads=(Code(("accountIds", "resourceTypes"), _scanned),),
        updates=(Code(("resourceTypes",), _change_scans),),
        deletes=(Call("disable"),),
    ),
    Record(
        "aws:macie2/account:Account",
        service="macie2",
        key={},
        id="{account}",
        create=Call("enable_macie"),
        reads=(Call("get_macie_session"),),
        updates=(Call("update_macie_session"),),
        deletes=(Call("disable_macie"),),
        defaults={"findingPublishingFrequency": "FIFTEEN_MINUTES", "status": "ENABLED"},
    ),
)
