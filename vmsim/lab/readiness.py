"""Waiting until the lab's daemon answers.

Its socket listens from the first moment, so a request sent early waits in the queue and is answered the moment that the
daemon serves: there is nothing to poll. What ends the wait: an answer, the death of PID 1, the daemon dying again and
again, or the limit.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vmsim.lab.logs import tail
from vmsim.model import last_words
from vmsim.model.errors import HostError, TimedOut

DEATHS = 5
LAST_WORDS = 30
SLICE = 0.25
_REQUEST = b"GET /v1/status HTTP/1.1\r\nHost: vmsim\r\nConnection: close\r\n\r\n"


def wait(
    api_socket: Path, pidfd: int, children: Path, logs: Path, limit: float, progress: Callable[[str], None]
) -> None:
    """Return when GET /v1/status was answered with 200."""
    begun = time.monotonic()
    said = 0
    while True:
        if _answered(api_socket, pidfd, SLICE):
            return
        waited = time.monotonic() - begun
        if select.select([pidfd], [], [], 0)[0]:
            raise HostError("The lab ended while it was starting." + _last_lines(logs / "init.log"))
        for name in ("libvirtd", "daemon"):
            if child(children, name).restarts >= DEATHS:
                log = logs / f"{name}.log"
                raise last_words.heard(tail(log, LAST_WORDS), f"See {log}.") or HostError(
                    f"The lab's {name} keeps ending." + _last_lines(log), hint=f"See {log}."
                )
        if waited > limit:
            log = logs / "daemon.log"
            raise last_words.heard(tail(log, LAST_WORDS), f"See {log}.") or TimedOut(
                f"The daemon did not answer within {limit:.0f} s." + _last_lines(log), hint=f"See {log}."
            )
        if int(waited) > said:
            said = int(waited)
            progress(f"waiting for the daemon ({said} s)")


def _answered(path: Path, pidfd: int, limit: float) -> bool:
    """Ask once, and wait for `limit`, or longer while it is being answered."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(limit)
        try:
            client.connect(str(path))
            client.sendall(_REQUEST)
            if not select.select([client.fileno(), pidfd], [], [], limit)[0]:
                return False
            status = client.recv(64)
        except OSError:
            return False
    if status.split(b" ")[1:2] == [b"200"]:
        return True
    time.sleep(SLICE)  # it answers, but is not ready, or closed the connection while it died
    return False


@dataclass(frozen=True)
class ChildState:
    """What PID 1 says of one of its children; the pid is the one inside."""

    pid: int = 0
    restarts: int = 0
    ended: str = ""


def child(children: Path, name: str) -> ChildState:
    try:
        found = json.loads(children.read_text())[name]
    except (OSError, ValueError, KeyError):
        return ChildState()
    return ChildState(found["pid"] or 0, found["restarts"], found["ended"])


def _last_lines(log: Path) -> str:
    lines = tail(log, 10)
    return "\n" + "\n".join(lines) if lines else ""
