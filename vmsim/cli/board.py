"""Where progress is shown: plain lines on standard error, or a live line each on a terminal (`live.py`)."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Protocol, cast

from vmsim.cli import lazy
from vmsim.cli.session import say


class Board(Protocol):
    """Entered while work is under way; `show` says how far the one called `label` is, `done` how it ended."""

    def __enter__(self) -> Board: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, label: str, text: str) -> None: ...

    def done(self, label: str, text: str, ok: bool) -> None: ...


class PlainBoard:
    """A line each time that something changed. How it ended is left to the result on standard output."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def __enter__(self) -> PlainBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._last.clear()

    def show(self, label: str, text: str) -> None:
        if self._last.get(label) != text:
            say(f"{label}: {text}")
        self._last[label] = text

    def done(self, label: str, text: str, ok: bool) -> None:
        self._last.pop(label, None)


def board() -> Board:
    """The one that fits standard error."""
    if sys.stderr.isatty():
        return cast(Board, lazy.load("vmsim.cli.live").LiveBoard())
    return PlainBoard()
