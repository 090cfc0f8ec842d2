"""An AWS account on loopback for the tests of the plugin: as the plugin sees it, and boto3 on its own."""

import pytest

from sandbox.aws_plugin.aws import Aws
from tests.sandbox.conformance.case import Account

REGION = "us-west-2"


@pytest.fixture
def aws(endpoint: str) -> Aws:
    """The account as the plugin sees it."""
    return Aws(endpoint, REGION)


@pytest.fixture
def account(endpoint: str) -> Account:
    """The same account as boto3 alone sees it."""
    return Account(endpoint, REGION)
