from __future__ import annotations

import libvirt
import pytest

from vmsim.host.events import Kind, agent, lifecycle

# libvirt's names for what our words mean; the numbers are looked up in the module.
WORDS = {
    ("STOPPED", "SHUTDOWN"): (Kind.STOPPED, "shutdown"),
    ("STOPPED", "DESTROYED"): (Kind.STOPPED, "destroyed"),
    ("STOPPED", "CRASHED"): (Kind.STOPPED, "crashed"),
    ("STOPPED", "SAVED"): (Kind.STOPPED, "saved"),
    ("STOPPED", "FAILED"): (Kind.STOPPED, "failed"),
    ("SHUTDOWN", "FINISHED"): (Kind.SHUTDOWN_UNKNOWN, "finished"),
    ("SHUTDOWN", "GUEST"): (Kind.SHUTDOWN_GUEST, "guest"),
    ("SHUTDOWN", "HOST"): (Kind.SHUTDOWN_HOST, "host"),
    ("CRASHED", "PANICKED"): (Kind.PANICKED, "panicked"),
    ("CRASHED", "CRASHLOADED"): (Kind.CRASHED, "crashloaded"),
    ("SUSPENDED", "PAUSED"): (Kind.SUSPENDED, "paused"),
    ("SUSPENDED", "IOERROR"): (Kind.SUSPENDED, "ioerror"),
    ("SUSPENDED", "WATCHDOG"): (Kind.SUSPENDED, "watchdog"),
    ("SUSPENDED", "POSTCOPY_FAILED"): (Kind.SUSPENDED, "postcopy failed"),
    ("RESUMED", "UNPAUSED"): (Kind.RESUMED, "unpaused"),
    ("STARTED", "BOOTED"): (Kind.STARTED, "booted"),
    ("STARTED", "RESTORED"): (Kind.STARTED, "restored"),
    ("STARTED", "WAKEUP"): (Kind.STARTED, "wakeup"),
    ("DEFINED", "ADDED"): (Kind.DEFINED, "added"),
    ("UNDEFINED", "REMOVED"): (Kind.UNDEFINED, "removed"),
}


def number_of(name: str) -> int:
    return int(getattr(libvirt, f"VIR_{name}"))


@pytest.mark.parametrize("names", WORDS, ids="_".join)
def test_our_table_agrees_with_libvirts_numbers(names: tuple[str, str]) -> None:
    event, detail = names
    numbers = number_of(f"DOMAIN_EVENT_{event}"), number_of(f"DOMAIN_EVENT_{event}_{detail}")
    assert lifecycle(*numbers) == WORDS[names]


def test_every_lifecycle_event_of_the_module_is_known() -> None:
    for number in range(number_of("DOMAIN_EVENT_CRASHED") + 1):
        assert lifecycle(number, 0) is not None


def test_what_is_newer_than_the_table_is_not_guessed() -> None:
    assert lifecycle(99, 0) is None
    assert lifecycle(-1, 0) is None
    assert lifecycle(number_of("DOMAIN_EVENT_STOPPED"), 99) == (Kind.STOPPED, "detail 99")
    assert agent(99) is None


def test_an_agents_disconnect_is_told() -> None:
    gone = number_of("CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_DISCONNECTED")
    assert agent(gone) == (Kind.AGENT_DISCONNECTED, "")
