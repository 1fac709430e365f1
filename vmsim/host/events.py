"""What libvirt tells about a domain, in our words. Pure: libvirt's numbers in, `DomainEvent` out.

State alone cannot tell a clean shutdown from a killed QEMU, so the detail is kept with every event: a guest shut
itself down if and only if SHUTDOWN_GUEST was seen since its last start. The numbers are libvirt's published ABI
(virDomainEventType and its details); a test compares them with the module. What is unknown to these tables is passed
over, never guessed at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What happened."""

    STARTED = "started"
    STOPPED = "stopped"
    SHUTDOWN_GUEST = "shutdown by the guest"
    SHUTDOWN_HOST = "shutdown by the host"
    SHUTDOWN_UNKNOWN = "shutdown"
    PANICKED = "panicked"
    CRASHED = "crashed"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    REBOOTED = "rebooted"
    DEFINED = "defined"
    UNDEFINED = "undefined"
    IO_ERROR = "I/O error"
    AGENT_CONNECTED = "agent connected"
    AGENT_DISCONNECTED = "agent disconnected"
    DEVICE_REMOVED = "device let go"
    DEVICE_KEPT = "device not let go"
    CONNECTION_LOST = "connection to libvirt lost"
    CONNECTION_BACK = "connection to libvirt back"


@dataclass(frozen=True)
class DomainEvent:
    """One fact. `uuid` is empty when it is about the connection. After CONNECTION_BACK look at everything again:
    what happened in between is never told."""

    uuid: str
    kind: Kind
    detail: str
    at: float
    monotonic: float
    sequence: int


Listener = Callable[[DomainEvent], None]

_DEFINED = ("added", "updated", "renamed", "from snapshot")
_UNDEFINED = ("removed", "renamed")
_STARTED = ("booted", "migrated", "restored", "from snapshot", "wakeup")
_SUSPENDED = (
    "paused",
    "migrated",
    "ioerror",
    "watchdog",
    "restored",
    "from snapshot",
    "api error",
    "postcopy",
    "postcopy failed",
)
_RESUMED = ("unpaused", "migrated", "from snapshot", "postcopy", "postcopy failed")
_STOPPED = ("shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from snapshot")
_SHUTDOWN = ("finished", "guest", "host")
_PMSUSPENDED = ("memory", "disk")
_CRASHED = ("panicked", "crashloaded")

# Row n is virDomainEventType n: a kind for every detail, or one for each.
_LIFECYCLE: tuple[tuple[Kind | tuple[Kind, ...], tuple[str, ...]], ...] = (
    (Kind.DEFINED, _DEFINED),
    (Kind.UNDEFINED, _UNDEFINED),
    (Kind.STARTED, _STARTED),
    (Kind.SUSPENDED, _SUSPENDED),
    (Kind.RESUMED, _RESUMED),
    (Kind.STOPPED, _STOPPED),
    ((Kind.SHUTDOWN_UNKNOWN, Kind.SHUTDOWN_GUEST, Kind.SHUTDOWN_HOST), _SHUTDOWN),
    (Kind.SUSPENDED, _PMSUSPENDED),
    ((Kind.PANICKED, Kind.CRASHED), _CRASHED),
)


def lifecycle(event: int, detail: int) -> tuple[Kind, str] | None:
    """A lifecycle event's numbers in words; None for an event newer than this table."""
    if not 0 <= event < len(_LIFECYCLE):
        return None
    kinds, words = _LIFECYCLE[event]
    word = words[detail] if 0 <= detail < len(words) else f"detail {detail}"
    if isinstance(kinds, Kind):
        return kinds, word
    return (kinds[detail] if 0 <= detail < len(kinds) else kinds[0]), word


def agent(state: int) -> tuple[Kind, str] | None:
    """An agent event's state. A disconnect is the earliest sign that a guest with an agent is going down."""
    known = {1: Kind.AGENT_CONNECTED, 2: Kind.AGENT_DISCONNECTED}
    return (known[state], "") if state in known else None
