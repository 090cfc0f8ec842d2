"""What every test relies on, wherever and however the suite is started."""

import signal

from hypothesis import HealthCheck, settings

# A busy machine is slow to generate an example, which says nothing about the code.
settings.register_profile("hedgerow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hedgerow")

# A shell ignores SIGINT for what it starts in the background, and so would every process that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
