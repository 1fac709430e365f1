"""Logs that are bounded: a file, and one old file beside it.

What cannot be written (disk full) is dropped: a log must never be the reason that the lab stops.
"""

from __future__ import annotations

import os
from pathlib import Path


def old(path: Path) -> Path:
    return path.with_name(path.name + ".1")


class BoundedLog:
    """Append to `path`; at `limit` bytes it becomes the old file and a new one is begun."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit

    def write(self, data: bytes) -> None:
        try:
            size = self._size()
            if size and size + len(data) > self._limit:
                self._path.replace(old(self._path))
            with self._path.open("ab") as file:
                file.write(data[-self._limit :])
        except OSError:
            return

    def _size(self) -> int:
        # Asked every time: somebody may have removed the file, and that must not end the logging.
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0


def bound(path: Path, limit: int) -> None:
    """Cut a log that another process appends to: its last `limit` // 2 bytes stay, in the same file."""
    try:
        if path.stat().st_size <= limit:
            return
        with path.open("r+b") as file:
            file.seek(-(limit // 2), os.SEEK_END)
            rest = file.read()
            file.seek(0)
            file.write(rest)
            file.truncate()
    except OSError:
        return


def tail(path: Path, lines: int = 20) -> list[str]:
    """The last lines of a log, taken from the old file too where the new one is short."""
    found: list[str] = []
    for file in (old(path), path):
        if file.exists():
            with file.open("rb") as opened:
                opened.seek(max(0, file.stat().st_size - 400 * lines))
                found += opened.read().decode(errors="replace").splitlines()
    return found[-lines:]
