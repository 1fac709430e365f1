"""An operation: what was asked of one instance, by whom, how far it is, and the evidence of how it ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import Enum
from typing import Any

from vmsim.model.lifecycle import OperationState, Verb


class Ending(str, Enum):
    """How a guest came to be off. Domain state alone cannot tell (a killed QEMU looks like a clean shutdown)."""

    SHUT_ITSELF_DOWN = "shut itself down"
    SHUT_DOWN_LATE = "shut itself down after the limit"
    UNPLUGGED = "unplugged"
    POWERED_OFF_INSIDE = "powered off from inside"
    CRASHED = "crashed"
    KILLED = "QEMU was killed"
    DESTROYED_OUTSIDE = "destroyed behind vmsim's back"
    UNSEEN = "died while nobody looked"

    @property
    def clean(self) -> bool:
        """The guest itself ended its work."""
        return self in (Ending.SHUT_ITSELF_DOWN, Ending.SHUT_DOWN_LATE, Ending.POWERED_OFF_INSIDE)


@dataclass(frozen=True)
class Caller:
    """Who asked and how: "api" (an API key), "cli" (a user of this host), "lab" (vmsim down), "guest", "host"."""

    how: str
    who: str = ""

    @property
    def words(self) -> str:
        """As the audit log has it: "cli root"."""
        return f"{self.how} {self.who}".strip()


@dataclass(frozen=True)
class StopEvidence:
    """What a stop left behind. Times in seconds from the request; memory in bytes; None where it was not seen."""

    stop_type: str = ""
    presses: tuple[float, ...] = ()
    listening: bool | None = None
    acknowledged: float | None = None
    acknowledged_by: str = ""
    shutdown_detail: str = ""
    """GUEST or HOST, libvirt's word about who asked for the shutdown."""
    ending: Ending | None = None
    guest_off: float | None = None
    """When the SHUTDOWN event came."""
    stopped: float | None = None
    """When the STOPPED event came."""
    process_gone: float | None = None
    qemu_pid: int | None = None
    memory_returned: int | None = None
    file_system: str = ""
    """"clean", "dirty" or "unknown"."""
    serial_tail: tuple[str, ...] = ()
    managed_save: bool = False

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ending": self.ending.value if self.ending else None}

    @staticmethod
    def from_json(data: dict[str, Any]) -> StopEvidence:
        known = {item.name for item in fields(StopEvidence)}
        kept = {name: value for name, value in data.items() if name in known}
        kept["ending"] = Ending(kept["ending"]) if kept.get("ending") else None
        for name in ("presses", "serial_tail"):
            kept[name] = tuple(kept.get(name) or ())
        return StopEvidence(**kept)


@dataclass(frozen=True)
class OperationRecord:
    """What the store keeps of an operation. `arguments` are the cloud layer's own, JSON-able."""

    id: str
    instance_id: str
    verb: Verb
    arguments: dict[str, Any]
    caller: Caller
    request_id: str
    state: OperationState
    step: str
    """The named step it has reached; the last one when it ended."""
    phase: str
    """For a waiting person: "asking the guest to shut down"."""
    began: datetime
    ended: datetime | None
    error: str
    lab_boot: str
    force: bool = False
    began_in: str = ""
    """InstanceState at acceptance."""
    evidence: dict[str, Any] = field(default_factory=dict)
    escalated: bool = False


@dataclass(frozen=True)
class Event:
    """A line of the audit log. `sequence` grows by one per event; a reader sees gaps."""

    sequence: int
    at: datetime
    kind: str
    """request, state, libvirt, step, reconcile, …"""
    instance_id: str
    operation_id: str
    text: str
    data: dict[str, Any]
