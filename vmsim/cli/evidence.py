"""The evidence of a stop as sentences for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from vmsim.model.operation import Ending, StopEvidence


def sentences(operation: dict[str, Any]) -> tuple[str, ...]:
    """What is known about how the guest went off in this operation; nothing for one without a stop."""
    found = stop_of(operation)
    return tuple(_sentences(found)) if found is not None else ()


def stop_of(operation: dict[str, Any]) -> StopEvidence | None:
    found = operation["evidence"].get("stop")
    return StopEvidence.from_json(found) if found else None


def ending(operation: dict[str, Any]) -> str:
    """ "shut itself down", or nothing."""
    found = stop_of(operation)
    return found.ending.value if found is not None and found.ending is not None else ""


def seconds(operation: dict[str, Any]) -> float | None:
    """From the request to the end."""
    if not operation["ended"]:
        return None
    began, ended = (datetime.fromisoformat(operation[name].replace("Z", "+00:00")) for name in ("began", "ended"))
    return (ended - began).total_seconds()


def asked_by(operation: dict[str, Any]) -> str:
    caller = operation["caller"]
    how = {"api": "the API, key", "cli": "the command line, user", "lab": "the lab"}.get(caller["how"], caller["how"])
    return f"{how} {caller['who']}".strip()


def _sentences(stop: StopEvidence) -> Iterator[str]:
    if stop.presses:
        at_times = ", ".join(f"{at:.1f} s" for at in stop.presses)
        yield f"The power button was pressed {_times(len(stop.presses))} ({at_times} after the request)."
        yield from _heard(stop)
    if stop.ending is not None:
        yield _ended(stop)
    times = [
        ("the guest was done", stop.guest_off),
        ("libvirt said stopped", stop.stopped),
        ("QEMU's process was gone", stop.process_gone),
    ]
    shown = [f"{what} after {at:.1f} s" for what, at in times if at is not None]
    if shown:
        text = "; ".join(shown)
        yield f"{text[0].upper()}{text[1:]}."
    if stop.process_gone is not None and stop.qemu_pid:
        returned = f", {stop.memory_returned / 2**20:.0f} MiB of memory were returned" if stop.memory_returned else ""
        yield f"QEMU was process {stop.qemu_pid}{returned}; no memory was saved."
    if stop.managed_save:
        yield "A saved memory image exists: this must not be."
    if stop.file_system:
        yield f"Its file system was left {stop.file_system}."


def _heard(stop: StopEvidence) -> Iterator[str]:
    if stop.acknowledged is not None:
        by = f" ({stop.acknowledged_by})" if stop.acknowledged_by else ""
        yield f"The guest took the press after {stop.acknowledged:.1f} s{by}."
    elif stop.listening is False:
        yield "Nothing in the guest listens to the power button."
    elif stop.ending is None:
        yield "The guest never acknowledged a press."


def _ended(stop: StopEvidence) -> str:
    words = {
        Ending.SHUT_ITSELF_DOWN: "The guest shut itself down",
        Ending.SHUT_DOWN_LATE: "The guest shut itself down after the limit",
        Ending.UNPLUGGED: "The plug was pulled",
        Ending.POWERED_OFF_INSIDE: "The guest was powered off from inside",
        Ending.CRASHED: "The guest crashed",
        Ending.KILLED: "QEMU was killed",
        Ending.DESTROYED_OUTSIDE: "The domain was destroyed behind vmsim's back",
        Ending.UNSEEN: "It died while nobody looked",
    }
    assert stop.ending is not None
    detail = f" (libvirt: shutdown by {stop.shutdown_detail})" if stop.shutdown_detail else ""
    return f"{words[stop.ending]}{detail}."


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
