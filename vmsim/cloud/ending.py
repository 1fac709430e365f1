"""How a guest came to be off, from what was seen (host.md 8.2): domain state alone cannot tell."""

from __future__ import annotations

from vmsim.cloud.memory import Seen
from vmsim.model.operation import Ending

_BY_STOPPED_DETAIL = {
    "destroyed": Ending.DESTROYED_OUTSIDE,
    "crashed": Ending.CRASHED,
    "failed": Ending.KILLED,
}


def ending(seen: Seen, *, asked: bool, unplugged: bool, late: bool = False) -> Ending:
    """`asked`: a button was pressed for it; `unplugged`: vmsim itself destroyed it; `late`: the limit was over."""
    if seen.panicked:
        return Ending.CRASHED
    if seen.shutdown_detail == "GUEST":
        if late:
            return Ending.SHUT_DOWN_LATE
        return Ending.SHUT_ITSELF_DOWN if asked else Ending.POWERED_OFF_INSIDE
    if unplugged:
        return Ending.UNPLUGGED
    if seen.stopped_detail in _BY_STOPPED_DETAIL:
        return _BY_STOPPED_DETAIL[seen.stopped_detail]
    if seen.shutdown_detail == "HOST":
        # SIGTERM to QEMU, or `quit` on its monitor: libvirt calls the result an ordinary shutdown.
        return Ending.KILLED
    return Ending.UNSEEN
