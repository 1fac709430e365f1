"""The broker as commands see it: started, found, gone.

Whoever holds its lock is the broker, so its pid in that file is no stranger's as long as the lock is held.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vmsim.config import Home
from vmsim.host import command
from vmsim.lab import identity, same_code
from vmsim.lab.broker import LOCK
from vmsim.lab.identity import LabRecord
from vmsim.model.errors import HostError

ANSWER_LIMIT = 5.0
START_LIMIT = 20.0
END_LIMIT = 5.0
_PAUSE = 0.01


def listens(home: Home) -> bool:
    """Is there a broker?"""
    try:
        with _connected(home):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def there(home: Home, lab: LabRecord | None, log_bytes: int, progress: Callable[[str], None]) -> Iterator[None]:
    """There is one, at the latest at the end of the block. Without it the lab is still worth having."""
    pid = start(home, lab, log_bytes) if lab is not None else 0
    yield
    try:
        wait(home, pid)
    except HostError as error:
        progress(f"{error.message} {error.hint}")


def start(home: Home, lab: LabRecord, log_bytes: int) -> int:
    """Start it unless there is one. Returns its pid, or 0, at once; `wait` waits."""
    if listens(home):
        return 0
    words = [home.root, home.runtime, lab.pid, lab.started, log_bytes, "offline" if lab.offline else "online"]
    with (home.logs / "broker.log").open("ab") as log:
        process = command.start(
            [*same_code.argv("vmsim.lab.broker"), *map(str, words)],
            stdout=log.fileno(),
            stderr=log.fileno(),
            env=same_code.environment(),
            cwd=Path("/"),
        )
    process.returncode = 0  # it goes on; nobody here waits for its end
    return process.pid


def wait(home: Home, pid: int) -> None:
    """Until it listens. Raises HostError when it ended instead."""
    deadline = time.monotonic() + START_LIMIT
    while not listens(home):
        if not identity.started(pid) or time.monotonic() > deadline:
            raise HostError("The broker of published ports does not start.", hint=f"See {home.logs / 'broker.log'}.")
        time.sleep(_PAUSE)


def status(home: Home) -> dict[str, Any]:
    """What it says of itself; empty when it does not answer."""
    try:
        with _connected(home) as asking:
            asking.sendall(b'{"status": true}\n')
            said: dict[str, Any] = json.loads(asking.makefile().readline())
    except (OSError, ValueError):
        return {}
    return said


def wait_gone(home: Home) -> None:
    """It ends with its lab, by itself; one that does not within its time is killed."""
    lock = home.runtime / LOCK
    if not lock.exists():
        return
    if _free(lock, END_LIMIT):
        return
    with contextlib.suppress(ValueError, ProcessLookupError):
        os.kill(int(lock.read_text()), signal.SIGKILL)
    if not _free(lock, END_LIMIT):
        raise HostError(f"The broker does not end ({lock}).")


def _free(lock: Path, limit: float) -> bool:
    deadline = time.monotonic() + limit
    with lock.open("rb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(_PAUSE)


@contextlib.contextmanager
def _connected(home: Home) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.settimeout(ANSWER_LIMIT)
        made.connect(str(home.broker_socket))
        yield made
