"""GDPR: everything is in US-West, and what isn't is an exception that is named."""

import re

from infrastructure.residency import CLOUDFRONT_REGION, GLOBAL_ACTIONS, GLOBAL_TYPES
from tests.infrastructure.mocks import Registrations

US_WEST = {"us-west-2", "us-west-1"}
REGION = re.compile(r"\b(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-iso[a-z]?)?-[a-z]+-\d\b")


def test_every_resource_is_in_us_west_unless_its_type_has_no_region(environment: Registrations) -> None:
    for resource in environment.aws():
        if resource.type not in GLOBAL_TYPES:
            assert resource.state["region"] in US_WEST, resource.name


def test_every_exception_is_used_and_takes_no_region(environment: Registrations) -> None:
    used = {resource.type for resource in environment.aws()}
    assert set(GLOBAL_TYPES) <= used
    assert not [one.name for one in environment.aws() if one.type in GLOBAL_TYPES and "region" in one.inputs]


def test_no_other_region_is_named_anywhere_but_in_the_exception_for_cloudfront(environment: Registrations) -> None:
    for resource in environment.aws():
        named = set(REGION.findall(str(resource.inputs))) - US_WEST
        assert named <= ({CLOUDFRONT_REGION} if resource.name == "boundary" else set()), resource.name


def test_no_exception_is_for_a_service_that_holds_data() -> None:
    services = {action.partition(":")[0] for action in GLOBAL_ACTIONS}
    assert services == {"account", "cloudfront", "iam", "route53", "s3", "sts", "support"}
    assert [action for action in GLOBAL_ACTIONS if action.startswith("s3:")] == ["s3:ListAllMyBuckets"]
