"""How far a guest has come since its start: a ladder, not a boolean. Each rung implies those below it."""

from __future__ import annotations

from enum import IntEnum


class Rung(IntEnum):
    """Where a guest stands. OFF: not running. LOGIN: an SSH session, or the guest's own word, proved it."""

    OFF = 0
    STARTED = 1
    KERNEL = 2
    ADDRESS = 3
    SSH = 4
    LOGIN = 5

    @property
    def words(self) -> str:
        """For the progress line of a waiting person."""
        return _WORDS[self]


_WORDS = {
    Rung.OFF: "the guest is off",
    Rung.STARTED: "QEMU runs, the boot loader is at work",
    Rung.KERNEL: "the kernel is booting",
    Rung.ADDRESS: "the guest has its address",
    Rung.SSH: "SSH answers",
    Rung.LOGIN: "the guest is up",
}
