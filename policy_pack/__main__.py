"""Serves the pack to the Pulumi engine, which starts it as `python -m pulumi.policy ENGINE DIRECTORY`.

The directory may have any name and place once published, so it is made importable as `policy_pack` here.
"""

import importlib.util
import sys
from pathlib import Path

if "policy_pack" not in sys.modules:
    spec = importlib.util.spec_from_file_location("policy_pack", Path(__file__).with_name("__init__.py"))
    if spec is None or spec.loader is None:
        raise ImportError("the policy pack's __init__.py is missing")
    sys.modules["policy_pack"] = package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)

from policy_pack.pack import PACK
from policy_pack.server import serve

serve(PACK)
