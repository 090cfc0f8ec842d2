"""What every emulated resource type must be seen to do: one case a type, a file a service, in `CASES`."""

import pkgutil
from importlib import import_module

CASES = tuple(
    case
    for service in pkgutil.iter_modules(__path__)
    if service.name != "case"
    for case in import_module(f"{__name__}.{service.name}").CASES
)
