"""`python -m sandbox.aws_plugin ENGINE`: serve the engine until it cancels.

The engine starts this as `pulumi-resource-aws` and reads the port from the first line of output.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import sandbox.protocol  # noqa: F401 - before anything that imports `pulumi`

# isort: split
import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.aws_plugin.server import AwsPlugin

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit (`GrpcChannelOptions` in pulumi/sdk), so that no message is refused at this end only."""
THREADS = 64
"""Calls answered at a time: well over the engine's default of four to a processor."""
GRACE_SECONDS = 1.0
"""How long calls under way may take after SIGINT or SIGTERM: the engine kills after 5 s."""
CANCEL_GRACE_SECONDS = 120.0
"""How long they may take after Cancel, when the user has interrupted an update and the engine still waits for them."""
LINGER_SECONDS = 0.3
"""How long calls that were on their way when the engine cancelled are still told so."""


def main(arguments: list[str]) -> int:
    """Serve until Cancel, SIGINT or SIGTERM, or until the engine is gone."""
    if not arguments:
        print(
            "usage: python -m sandbox.aws_plugin ENGINE   (started by the Pulumi engine, not by hand)", file=sys.stderr
        )
        return 2
    engine = os.getppid()
    plugin = AwsPlugin(os.environ.get("AWS_ENDPOINT_URL"))
    interrupted = threading.Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        interrupted.set()
        plugin.cancelled.set()

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    server = grpc.server(
        ThreadPoolExecutor(max_workers=THREADS),
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)

    def abandoned() -> bool:
        return interrupted.is_set() or os.getppid() != engine

    while not plugin.cancelled.wait(timeout=0.5) and not abandoned():
        pass
    if not interrupted.wait(LINGER_SECONDS if plugin.cancelled.is_set() else 0):
        ended = server.stop(CANCEL_GRACE_SECONDS)
        while not ended.wait(timeout=0.05) and not abandoned():
            pass
    if os.getppid() == engine:
        server.stop(GRACE_SECONDS).wait()
        plugin.journal.forget()
    else:  # what is under way is finished and noted: nobody waits for this process
        server.stop(CANCEL_GRACE_SECONDS).wait()
    os._exit(0)  # not through the interpreter's end, which would wait for a call that overran its grace


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
