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
    playing = _Playing(cycle, decided)
    guest: Guest | None = None
    phase = ""
    try:
        for phase, step in _LIFE:
            progress(f"{cycle.name}: {phase}")
            guest = step(guest or cycle.launch(stage), playing)
    except VmsimError as error:
        playing.break_off(f"{phase}: {error.message}")
    finally:
        playing.break_off("nothing further happened")
        if guest is not None:
            _let_go(guest)


@dataclass
class _Playing:
    """The rows that have not ended: each with its generator, and the moment it waits for."""

    cycle: Cycle
    decided: Decided
    waiting: dict[str, tuple[Row, Proof, Steps, Moment]] = field(default_factory=dict)
    guest: Guest | None = None

    def reach(self, guest: Guest, moment: Moment) -> None:
        if moment is Moment.RUNNING:
            for row in self.cycle.rows:
                proof = Proof()
                self.waiting[row.id] = (row, proof, row.steps(guest, proof), moment)
        guest.described[moment] = guest.describe()
        for row, proof, steps, wanted in list(self.waiting.values()):
            if wanted is moment:
                self._go_on(row, proof, steps)

    def break_off(self, reason: str) -> None:
        """A row that was not begun has its verdict too."""
        undecided = {row.id: (row, Proof()) for row in self.cycle.rows if row.id not in self._done}
        undecided.update({ident: (row, proof) for ident, (row, proof, _, _) in self.waiting.items()})
        for row, proof in undecided.values():
            proof.broke_off(reason)
            self._end(row, proof)

    _done: set[str] = field(default_factory=set)

    def _go_on(self, row: Row, proof: Proof, steps: Steps) -> None:
        begun = time.monotonic()
        following: Moment | None = None
        try:
            following = next(steps, None)
        except VmsimError as error:
            proof.broke_off(f"{error.message}{f' [{error.code}]' if error.code else ''}")
        except Exception as error:  # noqa: BLE001 - a row's own bug is its own verdict; the others go on
            proof.broke_off(f"a bug of this proof: {type(error).__name__}: {error}")
        proof.seconds += time.monotonic() - begun
        if following is None:
            self._end(row, proof)
        else:
            self.waiting[row.id] = (row, proof, steps, following)

    def _end(self, row: Row, proof: Proof) -> None:
        self.waiting.pop(row.id, None)
        self._done.add(row.id)
        self.decided(row, proof)


def _launch(guest: Guest, playing: _Playing) -> Guest:
    guest.settled("RUNNING")
    guest.wait_up()
    guest.qemu = guest.outside.qemu()
    playing.reach(guest, Moment.RUNNING)
    return guest


def _stop(guest: Guest, playing: _Playing) -> Guest:
    guest.memory_bytes = guest.qemu.resident_bytes if guest.qemu else 0
    guest.stopped_by = guest.act("StopInstances", StopType="SOFT")
    playing.reach(guest, Moment.STOPPING)
    guest.settled("STOPPED")
    guest.inside.close()
    playing.reach(guest, Moment.STOPPED)
    return guest


def _start(guest: Guest, playing: _Playing) -> Guest:
    guest.act("StartInstances")
    guest.settled("RUNNING")
    guest.wait_up()
    playing.reach(guest, Moment.AGAIN)
    playing.reach(guest, Moment.LAST)
    return guest


_LIFE: tuple[tuple[str, Callable[[Guest, _Playing], Guest]], ...] = (
    ("launching it, looking inside", _launch),
    ("shutting it down, looking at what is left", _stop),
    ("starting it again, looking inside", _start),
)


def _let_go(guest: Guest) -> None:
    guest.inside.close()
    if guest.qemu is not None:
        guest.qemu.__exit__()
