"""A disk image, or one stretch of it, as a plain file: qemu-storage-daemon's FUSE export.

One stretch is cut out by QEMU's raw driver rather than by the tools' own offsets: resize2fs with an offset takes the
whole file's size and truncates it, and the export would pass that on to the disk.
QEMU's flushes are switched off: what is written is a throw-away overlay or a fresh clone, synced as a whole afterwards.
Ends are waited for without a limit of their own: Python's wait with a limit looks only every 50 ms, and child.py limits
the whole.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from vmsim.host import command
from vmsim.model.errors import HostError

_LIMIT = 20.0
_PAUSE = 0.001


@dataclass(frozen=True)
class Stretch:
    """Part of a disk, in bytes."""

    start: int
    size: int


@contextmanager
def exported(disk: Path, file: Path, stretch: Stretch | None = None, *, writable: bool = True) -> Iterator[Path]:
    """`file` shows the disk while this lasts. Ends when the daemon has written and closed the image."""
    file.touch()
    daemon = command.start(_argv(disk, file, stretch, writable))
    try:
        wait_for(lambda: file.stat().st_size > 0, daemon, "qemu-storage-daemon")
        yield file
    finally:
        command.end(daemon, _LIMIT)
        file.unlink(missing_ok=True)


def wait_for(ready: Callable[[], bool], process: Popen[bytes], name: str, *, limit: float = _LIMIT) -> None:
    """Until it is ready; raises HostError when the process ends first, or takes too long."""
    deadline = time.monotonic() + limit
    while not ready():
        if process.poll() is not None:
            raise HostError(f"{name} ended with exit code {process.returncode} before it was ready.")
        if time.monotonic() > deadline:
            process.kill()
            raise HostError(f"{name} was not ready after {limit:.0f} s.")
        time.sleep(_PAUSE)


def _argv(disk: Path, file: Path, stretch: Stretch | None, writable: bool) -> list[str]:
    common = {"read-only": not writable, "cache": {"no-flush": writable}}
    nodes: list[dict[str, object]] = [
        {"driver": "file", "filename": str(disk), "node-name": "file", **common},
        {"driver": "qcow2", "file": "file", "node-name": "disk", **common},
    ]
    if stretch is not None:
        cut = {"offset": stretch.start, "size": stretch.size, "node-name": "stretch"}
        nodes.append({"driver": "raw", "file": "disk", **cut, **common})
    export = {
        "type": "fuse",
        "id": "export",
        "node-name": nodes[-1]["node-name"],
        "mountpoint": str(file),
        "writable": writable,
    }
    blockdevs = [word for node in nodes for word in ("--blockdev", json.dumps(node))]
    return ["qemu-storage-daemon", *blockdevs, "--export", json.dumps(export)]
