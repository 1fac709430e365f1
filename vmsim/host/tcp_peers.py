"""Whose process is at the other end of a TCP connection on loopback: the kernel's table of connections tells its user.

The daemon lives in a network of its own, so the table must be that of the network in which the port was bound: it was
opened there, and an open file of /proc/net stays what it was opened as, users' numbers included.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

Address = tuple[str, int]
TABLE = Path("/proc/self/net/tcp")
_LISTENING = "0A"
_ESTABLISHED = "01"
_SUPERUSER = 0
_CHUNK = 65536


class TcpPeers:
    """Over an open descriptor of the table. A proxy of ours says for whom it connects (`relaying`)."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._relayed: dict[Address, tuple[Address, Address]] = {}

    @contextmanager
    def relaying(self, own: Address, client: Address, server: Address) -> Iterator[None]:
        """Meanwhile what comes from `own` is asked by `client`, who came to `server`."""
        self._relayed[own] = (client, server)
        try:
            yield
        finally:
            del self._relayed[own]

    def is_own(self, client: Address, server: Address) -> bool:
        """Is it a process of the user who bound the port, or of root? False when that cannot be told."""
        try:
            found = users(self._read(), *self._relayed.get(client, (client, server)))
        except OSError:
            return False  # a PID 1 that an older vmsim started has no table
        return found is not None and found[0] in (found[1], _SUPERUSER)

    def _read(self) -> str:
        parts = []
        offset = 0
        while part := os.pread(self._descriptor, _CHUNK, offset):
            parts.append(part)
            offset += len(part)
        return b"".join(parts).decode()


def users(table: str, client: Address, server: Address) -> tuple[int, int] | None:
    """The users of the client's end and of the listening socket; None when either is not there."""
    ends: dict[str, int] = {}
    theirs, ours = _hexadecimal(client), _hexadecimal(server)
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue  # cut off between two reads
        local, remote, state, user = fields[1], fields[2], fields[3], int(fields[7])
        if (local, remote, state) == (theirs, ours, _ESTABLISHED):
            ends["client"] = user
        elif (local, state) == (ours, _LISTENING):
            ends["server"] = user
    return (ends["client"], ends["server"]) if len(ends) == 2 else None


def _hexadecimal(address: Address) -> str:
    """As the table writes it: 0100007F:2081, the address in this machine's own byte order."""
    number = int.from_bytes(IPv4Address(address[0]).packed, sys.byteorder)
    return f"{number:08X}:{address[1]:04X}"
