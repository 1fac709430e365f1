"""A guest's life from launch to its second start, and the rows that are proved on it.

    RunInstances ─▶ RUNNING ─▶ StopInstances ─▶ STOPPING ─▶ STOPPED ─▶ StartInstances ─▶ AGAIN ─▶ LAST

At each moment every row that waits for it goes on, one after another in their order. Whatever goes wrong in a row is
that row's; what goes wrong in the life itself breaks off all rows that have not ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vmsim.model.errors import VmsimError
from vmsim.verify.guest import Guest
from vmsim.verify.moment import Moment
from vmsim.verify.proof import Proof
from vmsim.verify.stage import Stage

Steps = Iterator[Moment]
Launch = Callable[[Stage], Guest]


@dataclass(frozen=True)
class Row:
    """One sentence of the document, in short, and how it is proved."""

    id: str
    requirement: str
    steps: Callable[[Guest, Proof], Steps]


@dataclass(frozen=True)
class Cycle:
    """`launch` makes the guest; `name` says which it is in progress lines."""

    name: str
    launch: Launch
    rows: tuple[Row, ...]


Decided = Callable[[Row, Proof], None]
Progress = Callable[[str], None]


def play(cycle: Cycle, stage: Stage, decided: Decided, progress: Progress) -> None:
    """Live it through; `decided` is called once for each row, as soon as its verdict is there."""
    parts = [_Part(row, decided) for row in cycle.rows]
    guest: Guest | None = None
    phase = "launching it"
    try:
        progress(f"{cycle.name}: {phase}")
        guest = cycle.launch(stage)
        for phase, step in _LIFE:
            progress(f"{cycle.name}: {phase}")
            step(guest, parts)
    except VmsimError as error:
        _break_off(parts, f"{phase}: {error.message}")
    finally:
        _break_off(parts, f"it ended before this was proved ({phase})")
        if guest is not None:
            _let_go(guest)


@dataclass
class _Part:
    """A row while it plays: where it stands, and the moment that it waits for."""

    row: Row
    decided: Decided
    proof: Proof = field(default_factory=Proof)
    steps: Steps | None = None
    waits_for: Moment | None = Moment.RUNNING
    """None when it has ended."""

    def go_on(self, guest: Guest) -> None:
        begun = time.monotonic()
        following: Moment | None = None
        try:
            self.steps = self.steps or self.row.steps(guest, self.proof)
            following = next(self.steps, None)
        except VmsimError as error:
            self.proof.broke_off(f"{error.message}{f' [{error.code}]' if error.code else ''}")
        except Exception as error:  # noqa: BLE001 - a row's own bug is its own verdict; the others go on
            self.proof.broke_off(f"a bug of this proof: {type(error).__name__}: {error}")
        self.proof.seconds += time.monotonic() - begun
        self.waits_for = following
        if following is None:
            self.decided(self.row, self.proof)


def _reach(guest: Guest, parts: list[_Part], moment: Moment) -> None:
    guest.described[moment] = guest.describe()
    for part in parts:
        if part.waits_for is moment:
            guest.stage.check()
            part.go_on(guest)


def _break_off(parts: list[_Part], reason: str) -> None:
    for part in parts:
        if part.waits_for is not None:
            part.waits_for = None
            part.proof.broke_off(reason)
            part.decided(part.row, part.proof)


def _first_start(guest: Guest, parts: list[_Part]) -> None:
    guest.settled("RUNNING")
    guest.wait_up()
    guest.qemu = guest.outside.qemu()
    _reach(guest, parts, Moment.RUNNING)


def _stop(guest: Guest, parts: list[_Part]) -> None:
    guest.memory_bytes = guest.qemu.resident_bytes if guest.qemu else 0
    guest.stopped_by = guest.act("StopInstances", StopType="SOFT")
    _reach(guest, parts, Moment.STOPPING)
    guest.settled("STOPPED")
    guest.inside.close()
    _reach(guest, parts, Moment.STOPPED)


def _start(guest: Guest, parts: list[_Part]) -> None:
    guest.act("StartInstances")
    guest.settled("RUNNING")
    guest.wait_up()
    _reach(guest, parts, Moment.AGAIN)
    _reach(guest, parts, Moment.LAST)


_LIFE: tuple[tuple[str, Callable[[Guest, list[_Part]], None]], ...] = (
    ("booting it, looking inside", _first_start),
    ("shutting it down, looking at what is left", _stop),
    ("starting it again, looking inside", _start),
)


def _let_go(guest: Guest) -> None:
    guest.inside.close()
    if guest.qemu is not None:
        guest.qemu.__exit__()
