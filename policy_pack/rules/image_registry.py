"""The registry of images: configured to scan what it holds, and rid of what is old."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import written
from policy_pack.rules.account_baseline import BASELINE, require_account_set_up
from policy_pack.rules.vulnerability_images import REPOSITORY, SCANNING
from policy_pack.vocabulary import Finding, Graph, Props, Resource, Severity, aws, each, rule


@rule(
    on=(REPOSITORY,),
    severity=Severity.MEDIUM,
    promise="vulnerability-management",
    controls=("SH:ECR.3",),
    fix="give the repository an aws.ecr.LifecyclePolicy",
)
def old_images_removed(repository: Resource, graph: Graph) -> Iterator[Finding]:
    """An image that nobody rebuilt in a year must not be started by mistake."""
    policies = graph.children(repository, on="aws:ecr/lifecyclePolicy:LifecyclePolicy", via="repository")
    if not policies:
        yield "no lifecycle policy removes its old images"
    yield from each(policies, _removes)


def _removes(policy: Resource) -> Iterator[Finding]:
    document = written(policy, "policy")
    items = document.get("rules", default=()) if isinstance(document, Props) else ()
    if not len(items):
        yield f"its lifecycle policy {policy.name} has no rule"

    def judge(item: Props) -> Iterator[Finding]:
        # ECR User Guide, "Lifecycle policy properties": all of these are required.
        for path in (("selection", "tagStatus"), ("selection", "countNumber"), ("action", "type")):
            if not item.has(*path):
                yield f"{policy.name}: {item.where(*path)} is not set"

    yield from each(items, judge)


def _images_kept(*rules: dict[str, Any]) -> None:
    app = aws.ecr.Repository("app")
    aws.ecr.LifecyclePolicy("app", repository=app.name, policy=json.dumps({"rules": rules}))


_OLDEST = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100},
    "action": {"type": "expire"},
}


@old_images_removed.passes
def old_ones_removed() -> None:
    _images_kept(_OLDEST)


@old_images_removed.fails
def kept_for_ever() -> None:
    aws.ecr.Repository("app")


@old_images_removed.fails
def kept_by_a_policy_without_a_rule() -> None:
    _images_kept()


@old_images_removed.fails
def kept_by_a_rule_without_an_action() -> None:
    _images_kept({key: value for key, value in _OLDEST.items() if key != "action"})


@rule(
    on=(REPOSITORY,),
    severity=Severity.MEDIUM,
    promise="vulnerability-management",
    controls=("SH:ECR.1",),
    fix="add an aws.ecr.RegistryScanningConfiguration that scans every repository continuously",
)
def registry_scans_configured(repository: Resource, graph: Graph, *, baseline: str = BASELINE) -> Iterator[Finding]:
    """A scan on push sees the holes of that day alone. The registry is the account's, so who sets that up is asked."""
    require_account_set_up(graph, baseline)
    if not any(scanning.region == repository.region for scanning in graph.of_type(SCANNING)):
        yield f"nothing configures the scans of the registry in {repository.region}"


def _account(*, scanned: bool) -> None:
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", is_multi_region_trail=True)
    aws.ecr.Repository("app", image_scanning_configuration={"scan_on_push": True})
    if scanned:
        aws.ecr.RegistryScanningConfiguration(
            "all",
            scan_type="ENHANCED",
            rules=[
                {
                    "scan_frequency": "CONTINUOUS_SCAN",
                    "repository_filters": [{"filter": "*", "filter_type": "WILDCARD"}],
                }
            ],
        )


@registry_scans_configured.passes
def scanned_by_the_account() -> None:
    _account(scanned=True)


@registry_scans_configured.fails
def scanned_on_push_alone() -> None:
    _account(scanned=False)
