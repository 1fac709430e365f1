"""A door: a port of the workstation, and who comes in by it is led to a port of an instance.

A connection to the guest is made by the daemon, inside the lab, and handed out (see local/connect.py); from then on the
two sockets are joined here, and the daemon's death disturbs neither. Where none can be had (the guest is off, nothing
listens), the caller's connection is closed at once.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import logging
import socket
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vmsim.lab import relay
from vmsim.model.errors import HostError

log = logging.getLogger(__name__)

TOGETHER = 64
"""How many of one door's callers the daemon is asked for at a time; each takes it a thread."""
CONNECT_LIMIT = 10.0
ASKING_LIMIT = 30.0
_BACKLOG = 1024
_PAUSE = 0.2
_LONGEST_ANSWER = 65536


@dataclass(frozen=True)
class Target:
    """Where a door leads; empty while its port is only reserved."""

    instance_id: str = ""
    port: int = 0


def bind(address: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError."""
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(_BACKLOG)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


class Door:
    """Open from its making until `close`; to be made in a running loop."""

    def __init__(self, listening: socket.socket, connect_socket: Path) -> None:
        self.target = Target()
        self._listening = listening
        self._connect_socket = connect_socket
        self._callers: set[asyncio.Task[None]] = set()
        self._asking = asyncio.Semaphore(TOGETHER)
        self._accepting = asyncio.create_task(self._accept())

    @property
    def port(self) -> int:
        number: int = self._listening.getsockname()[1]
        return number

    async def close(self) -> None:
        """The port is free, and whoever came in by it is cut off."""
        tasks = [self._accepting, *self._callers]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listening.close()

    async def lead_to(self, target: Target) -> None:
        """From now on; who was led elsewhere is cut off."""
        if target != self.target:
            for task in self._callers:
                task.cancel()
        self.target = target

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                caller, _ = await loop.sock_accept(self._listening)
            except OSError as error:
                if error.errno != errno.ECONNABORTED:  # too many open files: some of them end
                    log.warning("port %d takes nobody in: %s", self.port, error)
                    await asyncio.sleep(_PAUSE)
                continue
            task = asyncio.create_task(self._lead(caller, self.target))
            self._callers.add(task)
            task.add_done_callback(partial(self._gone, caller))

    def _gone(self, caller: socket.socket, task: asyncio.Task[None]) -> None:
        """Here and not in the task: one that is cancelled before it began has closed nothing."""
        self._callers.discard(task)
        caller.close()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("bug while leading a caller in", exc_info=error)

    async def _lead(self, caller: socket.socket, target: Target) -> None:
        try:
            async with self._asking:
                inside = await asyncio.wait_for(_handed(self._connect_socket, target), ASKING_LIMIT)
        except (OSError, HostError, asyncio.TimeoutError) as error:
            log.debug("%s: %s", target, error)
            return
        await relay.join(caller, inside)


async def _handed(connect_socket: Path, target: Target) -> socket.socket:
    """A socket connected to the target inside the lab. Raises OSError or HostError."""
    loop = asyncio.get_running_loop()
    wanted = {"instance": target.instance_id, "port": target.port, "timeout": CONNECT_LIMIT}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.setblocking(False)
        await loop.sock_connect(asking, str(connect_socket))
        await loop.sock_sendall(asking, json.dumps(wanted).encode() + b"\n")
        await _readable(asking)
        answer, descriptors, _, _ = socket.recv_fds(asking, _LONGEST_ANSWER, 1)
    if not descriptors:
        raise HostError(answer.decode(errors="replace").strip() or "The daemon went away.")
    inside = socket.socket(fileno=descriptors[0])
    inside.setblocking(False)
    return inside


async def _readable(each: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(each, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(each)
