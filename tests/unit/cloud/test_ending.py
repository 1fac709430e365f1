"""The matrix that was measured (host.md 8.2): cause → what libvirt tells → what we say."""

from __future__ import annotations

import pytest

from vmsim.cloud.ending import ending
from vmsim.cloud.memory import DomainMemory, Seen
from vmsim.host.events import DomainEvent, Kind
from vmsim.model.operation import Ending

HONOURED = [(Kind.STARTED, "booted"), (Kind.SHUTDOWN_GUEST, "GUEST"), (Kind.STOPPED, "shutdown")]
DESTROYED = [(Kind.STARTED, "booted"), (Kind.SHUTDOWN_HOST, "HOST"), (Kind.STOPPED, "destroyed")]
SIGTERM = [(Kind.STARTED, "booted"), (Kind.SHUTDOWN_HOST, "HOST"), (Kind.STOPPED, "shutdown")]
SIGKILL = [(Kind.STARTED, "booted"), (Kind.STOPPED, "failed")]
PANIC = [(Kind.STARTED, "booted"), (Kind.CRASHED, "panicked"), (Kind.STOPPED, "crashed")]
UNSEEN: list[tuple[Kind, str]] = []


def seen(told: list[tuple[Kind, str]]) -> Seen:
    memory = DomainMemory()
    for number, (kind, detail) in enumerate(told):
        memory.note(DomainEvent("u", kind, detail, float(number), float(number), number))
    return memory.of("u")


@pytest.mark.parametrize(
    ("told", "asked", "unplugged", "late", "expected"),
    [
        (HONOURED, True, False, False, Ending.SHUT_ITSELF_DOWN),
        (HONOURED, False, False, False, Ending.POWERED_OFF_INSIDE),
        (HONOURED, False, False, True, Ending.SHUT_DOWN_LATE),
        (HONOURED, True, True, False, Ending.SHUT_ITSELF_DOWN),
        (DESTROYED, True, True, False, Ending.UNPLUGGED),
        (DESTROYED, False, False, False, Ending.DESTROYED_OUTSIDE),
        (DESTROYED, False, False, True, Ending.DESTROYED_OUTSIDE),
        (SIGTERM, False, False, False, Ending.KILLED),
        (SIGTERM, True, False, False, Ending.KILLED),
        (SIGKILL, False, False, False, Ending.KILLED),
        (PANIC, True, False, False, Ending.CRASHED),
        (PANIC, True, True, False, Ending.CRASHED),
        (UNSEEN, False, False, False, Ending.UNSEEN),
        (UNSEEN, False, True, False, Ending.UNPLUGGED),
        ([*PANIC, *HONOURED], True, False, False, Ending.SHUT_ITSELF_DOWN),
        ([*HONOURED, *SIGKILL], True, False, False, Ending.KILLED),
    ],
)
def test_how_it_ended(told: list[tuple[Kind, str]], asked: bool, unplugged: bool, late: bool, expected: Ending) -> None:
    assert ending(seen(told), asked=asked, unplugged=unplugged, late=late) is expected


def test_the_guests_own_word_is_the_only_clean_end() -> None:
    clean = {one for one in Ending if one.clean}
    assert clean == {Ending.SHUT_ITSELF_DOWN, Ending.SHUT_DOWN_LATE, Ending.POWERED_OFF_INSIDE}


def test_what_was_seen_can_be_forgotten() -> None:
    memory = DomainMemory()
    memory.note(DomainEvent("u", Kind.STARTED, "", 0, 0, 0))
    assert memory.of("u").watched_from_start
    memory.forget("u")
    memory.forget("u")
    assert memory.of("u") == Seen()
