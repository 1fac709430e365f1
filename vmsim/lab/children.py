"""A process that PID 1 of the lab keeps alive: started again, with back-off, whenever it ends by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from vmsim.host import command
from vmsim.lab import same_code
from vmsim.lab.logs import BoundedLog

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
SETTLED = 5.0
RESERVE_AFTER = 2.0


class Child:
    """One program: running (`pid`), or due to be started at `due`, or stopped for good."""

    def __init__(
        self, name: str, argv: Sequence[str], environment: Mapping[str, str], sockets: Sequence[int], log: BoundedLog
    ) -> None:
        self.name = name
        self.restarts = -1
        self.ended = ""
        self.killed = False
        self.told = False
        self.due: float | None = 0.0
        self._argv = argv
        self._environment = environment
        self._sockets = sockets
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = FIRST_PAUSE
        self._started = 0.0
        # Both ends stay here: what the program writes before it dies is read, and so is its successor's.
        self.output, self._write_end = os.pipe()
        os.set_blocking(self.output, False)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        self._started = time.monotonic()
        self.due = None
        self.restarts += 1
        self._process = self._spawn(self._argv, self._sockets)

    def tell(self, number: int) -> None:
        """Signal it to end: it will not be started again."""
        self.told = True
        if self._process:
            os.kill(self._process.pid, number)

    def again(self) -> None:
        """It was told to end, but was killed before it had done what it does then: its successor is to do it."""
        self.told = False
        self.due = time.monotonic() + self._pause

    def has_ended(self, status: int) -> None:
        """PID 1 reaped it. Due again after a pause, which grows as long as it keeps dying young."""
        lived = time.monotonic() - self._started
        code = os.waitstatus_to_exitcode(status)
        self.killed = code < 0 and code != -signal.SIGTERM
        self.ended = f"signal {-code}" if code < 0 else f"exit code {code}"
        if self._process:
            self._process.returncode = code
        self._process = None
        self._pause = FIRST_PAUSE if lived > SETTLED else min(self._pause * 2, LONGEST_PAUSE)
        self.due = None if self.told else time.monotonic() + self._pause

    def drain(self) -> None:
        """Move what it has said into its log."""
        try:
            self._log.write(os.read(self.output, 65536))
        except BlockingIOError:
            return

    def _spawn(self, argv: Sequence[str], sockets: Sequence[int]) -> subprocess.Popen[bytes]:
        return command.start(
            argv, stdout=self._write_end, stderr=self._write_end, pass_fds=sockets, env=self._environment
        )

    def describe(self) -> dict[str, object]:
        return {"pid": self.pid, "restarts": self.restarts, "ended": self.ended}


@contextmanager
def _held_back(number: int) -> Iterator[None]:
    """What is started meanwhile has the signal blocked; one that comes to us waits."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Reserved(Child):
    """A Python program with its successor in reserve: loaded, and waiting at its gate (see standby.py).

    It is born with SIGTERM blocked, and lets it in as soon as it can obey: told to end while it is still coming up, it
    hears of it then, instead of being killed by it.
    The reserve is made a while after the start, so as not to compete with it for the processor.
    """

    reserve_due: float | None = None
    _reserve: tuple[subprocess.Popen[bytes], int] | None = None

    def reserve(self) -> None:
        """Make it, when it is due."""
        if self.reserve_due is not None and time.monotonic() >= self.reserve_due and self.pid and not self.told:
            self.reserve_due = None
            self._reserve = self._at_gate()

    def lost_reserve(self, pid: int) -> bool:
        """PID 1 reaped `pid`; True when that was the reserve."""
        if self._reserve is None or self._reserve[0].pid != pid:
            return False
        process, gate = self._reserve
        process.returncode = -1  # reaped by PID 1, not by it
        os.close(gate)
        self._reserve = None
        self.reserve_due = time.monotonic() + RESERVE_AFTER
        return True

    def _spawn(self, argv: Sequence[str], sockets: Sequence[int]) -> subprocess.Popen[bytes]:
        process, gate = self._reserve or self._at_gate()
        self._reserve = None
        self.reserve_due = time.monotonic() + RESERVE_AFTER
        try:
            os.write(gate, b"!")
        finally:
            os.close(gate)
        return process

    def _at_gate(self) -> tuple[subprocess.Popen[bytes], int]:
        gate, ours = os.pipe()
        try:
            argv = [*same_code.argv("vmsim.lab.standby"), str(gate), *self._argv]
            with _held_back(signal.SIGTERM):
                return super()._spawn(argv, [*self._sockets, gate]), ours
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(gate)
