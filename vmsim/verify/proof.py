"""What a row found: each claim with whether it is true. A row passes when it made claims and none of them failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vmsim.verify.guest import Guest

STATE_REFUSED = "UnsupportedOperation.InstanceStateRunning"


@dataclass
class Proof:
    """Of one row. A false claim does not end the row: what else it finds may say why."""

    evidence: list[str] = field(default_factory=list)
    failed: bool = False
    seconds: float = 0.0

    def that(self, true: bool, claim: str) -> None:
        self.evidence.append(claim if true else f"NOT SO: {claim}")
        self.failed = self.failed or not true

    def same(self, what: str, before: object, after: object) -> None:
        """A list or a mapping is shown by its values."""
        equal = before == after
        self.that(equal, f"{what} unchanged ({words(after)})" if equal else f"{what}: {words(before)} → {words(after)}")

    def refused(self, what: str, code: str) -> None:
        """An edit of a running instance must get exactly the published code."""
        claim = f"{what} while RUNNING refused with {STATE_REFUSED}"
        got = f" (it was {'refused with ' + code if code else 'accepted'})"
        self.that(code == STATE_REFUSED, claim if code == STATE_REFUSED else claim + got)

    def broke_off(self, reason: str) -> None:
        self.evidence.append(f"BROKE OFF: {reason}")
        self.failed = True

    @property
    def passed(self) -> bool:
        return bool(self.evidence) and not self.failed


def words(value: object) -> str:
    """A value as a reader wants it, without Python's brackets."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)


def gone(guest: Guest) -> bool:
    """Has the process of its first start ended?"""
    return guest.qemu is not None and guest.qemu.gone
