"""Stopping real guests: the ones that obey, the ones that do not, and what is kept of each as evidence."""

from __future__ import annotations

import time
from typing import Any

import psutil
import pytest

from .homes import NANO, RunningHome, View, until

pytestmark = pytest.mark.guest

AFTER_LIMIT = 5.0
"""A SOFT_FIRST stop ends within its limit and this."""


@pytest.fixture(scope="module")
def guest(cloud: RunningHome) -> View:
    """An ordinary one; each test finds it as the one before left it, and starts it where it must run."""
    (made,) = cloud.launch("plain")
    return made


def up(cloud: RunningHome, guest: View) -> None:
    if cloud.instance(guest["id"])["state"] != "RUNNING":
        cloud.do(guest["id"], "start")
    cloud.wait_up(guest["id"])


def stopped_in_time(cloud: RunningHome, ident: str, limit: float) -> dict[str, Any]:
    """SOFT_FIRST with a limit: the evidence."""
    begun = time.monotonic()
    ended = cloud.do(ident, "stop", stop_type="SOFT_FIRST", limit=limit)
    took = time.monotonic() - begun
    assert took < limit + AFTER_LIMIT
    assert cloud.instance(ident)["state"] == "STOPPED"
    assert cloud.qemu(ident) is None
    evidence: dict[str, Any] = ended["evidence"]["stop"]
    print(f"SOFT_FIRST, limit {limit:g} s: {evidence['ending']} after {took:.1f} s")
    return evidence


def test_a_soft_stop_and_its_evidence(cloud: RunningHome, guest: View) -> None:
    ident = guest["id"]
    qemu = cloud.running_qemu(ident)
    held = qemu.memory_info().rss
    since = cloud.journal.position
    ended = cloud.do(ident, "stop")
    stop = ended["evidence"]["stop"]
    print("soft stop:", {name: stop[name] for name in ("acknowledged", "guest_off", "stopped", "process_gone")})

    assert (ended["caller"]["how"], ended["verb"], stop["stop_type"]) == ("cli", "stop", "SOFT")
    assert len(stop["presses"]) == 1 and stop["listening"] is True
    # On a loaded machine it may be off before the registers are looked at again.
    assert stop["acknowledged_by"] in ("the guest's kernel took the press", "the guest shut down")
    assert stop["presses"][0] <= stop["acknowledged"] <= stop["guest_off"] <= stop["stopped"] <= stop["process_gone"]
    assert (stop["shutdown_detail"], stop["ending"]) == ("GUEST", "shut itself down")
    assert stop["file_system"] == "clean" and stop["managed_save"] is False
    assert "vmsim-tiny: power button" in " ".join(stop["serial_tail"])
    assert abs(stop["memory_returned"] - held) < held / 4
    assert cloud.journal.states(ident, since)[-1] == "STOPPED"
    assert not qemu.is_running()


def test_nothing_of_its_memory_is_kept_and_its_disks_are_whole(cloud: RunningHome, guest: View) -> None:
    assert cloud.instance(guest["id"])["state_reason"] == "shut itself down"
    assert cloud.virsh("list", "--all", "--managed-save", "--with-managed-save").strip() == ""
    assert not list((cloud.home.libvirt).rglob("*.save"))
    cloud.disk_is_whole(guest)


def test_stopping_is_shown_until_the_process_is_gone(cloud: RunningHome, guest: View) -> None:
    up(cloud, guest)
    qemu = cloud.running_qemu(guest["id"])
    operation = cloud.ask(guest["id"], "stop")
    assert cloud.described(guest["id"])["InstanceState"] == "STOPPING"

    def shown() -> bool:
        state = str(cloud.instance(guest["id"])["state"])
        assert state in ("STOPPING", "STOPPED")
        alive = qemu.is_running() and qemu.status() != psutil.STATUS_ZOMBIE
        assert not (state == "STOPPED" and alive), "STOPPED while QEMU still runs"
        return bool(state == "STOPPED")

    until(shown)
    assert cloud.settled(operation)["state"] == "SUCCESS"


def test_a_guest_still_booting_is_pressed_when_it_listens(cloud: RunningHome, guest: View) -> None:
    cloud.do(guest["id"], "start")
    stop = cloud.do(guest["id"], "stop")["evidence"]["stop"]
    assert len(stop["presses"]) > 1, "the first press comes before anyone listens"
    assert stop["shutdown_detail"] == "GUEST" and stop["file_system"] == "clean"
    # Not at the next press of the schedule, but when it begins to listen.
    assert stop["acknowledged"] - stop["presses"][-1] < 1.0
    print(f"pressed at {stop['presses']}, acknowledged at {stop['acknowledged']}, gone at {stop['process_gone']}")


def test_hard_pulls_the_plug_at_once(cloud: RunningHome, guest: View) -> None:
    up(cloud, guest)
    begun = time.monotonic()
    stop = cloud.do(guest["id"], "stop", stop_type="HARD")["evidence"]["stop"]
    assert time.monotonic() - begun < 3.0
    assert stop["presses"] == [] and stop["ending"] == "unplugged"
    assert (stop["shutdown_detail"], stop["file_system"]) == ("HOST", "dirty")
    cloud.disk_is_whole(guest)


def test_soft_first_while_booting(cloud: RunningHome, guest: View) -> None:
    cloud.do(guest["id"], "start")
    assert stopped_in_time(cloud, guest["id"], 1.0)["ending"] == "unplugged"


def test_soft_first_of_a_paused_guest_resumes_it(cloud: RunningHome, guest: View) -> None:
    up(cloud, guest)
    cloud.virsh("suspend", guest["id"])
    until(lambda: cloud.instance(guest["id"])["paused"])
    assert cloud.described(guest["id"])["InstanceState"] == "RUNNING"
    assert stopped_in_time(cloud, guest["id"], 4.0)["ending"] == "shut itself down"
    assert cloud.instance(guest["id"])["paused"] == ""


def test_a_deaf_guest(cloud: RunningHome) -> None:
    (deaf,) = cloud.launch("deaf", words="deaf")
    ended = cloud.settled(cloud.ask(deaf["id"], "stop", limit=3))
    assert ended["state"] == "FAILED"
    assert "does not listen to the power button" in ended["error"] and "3 s are over" in ended["error"]
    now = cloud.instance(deaf["id"])
    assert (now["state"], now["latest"]["verb"], now["latest"]["state"]) == ("RUNNING", "stop", "FAILED")
    assert cloud.described(deaf["id"])["LatestOperationState"] == "FAILED"
    assert len(ended["evidence"]["stop"]["presses"]) == 2
    assert cloud.inside(deaf["id"], "echo alive") == "alive"
    assert stopped_in_time(cloud, deaf["id"], 2.0)["ending"] == "unplugged"


def test_a_guest_that_acknowledges_and_does_nothing(cloud: RunningHome) -> None:
    (stubborn,) = cloud.launch("stubborn", words="ignores")
    # Its kernel takes the press at once; on a busy machine its shell may need seconds to say so.
    ended = cloud.settled(cloud.ask(stubborn["id"], "stop", limit=8))
    assert ended["state"] == "FAILED" and "but is still stopping" in ended["error"]
    assert "vmsim-tiny: power button" in ended["error"]
    assert len(ended["evidence"]["stop"]["presses"]) == 1
    assert cloud.instance(stubborn["id"])["state"] == "RUNNING"


def test_a_soft_stop_under_way_is_escalated(cloud: RunningHome) -> None:
    stubborn = cloud.instance("stubborn")
    operation = cloud.ask(stubborn["id"], "stop")
    until(lambda: cloud.client.get(f"/v1/operations/{operation['id']}")["operation"]["step"] == "acknowledged")
    assert cloud.refusal("StopInstances", InstanceIds=[stubborn["id"]], StopType="HARD") == (
        "UnsupportedOperation.InstanceStateStopping"
    )
    begun = time.monotonic()
    cloud.client.post(f"/v1/instances/{stubborn['id']}/escalate")
    ended = cloud.settled(operation)
    assert time.monotonic() - begun < 3.0
    assert (ended["state"], ended["escalated"]) == ("SUCCESS", True)
    assert ended["evidence"]["stop"]["ending"] == "unplugged"
    assert cloud.instance(stubborn["id"])["state"] == "STOPPED"


def test_a_guest_that_obeys_after_the_limit(cloud: RunningHome) -> None:
    (slow,) = cloud.launch("slow", words="slow-stop=5")
    since = cloud.journal.position
    ended = cloud.settled(cloud.ask(slow["id"], "stop", limit=2))
    assert ended["state"] == "FAILED" and "but is still stopping" in ended["error"]
    cloud.journal.wait(slow["id"], "state", "RUNNING", since)
    cloud.journal.wait(slow["id"], "state", "STOPPED", since)
    now = cloud.instance(slow["id"])
    assert now["state_reason"] == "shut itself down after the limit"
    assert (now["latest"]["verb"], now["latest"]["state"]) == ("stop", "FAILED")


def test_soft_first_of_a_guest_that_panics_on_its_way_out(cloud: RunningHome) -> None:
    (panics,) = cloud.launch("panics", words="panic-on-stop")
    assert stopped_in_time(cloud, panics["id"], 2.0)["ending"] == "crashed"


def test_soft_first_of_a_spinning_guest(cloud: RunningHome) -> None:
    (spins,) = cloud.launch("spins", words="spin", type_name=NANO)
    assert stopped_in_time(cloud, spins["id"], 2.0)["ending"] in ("shut itself down", "unplugged")
