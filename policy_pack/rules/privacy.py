"""Privacy: copies stay in the promised regions, EU data has its papers, and the cloud holds no health data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare
from policy_pack.resources import tags_of
from policy_pack.rules.classification import HOLDS_DATA
from policy_pack.rules.residency import ALLOWED_REGIONS
from policy_pack.tokens import BUCKETS, VAULT
from policy_pack.values import Items, raw
from policy_pack.vocabulary import (
    ANY_AWS_TYPE,
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    Unknown,
    aws,
    each,
    rule,
    setting,
)

SNAPSHOTS_ELSEWHERE = ("policyDetails", "schedules", "crossRegionCopyRules")
COPY_REGIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "aws:dlm/lifecyclePolicy:LifecyclePolicy": (
        (*SNAPSHOTS_ELSEWHERE, "target"),
        (*SNAPSHOTS_ELSEWHERE, "targetRegion"),
        ("policyDetails", "action", "crossRegionCopies", "target"),
    ),
    "aws:dynamodb/globalTable:GlobalTable": (("replicas", "regionName"),),
    "aws:dynamodb/table:Table": (("replicas", "regionName"),),
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": (("peerRegion",),),
    "aws:ec2transitgateway/peeringAttachment:PeeringAttachment": (("peerRegion",),),
    "aws:ecr/replicationConfiguration:ReplicationConfiguration": (
        ("replicationConfiguration", "rules", "destinations", "region"),
    ),
    "aws:efs/replicationConfiguration:ReplicationConfiguration": (("destination", "region"),),
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": (("destinationRegion",),),
    "aws:rds/snapshotCopy:SnapshotCopy": (("destinationRegion",),),
    "aws:redshift/snapshotCopy:SnapshotCopy": (("destinationRegion",),),
    "aws:secretsmanager/secret:Secret": (("replicas", "region"),),
}


def values_at(holder: Props, path: tuple[str, ...]) -> Iterator[Any]:
    """Yield every value at a path that may lead through lists."""
    name, *rest = path
    value = holder.get(name)
    for item in value if isinstance(value, Items) else () if value is None else (value,):
        if rest:
            yield from values_at(item, tuple(rest))
        else:
            yield item


@rule(
    on=COPY_REGIONS,
    severity=Severity.CRITICAL,
    promise="gdpr",
    controls=("PH:NO-CROSSBORDER", "PH:PEERING"),
    fix="name one of the promised regions",
)
def copy_stays_in_promised_regions(
    resource: Resource, row: tuple[tuple[str, ...], ...], *, regions: list[str] = ALLOWED_REGIONS
) -> Iterator[Finding]:
    """A copy is a transfer as much as the original: customers agreed to these regions and to no other."""

    def judge(path: tuple[str, ...]) -> Iterator[Finding]:
        for target in map(str, values_at(resource, path)):
            # A snapshot may be copied to an Outpost, whose ARN holds the region.
            region = target.split(":")[3] if target.count(":") > 3 else target
            if region not in regions:
                yield f"{'.'.join(path)} is {target}; it must be {' or '.join(regions)}"

    yield from each(row, judge)


def _copies(region: str) -> None:
    lists = {"replicas", "schedules", "crossRegionCopies", "crossRegionCopyRules", "rules", "destinations"}
    for token, paths in COPY_REGIONS.items():
        for path in paths:
            leaf: Any = region
            for name in reversed(path):
                leaf = {name: [leaf] if name in lists else leaf}
            declare(token, leaf)


@copy_stays_in_promised_regions.passes
def to_the_second_region() -> None:
    _copies("us-west-1")


@copy_stays_in_promised_regions.fails
def to_europe() -> None:
    aws.secretsmanager.Secret("token", replicas=[{"region": "us-west-1"}, {"region": "eu-central-1"}])


@copy_stays_in_promised_regions.fails
def snapshots_to_ireland() -> None:
    details = {"schedules": [{"crossRegionCopyRules": [{"target": "eu-west-1", "encrypted": True}]}]}
    declare("aws:dlm/lifecyclePolicy:LifecyclePolicy", policyDetails=details)


@copy_stays_in_promised_regions.fails
def every_copy_to_the_east() -> None:
    _copies("us-east-1")


@rule(
    on=("aws:s3/bucketReplicationConfig:BucketReplicationConfig",),
    severity=Severity.CRITICAL,
    promise="gdpr",
    controls=("PH:NO-CROSSBORDER",),
    fix="replicate to a bucket in a promised region",
)
def replica_bucket_in_promised_region(
    configuration: Resource, graph: Graph, *, regions: list[str] = ALLOWED_REGIONS
) -> Iterator[Finding]:
    """A replica is a transfer as much as the original, and the name of a bucket doesn't tell where it is."""
    targets = graph.targets(configuration, "rules", *BUCKETS)
    for bucket in targets:
        if bucket.region not in regions:
            yield f"rules replicate to {bucket.name} in {bucket.region}"
    if len(targets) < len(configuration.get("rules", default=())):
        yield Unknown("the region of a destination bucket, which another program made")


def _replicate(region: str) -> None:
    target = aws.s3.Bucket("copy", region=region)
    rules: Any = [{"status": "Enabled", "destination": {"bucket": target.arn}}]
    aws.s3.BucketReplicationConfig("data", bucket="data", role="arn", rules=rules)


@replica_bucket_in_promised_region.passes
def replicated_to_the_second_region() -> None:
    _replicate("us-west-1")


@replica_bucket_in_promised_region.fails
def replicated_to_ireland() -> None:
    _replicate("eu-west-1")


@replica_bucket_in_promised_region.undetermined
def replicated_to_a_bucket_of_another_program() -> None:
    rules: Any = [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::elsewhere"}}]
    aws.s3.BucketReplicationConfig("data", bucket="data", role="arn", rules=rules)


NO_MARK = frozenset({"false", "no", "none", ""})
"""What the value of a tag is, in lower case, where its key doesn't mark health data."""
HEALTH_WORDS: list[str] = setting(["phi", "hipaa", "baa"], "words that mark health data in the key or value of a tag")


BY_TAG = "by-tag"
SELF_HOSTED = "self-hosted"
DEPLOYMENT: str = setting(
    BY_TAG,
    "what the stack is a deployment of, whatever its resources say; by-tag leaves it to the deployment tag of each",
    choices=(BY_TAG, "cloud", SELF_HOSTED),
    owner="no_health_data_in_cloud",
)


def is_self_hosted(resource: Resource, deployment: str) -> bool:
    """Return whether a resource is part of a customer's own deployment."""
    return (resource.tag("deployment") if deployment == BY_TAG else deployment) == SELF_HOSTED


@rule(
    on=(ANY_AWS_TYPE,),
    severity=Severity.CRITICAL,
    promise="hipaa",
    controls=("PH:NO-PHI-TAG",),
    fix="keep health data in self-hosted deployments, whose resources are tagged deployment=self-hosted",
)
def no_health_data_in_cloud(
    resource: Resource, *, words: list[str] = HEALTH_WORDS, deployment: str = DEPLOYMENT
) -> Iterator[Finding]:
    """The cloud signs no business associate agreement, so it may hold no health data."""
    default = raw(resource.provider).get("defaultTags")
    if "tags" not in resource and (default is None or not resource.provider.has("defaultTags")):
        raise NotApplicable("it has no tags")
    by_default = default.get("tags") if isinstance(default, dict) else default
    if not (_may_mark(raw(resource).get("tags"), words) or (by_default is not None and _may_mark(by_default, words))):
        return
    if is_self_hosted(resource, deployment):
        return
    for holder in (resource.get("tags", default=()), resource.provider.get("defaultTags", "tags", default=())):
        for key, tagged in tags_of(holder):
            value = str(tagged or "").lower()
            if value in words or (str(key).lower() in words and value not in NO_MARK):
                yield f"tag {key} marks health data"


def _may_mark(tags: Any, words: list[str]) -> bool:
    """Return whether one of some tags may be a word: not where they are texts that don't even hold one."""
    if not isinstance(tags, dict):
        return tags is not None
    try:
        text = "\n".join((*tags, *tags.values())).lower()
    except TypeError:
        return True
    for word in words:  # noqa: SIM110 - a generator would take twice as long, for each resource of a stack
        if word in text:
            return True
    return False


@no_health_data_in_cloud.passes
def for_a_customer_of_their_own() -> None:
    aws.s3.Bucket("data", tags={"phi": "true", "deployment": "self-hosted"})
    aws.s3.Bucket("other", tags={"phi": "false", "deployment": "cloud"})


@no_health_data_in_cloud.fails
def in_the_cloud() -> None:
    aws.s3.Bucket("data", tags={"phi": "true", "deployment": "cloud"})


@no_health_data_in_cloud.passes
def of_a_fleet_for_a_customer_of_their_own() -> None:
    tags = {"phi": "true", "deployment": "self-hosted"}
    listed: Any = [{"key": key, "value": value, "propagate_at_launch": True} for key, value in tags.items()]
    aws.autoscaling.Group("nodes", max_size=2, min_size=1, tags=listed)


@no_health_data_in_cloud.fails
def on_a_fleet() -> None:
    listed: Any = [{"key": "phi", "value": "true", "propagate_at_launch": True}]
    aws.autoscaling.Group("nodes", max_size=2, min_size=1, tags=listed)


@no_health_data_in_cloud.fails
def by_class() -> None:
    aws.sqs.Queue("data", tags={"data-class": "PHI"})


# A vault holds copies of stores that carry their papers themselves.
CUSTOMER_STORES = tuple(token for token in HOLDS_DATA if token != VAULT)
CUSTOMER_CLASSES: list[str] = setting(
    ["restricted"], "classes of the stores that hold customers' data", owner="customer_store_has_transfer_basis"
)


@rule(
    on=CUSTOMER_STORES,
    severity=Severity.HIGH,
    promise="gdpr",
    controls=("PH:SCC-TAG", "PH:ROLE-TAG"),
    fix="tag the store with transfer-basis, dpa-register and gdpr-role",
)
def customer_store_has_transfer_basis(
    store: Resource,
    *,
    classes: list[str] = CUSTOMER_CLASSES,
    basis: str = setting("scc-2021", "transfer basis of a store in the cloud"),
    deployment: str = DEPLOYMENT,
) -> Iterator[Finding]:
    """EU data in US-West needs a transfer basis and an agreement, and everybody their role in it."""
    if store.tag("data-class") not in classes:
        raise NotApplicable("it holds no customer's data")
    self_hosted = is_self_hosted(store, deployment)
    role = store.tag("gdpr-role")
    if role is not None or not self_hosted:
        expected = "controller-and-processor" if self_hosted else "processor"
        if role != expected:
            yield f"tag gdpr-role is {role or 'not set'}; it must be {expected}"
    if self_hosted:
        return
    if store.tag("transfer-basis") != basis:
        yield f"tag transfer-basis is not {basis}"
    if not store.tag("dpa-register"):
        yield "tag dpa-register is not set"


PAPERS = {
    "data-class": "restricted",
    "deployment": "cloud",
    "gdpr-role": "processor",
    "transfer-basis": "scc-2021",
    "dpa-register": "dpa/1",
}


@customer_store_has_transfer_basis.passes
def with_papers() -> None:
    for token in CUSTOMER_STORES:
        declare(token, tags=PAPERS)


@customer_store_has_transfer_basis.passes
def at_the_customers() -> None:
    tags = {"data-class": "restricted", "deployment": "self-hosted", "gdpr-role": "controller-and-processor"}
    aws.s3.Bucket("data", tags=tags)


@customer_store_has_transfer_basis.fails
def without_clauses() -> None:
    aws.s3.Bucket("data", tags={**PAPERS, "transfer-basis": "none"})


@customer_store_has_transfer_basis.fails
def controller_in_the_cloud() -> None:
    aws.s3.Bucket("data", tags={**PAPERS, "gdpr-role": "controller"})
