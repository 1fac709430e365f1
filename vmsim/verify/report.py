"""What is printed: for people a table that grows as verdicts fall, for programs one JSON document at the end.

Rows come from two threads. Progress goes to standard error, so that standard output holds the result alone.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vmsim import __version__
from vmsim.verify.cycle import Row
from vmsim.verify.proof import Proof

WIDTH = 132
_ID, _REQUIREMENT, _RESULT, _SECONDS = 4, 26, 4, 5


@dataclass
class Report:
    """Collects verdicts; `form` is table or json."""

    form: str
    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))
    accelerator: str = ""
    given_up: Callable[[], bool] = lambda: False
    _rows: list[tuple[Row, Proof]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _begun: float = field(default_factory=time.monotonic)
    _headed: bool = False

    def progress(self, text: str) -> None:
        with self._lock:
            self.err.print(Text(f"[{self.seconds:5.1f} s] {text}", style="dim"), soft_wrap=True)

    def decided(self, row: Row, proof: Proof) -> None:
        """A verdict: shown at once in a table. What falls while all is being given up is none."""
        if self.given_up():
            return
        with self._lock:
            self._rows.append((row, proof))
            if self.form == "table":
                self._show(row, proof)
            else:
                word = "passed" if proof.passed else "FAILED"
                self.err.print(Text(f"[{self.seconds:5.1f} s] {row.id} {word}", style="dim"))

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    @property
    def passed(self) -> bool:
        return bool(self._rows) and all(proof.passed for _, proof in self._rows)

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": [_verdict(row, proof) for row, proof in sorted(self._rows, key=lambda each: number(each[0]))],
            "passed": self.passed,
            "seconds": round(self.seconds, 1),
            "version": __version__,
            "accelerator": self.accelerator,
        }

    def finish(self) -> None:
        if self.form == "json":
            self.out.file.write(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n")
            return
        good = sum(proof.passed for _, proof in self._rows)
        line = f"{good} of {len(self._rows)} sentences hold, proved in {self.seconds:.0f} s ({self.accelerator})."
        self.out.print(Text(line, style="bold green" if self.passed else "bold red"))

    def _show(self, row: Row, proof: Proof) -> None:
        if not self._headed:
            self.out.print(_grid("", "ROW", "REQUIREMENT", "EVIDENCE", "", "SEC"), style="bold")
            self._headed = True
        evidence = "; ".join(proof.evidence)
        result, style = ("PASS", "green") if proof.passed else ("FAIL", "bold red")
        self.out.print(_grid(style, row.id, row.requirement, evidence, result, f"{proof.seconds:.1f}"))


def number(row: Row) -> int:
    """R7 comes before R10."""
    return int("".join(filter(str.isdigit, row.id)) or 0)


def _verdict(row: Row, proof: Proof) -> dict[str, Any]:
    return {
        "id": row.id,
        "passed": proof.passed,
        "requirement": row.requirement,
        "evidence": proof.evidence,
        "seconds": round(proof.seconds, 2),
    }


def _console(*, stderr: bool) -> Console:
    """As wide as the terminal; a file or a pipe has no width of its own."""
    made = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=WIDTH)


def _grid(style: str, ident: str, requirement: str, evidence: str, result: str, seconds: str) -> Table:
    """One line of the table. Columns are equally wide each time, so lines printed one by one stand below each other."""
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for width in (_ID, _REQUIREMENT):
        grid.add_column(width=width)
    grid.add_column(ratio=1)
    grid.add_column(width=_RESULT)
    grid.add_column(width=_SECONDS, justify="right")
    grid.add_row(ident, requirement, Text(evidence), Text(result, style=style), seconds)
    return grid
