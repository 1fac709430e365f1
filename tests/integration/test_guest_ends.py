"""Guests that end, begin or pause without being asked by vmsim: noticed within a second, and why is kept."""

from __future__ import annotations

import os
import signal
import time

import pytest

from vmsim.model.errors import HostError

from .homes import RunningHome, View, moment, until

pytestmark = pytest.mark.guest

SOON = 1.0
ROUND = 2.0 + 2.0
"""The home's reconcile interval, and libvirtd's return before it."""


@pytest.fixture(scope="module")
def guest(cloud: RunningHome) -> View:
    (made,) = cloud.launch("guest")
    return made


def started(cloud: RunningHome, guest: View, *, up: bool = False) -> str:
    """It runs; `up`: one can log in."""
    if cloud.instance(guest["id"])["state"] != "RUNNING":
        cloud.do(guest["id"], "start")
    if up:
        cloud.wait_up(guest["id"])
    return str(guest["id"])


def seconds_to_notice(cloud: RunningHome, ident: str, state: str, since: int) -> float:
    """From libvirt's event to the state, by the audit log's own times."""
    shown = cloud.journal.wait(ident, "state", state, since)
    told = cloud.journal.wait(ident, "libvirt", "started" if state == "RUNNING" else "stopped", since)
    return moment(shown) - moment(told)


def gone_off(cloud: RunningHome, ident: str, since: int, begun: float) -> str:
    """The reason, once it is STOPPED, which must be soon after `begun`."""
    cloud.journal.wait(ident, "state", "STOPPED", since)
    took = time.monotonic() - begun
    now = cloud.instance(ident)
    print(f"{now['state_reason']}: noticed after {took:.2f} s")
    assert took < SOON
    assert (now["state"], now["rung"]) == ("STOPPED", "OFF")
    assert cloud.qemu(ident) is None
    return str(now["state_reason"])


def type_inside(cloud: RunningHome, ident: str, line: str) -> None:
    """A command after which the session may be gone."""
    with cloud.shell(ident) as session:
        try:
            session.run(line, timeout=5.0)
        except HostError:
            return


def test_it_powers_itself_off(cloud: RunningHome, guest: View) -> None:
    ident = started(cloud, guest, up=True)
    since = cloud.journal.position
    before = guest["latest"]
    type_inside(cloud, ident, "poweroff")
    assert seconds_to_notice(cloud, ident, "STOPPED", since) < SOON
    now = cloud.instance(ident)
    assert (now["state"], now["state_reason"]) == ("STOPPED", "powered off from inside")
    assert now["latest"] == before, "nobody asked vmsim for anything"
    assert cloud.described(ident)["InstanceState"] == "STOPPED"


def test_it_panics(cloud: RunningHome, guest: View) -> None:
    ident = started(cloud, guest, up=True)
    since = cloud.journal.position
    type_inside(cloud, ident, "echo 1 > /proc/sys/kernel/sysrq; (sleep 0.1; echo c > /proc/sysrq-trigger) &")
    assert seconds_to_notice(cloud, ident, "STOPPED", since) < SOON
    assert cloud.instance(ident)["state_reason"] == "crashed"
    cloud.journal.wait(ident, "libvirt", "panicked", since)
    tail = cloud.client.get(f"/v1/instances/{ident}/serial", lines=200)["lines"]
    assert any("Kernel panic" in line for line in tail)


def test_it_reboots_by_itself(cloud: RunningHome, guest: View) -> None:
    """The same QEMU, and the ladder begins anew."""
    ident = started(cloud, guest, up=True)
    boot, qemu = cloud.inside(ident, "cat /proc/sys/kernel/random/boot_id"), cloud.qemu(ident)
    since = cloud.journal.position
    type_inside(cloud, ident, "(sleep 0.1; reboot) > /dev/null 2>&1 &")
    cloud.journal.wait(ident, "libvirt", "rebooted", since)
    until(lambda: cloud.instance(ident)["rung"] != "LOGIN")
    cloud.wait_up(ident)
    assert cloud.inside(ident, "cat /proc/sys/kernel/random/boot_id") != boot
    assert cloud.qemu(ident) == qemu and cloud.journal.states(ident, since) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_its_qemu_is_killed(cloud: RunningHome, guest: View, number: signal.Signals) -> None:
    ident = started(cloud, guest)
    since, begun = cloud.journal.position, time.monotonic()
    cloud.running_qemu(ident).send_signal(number)
    assert gone_off(cloud, ident, since, begun) == "QEMU was killed"


def test_it_is_destroyed_and_started_behind_our_back(cloud: RunningHome, guest: View) -> None:
    ident = started(cloud, guest)
    since, begun = cloud.journal.position, time.monotonic()
    cloud.virsh("destroy", ident)
    assert gone_off(cloud, ident, since, begun) == "destroyed behind vmsim's back"

    since = cloud.journal.position
    cloud.virsh("start", ident)
    assert seconds_to_notice(cloud, ident, "RUNNING", since) < SOON
    now = cloud.instance(ident)
    assert (now["state"], now["state_reason"]) == ("RUNNING", "started behind vmsim's back")
    assert now["rung"] == "STARTED", "what the last boot said on its console proves nothing"
    assert cloud.wait_up(ident)[-1] == "LOGIN"


def test_a_pause_is_shown_and_clears(cloud: RunningHome, guest: View) -> None:
    ident = started(cloud, guest)
    cloud.virsh("suspend", ident)
    until(lambda: cloud.instance(ident)["paused"], SOON)
    assert cloud.instance(ident)["state"] == cloud.described(ident)["InstanceState"] == "RUNNING"
    cloud.virsh("resume", ident)
    until(lambda: not cloud.instance(ident)["paused"], SOON)


def test_it_dies_while_libvirtd_is_away(cloud: RunningHome, guest: View) -> None:
    ident = started(cloud, guest)
    qemu = cloud.running_qemu(ident)
    since, begun = cloud.journal.position, time.monotonic()
    os.kill(cloud.lab.pid_of("libvirtd"), signal.SIGKILL)
    qemu.kill()
    cloud.journal.wait(ident, "state", "STOPPED", since)
    took = time.monotonic() - begun
    print(f"died while libvirtd was away: found after {took:.1f} s")
    assert took < ROUND
    assert cloud.instance(ident)["state_reason"] in ("died while nobody looked", "QEMU was killed")


def test_it_survives_libvirtd(cloud: RunningHome, guest: View) -> None:
    ident = started(cloud, guest)
    qemu, since = cloud.running_qemu(ident), cloud.journal.position
    os.kill(cloud.lab.pid_of("libvirtd"), signal.SIGKILL)
    cloud.journal.wait("", "libvirt", "the connection to libvirt is back", since)
    assert qemu.is_running() and cloud.journal.states(ident, since) == []
    cloud.wait_up(ident)
    assert cloud.do(ident, "stop", limit=30)["evidence"]["stop"]["ending"] == "shut itself down"


def test_a_stop_goes_on_while_libvirtd_comes_back(cloud: RunningHome, guest: View) -> None:
    ident = started(cloud, guest, up=True)
    operation = cloud.ask(ident, "stop", limit=40)
    os.kill(cloud.lab.pid_of("libvirtd"), signal.SIGKILL)
    ended = cloud.settled(operation)
    assert ended["state"] == "SUCCESS", ended["error"]
    assert cloud.instance(ident)["state"] == "STOPPED"
    assert cloud.qemu(ident) is None
