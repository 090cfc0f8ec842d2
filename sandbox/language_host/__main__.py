"""`python -m sandbox.language_host [flags] ENGINE`: serve the engine until it says stop.

The engine starts this as `pulumi-language-python`, reads the port from its first line, and ends it with SIGINT.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

from sandbox.language_host.children import Children

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit (`GrpcChannelOptions` in pulumi/sdk), so that no message is refused at this end only."""


def main(arguments: list[str]) -> int:
    """Serve until SIGINT or SIGTERM. The engine's address is the last argument, after its tracing flags."""
    if not arguments:
        print(
            "usage: python -m sandbox.language_host ENGINE   (started by the Pulumi engine, not by hand)",
            file=sys.stderr,
        )
        return 2
    engine = os.getppid()
    children = Children()
    children.prepare()  # before the imports: it has its own to do meanwhile

    import sandbox.protocol  # noqa: F401 - before anything that imports `pulumi`

    # isort: split
    import grpc
    from pulumi.runtime.proto import language_pb2_grpc

    from sandbox.language_host.server import LanguageHost

    # Every running policy pack holds one thread for as long as it lives; the calls beside them are short.
    server = grpc.server(
        ThreadPoolExecutor(max_workers=32),
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ],
    )
    host = LanguageHost(arguments[-1], children)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    def stop(_number: int, _frame: FrameType | None) -> None:
        children.end()
        os._exit(0)  # the engine waits for this process: no thread of ours has anything left to finish

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    print(port, flush=True)
    while os.getppid() == engine:  # one that was killed says no stop
        time.sleep(0.5)
    children.end()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
