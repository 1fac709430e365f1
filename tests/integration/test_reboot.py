"""Rebooting, and how far a guest is after its start."""

from __future__ import annotations

import pytest

from vmsim.model.errors import TimedOut
from vmsim.model.readiness import Rung

from .homes import RunningHome, View, moment

pytestmark = pytest.mark.guest


ASKS_LATE = 3
"""Seconds a guest lets pass before it asks for an address."""


@pytest.fixture(scope="module")
def guest(cloud: RunningHome) -> View:
    (made,) = cloud.launch("guest", words=f"slow-boot={ASKS_LATE}")
    return made


def test_the_rungs_come_in_order(cloud: RunningHome, guest: View) -> None:
    words = {rung.words: rung for rung in Rung}
    reached = [words[event["text"]] for event in cloud.journal.of(guest["id"], "readiness")]
    assert reached == sorted(set(reached))
    assert Rung.KERNEL in reached and reached[-1] is Rung.LOGIN


@pytest.mark.parametrize("kind", ["SOFT", "HARD"])
def test_reboot(cloud: RunningHome, guest: View, kind: str) -> None:
    ident = guest["id"]
    before = cloud.inside(ident, "touch /tmp/marker; cat /proc/sys/kernel/random/boot_id")
    qemu, since = cloud.running_qemu(ident), cloud.journal.position
    operation = cloud.ask(ident, "reboot", stop_type=kind)
    assert cloud.described(ident)["InstanceState"] == "REBOOTING"
    assert cloud.settled(operation)["state"] == "SUCCESS"
    assert cloud.instance(ident)["rung"] == "STARTED", "a fresh boot begins at the foot of the ladder"
    assert cloud.journal.wait(ident, "state", "RUNNING", since)
    assert cloud.journal.states(ident, since) == ["RUNNING"], "STOPPED is never shown"
    rungs = [Rung[name] for name in cloud.wait_up(ident)]
    assert rungs == sorted(set(rungs)) and rungs[-1] is Rung.LOGIN
    kernel, after_it, *_ = cloud.journal.of(ident, "readiness", since)
    assert kernel["data"]["rung"] == "KERNEL"
    assert moment(after_it) - moment(kernel) > ASKS_LATE - 1, "the lease of the boot before is no address of this one"
    assert cloud.inside(ident, "cat /proc/sys/kernel/random/boot_id") != before
    assert not qemu.is_running() and cloud.running_qemu(ident) != qemu


def test_a_boot_that_fails_keeps_the_instance_and_says_where_it_stands(cloud: RunningHome) -> None:
    (stuck,) = cloud.launch("stuck", words="no-boot", wait=False)
    with pytest.raises(TimedOut) as caught:
        cloud.wait_up(stuck["id"], limit=4)
    message = caught.value.message
    assert "made no progress for 4 s" in message and "it stands at: the kernel is booting" in message
    assert "its serial console ends with:" in message and "vmsim-tiny" in message
    now = cloud.instance(stuck["id"])
    assert (now["state"], now["rung"]) == ("RUNNING", "KERNEL")
    assert cloud.home.serial_log(stuck["id"]).stat().st_size > 0
