"""A guest's serial log: read its end, follow it, keep it small, and tell from it how far the guest is.

QEMU writes the log itself and opens it for appending, so it may be cut while the guest writes: what comes next lands at
the new end. One log holds many boots; `mark` is written before a start, and `since_mark` reads only what came after.
A log that is not there is an empty one.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MARK = "==== vmsim: "
_READ = 256 * 1024
_INTERVAL = 0.1
_KERNEL = re.compile(r"^(\[ *\d+\.\d+\] )?Linux version \d|^Booting the kernel|^Loading initial ramdisk", re.MULTILINE)
_READY = re.compile(r"^VMSIM-READY (\{.*\})\r?$", re.MULTILINE)
_LOGIN = re.compile(r"(?:^|\s)\S*login: ?", re.MULTILINE)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-B]|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True)
class Signs:
    """What a serial log says about this boot. `ready` is the guest's own machine-readable word."""

    kernel: bool
    login: bool
    ready: dict[str, Any] | None


def signs(text: str) -> Signs:
    """Read the signs from what the guest wrote since it started. A ready line proves the rungs below it."""
    found = _READY.findall(text)
    ready = _object(found[-1]) if found else None
    login = ready is not None or _LOGIN.search(text) is not None
    return Signs(kernel=login or _KERNEL.search(text) is not None, login=login, ready=ready)


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def tail(path: Path, lines: int, size: int = _READ) -> tuple[str, ...]:
    """The last lines, as a person reads them (control sequences and empty lines left out)."""
    text = _CONTROL.sub("", _end(path, size).decode(errors="replace"))
    kept = [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip() and not line.startswith(_MARK)]
    return tuple(kept[-lines:]) if lines > 0 else ()


def mark(path: Path, text: str) -> None:
    """Note in the log, on a line of its own, that a new boot begins."""
    with path.open("ab") as file:
        file.write(f"\n{_MARK}{text}\n".encode())


def since_mark(path: Path, size: int = _READ) -> str:
    """What the guest wrote since the last mark (of the last `size` bytes)."""
    text = _end(path, size).decode(errors="replace")
    before, mark_line, after = text.rpartition(f"\n{_MARK}")
    return after.partition("\n")[2] if mark_line else before + after


def follow(path: Path, stop: threading.Event, from_end: bool = True) -> Iterator[bytes]:
    """What is written from now on (or from the beginning), until `stop`. Cut meanwhile, it goes on from the new end."""
    position = _size(path) if from_end else 0
    while True:
        size = _size(path)
        if size < position:
            position = size
        if size > position:
            chunk = _read(path, position, min(size - position, _READ))
            position += len(chunk)
            yield chunk
        elif stop.wait(_INTERVAL):
            return


def wait_for(path: Path, pattern: str, deadline: float) -> str | None:
    """The text since the last mark as soon as it matches; None at `deadline` (monotonic clock)."""
    pause = threading.Event()
    while True:
        text = since_mark(path)
        if re.search(pattern, text):
            return text
        if time.monotonic() >= deadline:
            return None
        pause.wait(_INTERVAL)


def bound(path: Path, limit: int) -> bool:
    """Cut a log longer than `limit` bytes down to its last half of that, in place. True when it was cut.

    What the guest writes in the moment between the cut and the rewriting comes before the kept end: nothing is lost,
    and a line may be out of order."""
    if _size(path) <= limit:
        return False
    kept = _end(path, limit // 2)
    kept = kept.partition(b"\n")[2] or kept
    with path.open("ab") as file:
        os.ftruncate(file.fileno(), 0)
        file.write(kept)
    return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _end(path: Path, size: int) -> bytes:
    return _read(path, max(0, _size(path) - size), size)


def _read(path: Path, position: int, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(position)
            return file.read(size)
    except FileNotFoundError:
        return b""
