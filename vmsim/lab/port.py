"""The TCP port of a home: bound outside the lab, handed in, and remembered.

    VMSIM_PORT=0          any free port, not remembered
    the default           the port this home had last, else 8321; where another home has it, the next free one
    any other port        that one or an error
The proxy's port is any, and remembered. A stranger's port is never avoided in silence: the error names who holds it, as
far as this user may see.
"""

from __future__ import annotations

import errno
import http.client
import socket
from dataclasses import dataclass
from pathlib import Path

from vmsim.config import DEFAULT_PORT
from vmsim.model.errors import HostError

ADDRESS = "127.0.0.1"
TRIED = 100
LISTENING = "0A"


@dataclass(frozen=True)
class Holder:
    """Who listens on a port."""

    vmsim: bool
    description: str


def bind(wanted: int, remembered: Path) -> socket.socket:
    """A listening socket on the port that the rules above give."""
    if wanted != DEFAULT_PORT:
        bound = _listen(wanted)
        if bound is None:
            raise _taken(wanted, holder(wanted))
        return bound
    first = _read(remembered) or DEFAULT_PORT
    for port in range(first, first + TRIED):
        bound = _listen(port)
        if bound is not None:
            _remember(remembered, port)
            return bound
        found = holder(port)
        if not found.vmsim:
            raise _taken(port, found)
    raise HostError(f"No free port from {first} to {first + TRIED - 1}.", hint="Set VMSIM_PORT=0 for any port.")


def bind_any(wanted: int, remembered: Path) -> socket.socket:
    """For what programs learn from `vmsim env`: the port this home had last, so that shells go on with it, else any."""
    last = _read(remembered) if wanted else None
    bound = (_listen(last) if last else None) or _listen(0)
    if bound is None:
        raise HostError("There is no free port.")
    if wanted:
        _remember(remembered, bound.getsockname()[1])
    return bound


def holder(port: int) -> Holder:
    """Who listens on this port of 127.0.0.1, by /proc; of another user's process only the user is visible."""
    for uid, inode in _listeners(port):
        for process in Path("/proc").glob("[0-9]*"):
            if _holds(process, inode):
                words = (process / "cmdline").read_bytes().split(b"\0")
                command = b" ".join(words).decode(errors="replace").strip()
                vmsim = b"vmsim.lab.init" in words
                return Holder(vmsim, f"process {process.name} ({command[:200]})")
        return Holder(answers_as_vmsim(port), f"a process of user {_user(uid)}")
    return Holder(False, "a process that cannot be seen from here")


def _listen(port: int) -> socket.socket | None:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((ADDRESS, port))
        made.listen(1024)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise HostError(f"Port {port} cannot be used: {error.strerror}.") from error
    return made


def _taken(port: int, found: Holder) -> HostError:
    return HostError(
        f"Port {port} is held by {found.description}.",
        hint="Set VMSIM_PORT to another port, or to 0 for any.",
    )


def _listeners(port: int) -> list[tuple[int, str]]:
    """(uid, inode) of the sockets listening on a port."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not Path(table).exists():
            continue
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.append((int(fields[7]), fields[9]))
    return found


def _holds(process: Path, inode: str) -> bool:
    try:
        return any(str(entry.readlink()) == f"socket:[{inode}]" for entry in (process / "fd").iterdir())
    except OSError:
        return False


def _user(uid: int) -> str:
    for line in Path("/etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if len(fields) > 2 and fields[2] == str(uid):
            return fields[0]
    return str(uid)


def answers_as_vmsim(port: int) -> bool:
    """Another user's lab cannot be seen in /proc, but its server tells who it is."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=1.0)
    try:
        connection.request("GET", "/")
        return b"vmsim" in connection.getresponse().read(4096)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _read(remembered: Path) -> int | None:
    try:
        port = int(remembered.read_text())
    except (OSError, ValueError):
        return None
    return port if 0 < port < 65536 - TRIED else None


def _remember(remembered: Path, port: int) -> None:
    remembered.write_text(f"{port}\n")
