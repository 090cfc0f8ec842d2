"""`python -m sandbox`: written so that any Python can read it, since an old one must be told why it is refused."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - pyproject.toml's requires-python does not stop `python3 -m sandbox`
    version = sys.version.split()[0]
    sys.exit("error: Hedgerow needs Python 3.11 or newer, and " + sys.executable + " is " + version)

from sandbox.cli import main

sys.exit(main(sys.argv[1:]))
