"""QEMU's process: which one it is, what memory it holds, and when it is really gone.

A pid is a name that is given away again, so a process is held by a pidfd, opened while it is known to run; its end
wakes whoever waits, without polling. libvirt writes the pid of a domain's QEMU to a file named after the domain, and a
QEMU that was killed may leave that file: it is believed only if the process' command line says it is that domain.
"""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

import psutil

PID_FOLDER = Path("/run/libvirt/qemu")


def qemu_pid(domain_name: str, folder: Path = PID_FOLDER) -> int | None:
    """The pid of the domain's QEMU, or None when it has none."""
    try:
        pid = int((folder / f"{domain_name}.pid").read_text())
        command = psutil.Process(pid).cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    return pid if any(f"guest={domain_name}" in word.split(",") for word in command) else None


def resident_bytes(pid: int) -> int:
    """Memory the process holds now; 0 when it is gone."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


class Process:
    """A running process, held so that its pid cannot come to mean another. Use it with `with`."""

    def __init__(self, pid: int) -> None:
        """Raises ProcessLookupError when it is gone already."""
        self.pid = pid
        self._fd = os.pidfd_open(pid)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def wait_gone(self, deadline: float) -> bool:
        """True as soon as the process ended; False at `deadline` (monotonic clock)."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))

    @property
    def gone(self) -> bool:
        return self.wait_gone(0.0)

    @property
    def resident_bytes(self) -> int:
        """Memory it holds now; 0 when it is gone."""
        held = resident_bytes(self.pid)
        return 0 if self.gone else held


def hold(domain_name: str, folder: Path = PID_FOLDER) -> Process | None:
    """The domain's QEMU, held; None when it has none."""
    pid = qemu_pid(domain_name, folder)
    if pid is None:
        return None
    try:
        process = Process(pid)
    except ProcessLookupError:
        return None
    if qemu_pid(domain_name, folder) == pid:  # still the same one after it was opened
        return process
    process.__exit__()
    return None


def wait_gone(pid: int, deadline: float) -> bool:
    """True as soon as the process that has this pid now ended; at once when there is none."""
    try:
        process = Process(pid)
    except ProcessLookupError:
        return True
    with process:
        return process.wait_gone(deadline)
