"""Security Hub: the account's hub, the standards it checks, and the regions it gathers findings from."""

from collections.abc import Callable

from sandbox.aws_plugin.aws import AwsError
from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record
from sandbox.aws_plugin.values import Props


def _where_enabled(read: Callable[[Scope], Props | None]) -> Callable[[Scope, Props], Props | None]:
    """Without a hub there is nothing: Security Hub says "invalid access", as it does of missing permissions."""

    def run(scope: Scope, _old: Props) -> Props | None:
        try:
            return read(scope)
        except AwsError as error:
            if error.code == "InvalidAccessException" and "not subscribed" in str(error):
                return None
            raise

    return run


def _hub(scope: Scope) -> Props:
    hub = scope.call("describe_hub")
    return {
        "arn": hub["HubArn"],
        "autoEnableControls": hub["AutoEnableControls"],
        "controlFindingGenerator": hub["ControlFindingGenerator"],
    }


def _standard(scope: Scope) -> Props | None:
    found = scope.call("get_enabled_standards", StandardsSubscriptionArns=[scope["id"]])["StandardsSubscriptions"]
    return {"standardsArn": found[0]["StandardsArn"], "arn": scope["id"]} if found else None


def _request(scope: Scope) -> Props:
    return {"StandardsSubscriptionRequests": [{"StandardsArn": scope["standardsArn"]}]}


RECORDS = (
    Record(
        "aws:securityhub/account:Account",
        service="securityhub",
        key={},
        id="{account}",
        create=Call("enable_security_hub"),
        reads=(Code(("arn", "autoEnableControls", "controlFindingGenerator"), _where_enabled(_hub)),),
        updates=(Call("update_security_hub_configuration"),),
        deletes=(Call("disable_security_hub"),),
        defaults={"autoEnableControls": True, "controlFindingGenerator": "SECURITY_CONTROL"},
        flags=frozenset({"enableDefaultStandards"}),
    ),
    Record(
        "aws:securityhub/standardsSubscription:StandardsSubscription",
        service="securityhub",
        key={"StandardsSubscriptionArns": "{id}"},
        id="StandardsSubscriptionArn",
        create=Call("batch_enable_standards", at="StandardsSubscriptions[0]", only=("standardsArn",), send=_request),
        reads=(Code(("arn", "standardsArn"), _where_enabled(_standard)),),
        deletes=(Call("batch_disable_standards"),),
        replace_on=frozenset({"standardsArn"}),
    ),
    Record(
        "aws:securityhub/findingAggregator:FindingAggregator",
        service="securityhub",
        key={"FindingAggregatorArn": "{id}"},
        id="FindingAggregatorArn",
        create=Call("create_finding_aggregator"),
        reads=(Call("get_finding_aggregator"),),
        updates=(Call("update_finding_aggregator"),),
        deletes=(Call("delete_finding_aggregator"),),
        names={"linkingMode": "RegionLinkingMode", "specifiedRegions": "Regions"},
        computed={"arn": "{id}"},
    ),
)
