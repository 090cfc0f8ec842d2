"""Settings in, environment out: the program that Pulumi runs for each stack."""

import pulumi
import pulumi_aws as aws

from infrastructure.environment import create_environment
from infrastructure.settings import read_settings

settings = read_settings()
for name, value in create_environment(settings, account=aws.get_caller_identity().account_id).items():
    pulumi.export(name, value)
