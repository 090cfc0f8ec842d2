"""Makes the engine's messages importable by themselves, for a process that serves the engine and runs no program.

The installed `pulumi` holds them in `pulumi.runtime.proto`, which imports the whole SDK first: that takes longer than
all else that such a process needs. Imported before it, this module puts `pulumi` and `pulumi.runtime` in place as
packages that were found and not run.
"""

import importlib.util
import sys

for _name in ("pulumi", "pulumi.runtime"):
    if _name not in sys.modules:
        _spec = importlib.util.find_spec(_name)
        if _spec is None:
            raise ModuleNotFoundError(f"No module named {_name!r}", name=_name)
        sys.modules[_name] = importlib.util.module_from_spec(_spec)
