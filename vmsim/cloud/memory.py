"""What was seen of a domain since it was last started: the facts that libvirt tells once and never again.

Fed by the event thread before anyone else hears of the event, so that whoever acts on STOPPED finds the SHUTDOWN that
came before it. A daemon that was away does not have them; it then says "died while nobody looked".
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from vmsim.host.events import DomainEvent, Kind


@dataclass(frozen=True)
class Seen:
    """Details of the latest run. Times are `time.monotonic()`; None: not seen."""

    shutdown_detail: str = ""
    """GUEST or HOST."""
    shutdown_at: float | None = None
    panicked: bool = False
    stopped_detail: str = ""
    """libvirt's word: shutdown, destroyed, crashed, failed."""
    stopped_at: float | None = None
    watched_from_start: bool = False


class DomainMemory:
    """Thread-safe; one entry per domain uuid."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, Seen] = {}

    def of(self, uuid: str) -> Seen:
        with self._lock:
            return self._seen.get(uuid, Seen())

    def forget(self, uuid: str) -> None:
        with self._lock:
            self._seen.pop(uuid, None)

    def note(self, event: DomainEvent) -> None:
        with self._lock:
            self._seen[event.uuid] = _after(self._seen.get(event.uuid, Seen()), event)


def _after(seen: Seen, event: DomainEvent) -> Seen:
    if event.kind is Kind.STARTED:
        return Seen(watched_from_start=True)
    if event.kind is Kind.SHUTDOWN_GUEST:
        return replace(seen, shutdown_detail="GUEST", shutdown_at=event.monotonic)
    if event.kind is Kind.SHUTDOWN_HOST:
        return replace(seen, shutdown_detail="HOST", shutdown_at=event.monotonic)
    if event.kind in (Kind.PANICKED, Kind.CRASHED):
        return replace(seen, panicked=True)
    if event.kind is Kind.STOPPED:
        return replace(seen, stopped_detail=event.detail, stopped_at=event.monotonic)
    return seen
