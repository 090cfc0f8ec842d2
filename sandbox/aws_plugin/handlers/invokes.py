"""The functions that a program asks AWS. In: arguments by wire name. Out: results by the SDK's names."""

import re
from collections.abc import Callable, Mapping

from sandbox.aws_plugin.aws import Aws, AwsError, perform
from sandbox.aws_plugin.handlers import policy_document, translate
from sandbox.aws_plugin.values import Props


def _caller_identity(_args: Props, aws: Aws) -> Props:
    answer = perform(aws.client("sts"), "get_caller_identity", {})
    return {"accountId": answer["Account"], "arn": answer["Arn"], "userId": answer["UserId"], "id": answer["Account"]}


def _availability_zones(args: Props, aws: Aws) -> Props:
    filters = [{"Name": each["name"], "Values": each["values"]} for each in args.get("filters") or ()]
    if args.get("state"):
        filters.append({"Name": "state", "Values": [args["state"]]})
    region = args.get("region") or aws.region
    members = {"Filters": filters, "AllAvailabilityZones": bool(args.get("allAvailabilityZones"))}
    zones = sorted(
        (
            zone
            for zone in perform(aws.client("ec2", region), "describe_availability_zones", members)["AvailabilityZones"]
            if zone["ZoneName"] not in (args.get("excludeNames") or ())
            and zone["ZoneId"] not in (args.get("excludeZoneIds") or ())
        ),
        key=lambda zone: str(zone["ZoneName"]),
    )
    return {
        **args,
        "groupNames": sorted({zone.get("GroupName", region) for zone in zones}),
        "id": region,
        "names": [zone["ZoneName"] for zone in zones],
        "region": region,
        "zoneIds": [zone["ZoneId"] for zone in zones],
    }


def _region(args: Props, aws: Aws) -> Props:
    region = args.get("region") or args.get("name") or aws.region
    partition = aws.partition_data(region)
    return {
        "description": partition["regions"][region]["description"],
        "endpoint": f"ec2.{region}.{partition['dnsSuffix']}",
        "id": region,
        "name": region,
        "region": region,
    }


def _partition(_args: Props, aws: Aws) -> Props:
    suffix, partition = aws.partition_data()["dnsSuffix"], aws.partition()
    reverse = ".".join(reversed(suffix.split(".")))
    return {"dnsSuffix": suffix, "id": partition, "partition": partition, "reverseDnsPrefix": reverse}


def _image(args: Props, aws: Aws) -> Props:
    """One image, the newest where several are asked for; no image is an error, as several are without `mostRecent`."""
    region = args.get("region") or aws.region
    filters = [{"Name": each["name"], "Values": each["values"]} for each in args.get("filters") or ()]
    members = {"Owners": args.get("owners") or [], "Filters": filters}
    images = [
        image
        for image in perform(aws.client("ec2", region), "describe_images", members)["Images"]
        if re.search(args.get("nameRegex") or "", image["Name"])
    ]
    if len(images) != 1 and not (images and args.get("mostRecent")):
        raise AwsError("describe_images", "ec2", "NotFound", f"{len(images)} images match, and one is to be found")
    newest = max(images, key=lambda image: (image["CreationDate"], image["Name"]))
    facts = {
        name: value for name, value in translate.from_aws(newest, None, {}).items() if isinstance(value, str | bool)
    }
    return {**args, **facts, "id": newest["ImageId"], "region": region}


INVOKES: Mapping[str, Callable[[Props, Aws], Props]] = {
    "aws:ec2/getAmi:getAmi": _image,
    "aws:iam/getPolicyDocument:getPolicyDocument": lambda args, _aws: policy_document.render(args),
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
}
