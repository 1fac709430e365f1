"""The broker: what of the lab must be outside of it. It listens on the workstation's ports, and keeps the way out.

    the daemon ──broker.sock──▶ broker ◀──TCP── whoever calls a published port      (door.py, relay.py)
        ▲                        │  └──▶ pasta: the lab's way to the internet        (way_out.py)
        └──────connect.sock──────┘

It is started by `Lab.up` in the user's own session, and knows nothing by itself: the daemon tells it the whole list of
publications at every change and every few seconds, and hears of each whether its port is open. So it may be killed and
started again at any moment. The daemon may be, too: what is connected stays connected. It ends with the lab.

One line of JSON is asked, one is answered:

    {"doors": [{"address", "port", "instance_id", "target"}, …]}  →  {"doors": [{"address", "port", "error"}, …]}
    {"reserve": {"address", "port"}}                              →  {"port"} or {"error"}       (port 0: any)
    {"status": true}                                              →  {"pid", "way_out"}

A reserved port is held until the next list, and leads nowhere before that.

    python -m vmsim.lab.broker HOME RUNTIME LAB_PID LAB_STARTED LOG_BYTES online|offline
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import logging
import os
import resource
import socket
import sys
import time
from pathlib import Path
from typing import Any

from vmsim.lab import identity, logs, port
from vmsim.lab.door import Door, Target, bind
from vmsim.lab.way_out import WayOut
from vmsim.model.errors import HostError

LOCK = "broker.lock"
"""Held by the broker of a home as long as it lives; its pid stands in it."""
LOGS_EVERY = 60.0
LOOKED_UP_FOR = 10.0
"""Seconds for which it is remembered who holds a port: finding out looks at every process."""
_LONGEST = 2**20

Key = tuple[str, int]


class Doors:
    """Those that are open, by address and port."""

    def __init__(self, connect_socket: Path) -> None:
        self._connect_socket = connect_socket
        self._open: dict[Key, Door] = {}
        self._refused: dict[Key, tuple[float, str]] = {}
        self._changing = asyncio.Lock()

    async def set(self, wanted: dict[Key, Target]) -> dict[Key, str]:
        """These and no others; why not, for each."""
        async with self._changing:
            for key in [key for key in self._open if key not in wanted]:
                await self._open.pop(key).close()
            return {key: await self._set(key, target) for key, target in wanted.items()}

    async def reserve(self, address: str, number: int) -> int:
        """Raises HostError, saying who has it."""
        async with self._changing:
            if (address, number) in self._open:
                raise HostError(f"Port {number} of {address} is published already.")
            door = Door(await self._bound(address, number), self._connect_socket)
            self._open[address, door.port] = door
            return door.port

    async def close(self) -> None:
        await self.set({})

    async def _set(self, key: Key, target: Target) -> str:
        try:
            if key not in self._open:
                self._open[key] = Door(await self._bound(*key), self._connect_socket)
        except HostError as error:
            return error.message
        self._refused.pop(key, None)
        await self._open[key].lead_to(target)
        return ""

    async def _bound(self, address: str, number: int) -> socket.socket:
        try:
            return bind(address, number)
        except OSError as error:
            raise HostError(await self._why(address, number, error)) from error

    async def _why(self, address: str, number: int, error: OSError) -> str:
        if error.errno == errno.EACCES:
            return f"Port {number} may not be opened by this user: ports below 1024 are root's."
        if error.errno == errno.EADDRNOTAVAIL:
            return f"{address} is no address of this workstation."
        if error.errno != errno.EADDRINUSE:
            return f"Port {number} of {address} cannot be opened: {error.strerror}."
        when, known = self._refused.get((address, number), (0.0, ""))
        if not known or time.monotonic() - when > LOOKED_UP_FOR:
            found = await asyncio.to_thread(port.holder, number)
            known = f"Port {number} of {address} is held by {found.description}."
            self._refused[address, number] = time.monotonic(), known
        return known


class Broker:
    """Serves `listening` until the lab has ended."""

    def __init__(self, connect_socket: Path, way_out: WayOut) -> None:
        self._doors = Doors(connect_socket)
        self._way_out = way_out

    async def serve(self, listening: socket.socket, lab: int, log: Path, log_bytes: int) -> None:
        """`lab` is the pidfd of its PID 1."""
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(lab, ended.set)
        server = await asyncio.start_unix_server(self._asked, sock=listening, limit=_LONGEST)
        tasks = [asyncio.create_task(self._way_out.keep()), asyncio.create_task(_keep_small(log, log_bytes))]
        await ended.wait()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._doors.close()

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            try:
                line = await reader.readline()
                if line.endswith(b"\n"):  # else it only looked whether somebody listens
                    writer.write(json.dumps(await self._answer(json.loads(line))).encode() + b"\n")
                    await writer.drain()
            finally:
                writer.close()

    async def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "doors" in asked:
            wanted = {
                (each["address"], each["port"]): Target(each["instance_id"], each["target"]) for each in asked["doors"]
            }
            found = await self._doors.set(wanted)
            return {"doors": [{"address": key[0], "port": key[1], "error": why} for key, why in found.items()]}
        if "reserve" in asked:
            try:
                return {"port": await self._doors.reserve(asked["reserve"]["address"], asked["reserve"]["port"])}
            except HostError as error:
                return {"error": error.message}
        return {"pid": os.getpid(), "way_out": self._way_out.state}


async def _keep_small(log: Path, log_bytes: int) -> None:
    while True:
        logs.bound(log, log_bytes)
        await asyncio.sleep(LOGS_EVERY)


def _locked(path: Path) -> int | None:
    """The lock, for as long as this process lives; None where another broker has it."""
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    os.truncate(held, 0)
    os.write(held, f"{os.getpid()}\n".encode())
    return held


def _listening(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(str(path))
    made.listen(128)
    return made


def main() -> None:
    home, runtime = Path(sys.argv[1]), Path(sys.argv[2])
    pid, started, log_bytes = (int(word) for word in sys.argv[3:6])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    os.umask(0o077)
    lab = os.pidfd_open(pid)
    if identity.started(pid) != started or _locked(runtime / LOCK) is None:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # two for each caller
    way_out = WayOut(pid, runtime, offline=sys.argv[6] == "offline")
    with _listening(runtime / "broker.sock") as listening:

        async def run() -> None:
            broker = Broker(runtime / "connect.sock", way_out)
            await broker.serve(listening, lab, home / "logs" / "broker.log", log_bytes)

        asyncio.run(run())


if __name__ == "__main__":
    main()
