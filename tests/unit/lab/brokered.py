"""The real broker in a thread, as it runs outside a lab: doors are opened on this machine's loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vmsim.lab.broker import Broker
from vmsim.lab.way_out import WayOut

LIMIT = 10.0


@contextmanager
def brokered(runtime: Path) -> Iterator[None]:
    """It asks `connect.sock` in the folder for connections, and ends with the block: its lab does."""
    lab, end = socket.socketpair()
    way_out = WayOut(0, runtime, offline=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(runtime / "broker.sock"))
    listening.listen(16)

    async def run() -> None:
        await Broker(runtime / "connect.sock", way_out).serve(listening, lab.fileno(), runtime / "broker.log", 1000)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    with lab, listening:
        thread.start()
        try:
            yield
        finally:
            end.close()
            thread.join(LIMIT)
            (runtime / "broker.sock").unlink()
    assert not thread.is_alive()
