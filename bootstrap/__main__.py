"""Settings in, a place for the stack's state out: runs once, before there is anywhere to keep state."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # Pulumi runs a program in its own folder

import pulumi
import pulumi_aws as aws

from infrastructure.settings import read_settings
from infrastructure.state import create_state_store

settings = read_settings()
for name, value in create_state_store(settings.scope(aws.get_caller_identity().account_id)).items():
    pulumi.export(name, value)
