"""What the lab's own tests run in it: the smallest daemon that keeps the contract with PID 1.

Answers GET /v1/status on the API socket (its pid, its start, the lab's boot id), ends on SIGTERM, and writes a line to
its log. `--deaf` ignores SIGTERM; `--broken` ends at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time


def main() -> None:
    if "--broken" in sys.argv:
        sys.exit("this daemon is broken on purpose")
    if "--deaf" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    numbers = json.loads(os.environ["VMSIM_SOCKETS"])
    listening = {name: socket.socket(fileno=number) for name, number in numbers.items()}
    sys.stderr.write("stub daemon serves\n")
    status = {"pid": os.getpid(), "boot": os.environ["VMSIM_LAB_BOOT"], "began": time.time()}
    body = json.dumps(status).encode()
    head = f"HTTP/1.1 200 OK\r\nServer: vmsim\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    while True:
        for ready in select.select(list(listening.values()), [], [])[0]:
            client, _ = ready.accept()
            with client, contextlib.suppress(ConnectionError):  # one who waited too long has gone
                client.recv(4096)
                client.sendall(head.encode() + body)


if __name__ == "__main__":
    main()
