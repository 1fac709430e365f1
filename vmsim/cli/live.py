"""Progress on a terminal: a line for each instance, redrawn in place, gone when the result is printed."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text


class LiveBoard:
    """`Board` by rich; shows for how long each has been under way."""

    def __init__(self, console: Console | None = None) -> None:
        self._lines: dict[str, str] = {}
        self._begun: dict[str, float] = {}
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console or Console(stderr=True),
            get_renderable=self._drawn,
            refresh_per_second=10,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> LiveBoard:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, label: str, text: str) -> None:
        self._begun.setdefault(label, time.monotonic())
        self._lines[label] = text

    def done(self, label: str, text: str, ok: bool) -> None:
        self._lines.pop(label, None)

    def _drawn(self) -> RenderableType:
        grid = Table.grid(padding=(0, 1))
        now = time.monotonic()
        # Drawn by rich's thread while ours adds lines: a copy cannot change under it.
        for label, text in self._lines.copy().items():
            passed = f"({now - self._begun[label]:.1f} s)"
            grid.add_row(self._spinner, Text(label, "bold"), Text(text), Text(passed, "dim"))
        return Group(grid)
