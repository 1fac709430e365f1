"""Elastic disks on real guests: what is written on one is read on another, and nothing is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmsim.host import command

from . import disks
from .crashes import nothing_left_over
from .homes import RunningHome, View, running_home, until

pytestmark = pytest.mark.guest
MANY_LIMIT = 240.0
"""An emulated guest takes some seconds for each disk."""
WORDS = "written before it was detached"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with running_home(tmp_path_factory.mktemp("disks") / "home", detach_limit=30) as made:
        yield made


@pytest.fixture(scope="module")
def guests(cloud: RunningHome) -> tuple[str, str]:
    """Two running instances."""
    one, two = cloud.launch("one", "two")
    return one["id"], two["id"]


def file_of(cloud: RunningHome, ident: str) -> Path:
    found: View = cloud.client.get(f"/v1/disks/{ident}")["disk"]
    return Path(found["path"])


def test_a_disk_goes_from_one_running_guest_to_another(cloud: RunningHome, guests: tuple[str, str]) -> None:
    one, two = guests
    ident = disks.created(cloud)
    disks.attached(cloud, ident, one)
    until(lambda: disks.device(cloud, one, ident))
    at = disks.device(cloud, one, ident)
    assert at == "vdb"
    assert [each["DiskId"] for each in cloud.described(one)["DataDisks"]] == [ident]
    cloud.inside(one, f"printf '%s' '{WORDS}' | dd of=/dev/{at} conv=fsync")

    left = disks.detached(cloud, ident)
    assert (left["InstanceId"], left["LastAttachInsId"], left["Attached"]) == ("", one, False)
    assert disks.device(cloud, one, ident) == ""
    assert cloud.described(one)["DataDisks"] == []

    disks.attached(cloud, ident, two)
    until(lambda: disks.device(cloud, two, ident))
    assert cloud.inside(two, f"head -c {len(WORDS)} /dev/{disks.device(cloud, two, ident)}") == WORDS
    disks.detached(cloud, ident)
    disks.cbs(cloud, "TerminateDisks", DiskIds=[ident])
    assert disks.described(cloud, ident) == []
    until(lambda: not list(cloud.home.disks.iterdir()))


def test_it_stays_over_stop_start_and_reboot(cloud: RunningHome, guests: tuple[str, str]) -> None:
    """Attached while RUNNING it is there after a restart; attached and detached while STOPPED it is, and is not."""
    one, _ = guests
    first, second = disks.created(cloud), disks.created(cloud)
    disks.attached(cloud, first, one)
    cloud.do(one, "reboot", stop_type="HARD")
    cloud.wait_up(one)
    assert disks.device(cloud, one, first) == "vdb"

    cloud.do(one, "stop", stop_type="HARD")
    disks.attached(cloud, second, one)
    disks.detached(cloud, first)
    cloud.do(one, "start")
    cloud.wait_up(one)
    assert (disks.device(cloud, one, first), disks.device(cloud, one, second)) == ("", "vdb")
    disks.detached(cloud, second)
    disks.cbs(cloud, "TerminateDisks", DiskIds=[first, second])


def test_it_grows_alone_on_a_stopped_guest_and_under_a_running_one(cloud: RunningHome, guests: tuple[str, str]) -> None:
    _, two = guests
    ident = disks.created(cloud)

    def grown(size: int) -> int:
        disks.cbs(cloud, "ResizeDisk", DiskId=ident, DiskSize=size)
        assert disks.settled(cloud, ident)["DiskSize"] == size
        told = command.run(["qemu-img", "info", "-U", "--output=json", file_of(cloud, ident)]).stdout
        return int(json.loads(told)["virtual-size"]) // 2**30

    assert grown(20) == 20
    disks.attached(cloud, ident, two)
    until(lambda: disks.device(cloud, two, ident))
    assert grown(30) == 30
    until(lambda: cloud.inside(two, f"cat /sys/class/block/{disks.device(cloud, two, ident)}/size") == str(30 * 2**21))
    cloud.do(two, "stop", stop_type="HARD")
    assert grown(40) == 40
    cloud.do(two, "start")
    cloud.wait_up(two)
    assert cloud.inside(two, f"cat /sys/class/block/{disks.device(cloud, two, ident)}/size") == str(40 * 2**21)
    disks.detached(cloud, ident)
    disks.cbs(cloud, "TerminateDisks", DiskIds=[ident])


def test_a_guest_that_does_not_let_go(cloud: RunningHome, guests: tuple[str, str]) -> None:
    """The disk is ATTACHED again, with the published words; when the guest lets it go later, it is detached."""
    _, two = guests
    ident = disks.created(cloud)
    disks.attached(cloud, ident, two)
    until(lambda: disks.device(cloud, two, ident))
    cloud.virsh("suspend", two)
    disks.cbs(cloud, "DetachDisks", DiskIds=[ident])
    assert disks.disk(cloud, ident)["DiskState"] == "DETACHING"
    assert disks.refusal(cloud, "ResizeDisk", DiskId=ident, DiskSize=20) == "InvalidDisk.Busy"
    kept = disks.settled(cloud, ident)
    assert (kept["DiskState"], kept["ErrorPrompt"]) == ("ATTACHED", "Detach disk timeout, please retry later")
    cloud.virsh("resume", two)
    until(lambda: disks.settled(cloud, ident)["DiskState"] == "UNATTACHED")
    assert disks.device(cloud, two, ident) == ""
    disks.cbs(cloud, "TerminateDisks", DiskIds=[ident])


def test_twenty_disks(cloud: RunningHome, guests: tuple[str, str]) -> None:
    one, _ = guests
    made = disks.cbs(cloud, "CreateDisks", **disks.PLAIN, DiskSize=10, DiskCount=21)["DiskIdSet"]
    for ident in made:
        until(lambda ident=ident: disks.described(cloud, ident))  # type: ignore[misc]
    disks.cbs(cloud, "AttachDisks", InstanceId=one, DiskIds=made[:10])
    disks.cbs(cloud, "AttachDisks", InstanceId=one, DiskIds=made[10:20])
    too_many = disks.refusal(cloud, "AttachDisks", InstanceId=one, DiskIds=made[20:])
    assert too_many == "LimitExceeded.InstanceAttachedDisk"
    for ident in made[:20]:
        assert disks.settled(cloud, ident)["DiskState"] == "ATTACHED"
    until(lambda: cloud.inside(one, "ls -d /sys/block/vd* | wc -l") == "21", limit=MANY_LIMIT)
    cloud.do(one, "reboot", stop_type="HARD")
    cloud.wait_up(one)
    assert cloud.inside(one, "ls -d /sys/block/vd* | wc -l") == "21"
    for batch in (made[:10], made[10:20]):
        disks.cbs(cloud, "DetachDisks", DiskIds=batch, InstanceId=one)
    for ident in made[:20]:
        assert disks.settled(cloud, ident, MANY_LIMIT)["DiskState"] == "UNATTACHED"
    disks.cbs(cloud, "TerminateDisks", DiskIds=made)
    until(lambda: not list(cloud.home.disks.iterdir()))


def test_what_outlives_its_instance(cloud: RunningHome) -> None:
    """A data disk of the launch without DeleteWithInstance and an elastic one stay, with what is on them."""
    (made,) = cloud.launch(
        "mortal", data_disks=[{"size_gib": 10, "delete_with_instance": False}, {"size_gib": 10}], wait=True
    )
    ident = made["id"]
    stays, goes = (each["DiskId"] for each in cloud.described(ident)["DataDisks"])
    assert [disks.disk(cloud, each)["Portable"] for each in (stays, goes)] == [True, False]
    elastic, bound = disks.created(cloud), disks.created(cloud)
    disks.attached(cloud, elastic, ident)
    disks.attached(cloud, bound, ident, DeleteWithInstance=True)
    cloud.inside(ident, f"printf '%s' '{WORDS}' | dd of=/dev/vdb conv=fsync")
    cloud.do(ident, "terminate")

    for each in (stays, elastic):
        found = disks.disk(cloud, each)
        assert (found["DiskState"], found["InstanceId"], found["LastAttachInsId"]) == ("UNATTACHED", "", ident)
        assert file_of(cloud, each) == cloud.home.disks / f"{each}.qcow2"
    assert [disks.described(cloud, each) for each in (goes, bound)] == [[], []]
    nothing_left_over(cloud)

    (heir,) = cloud.launch("heir")
    disks.attached(cloud, stays, heir["id"])
    until(lambda: disks.device(cloud, heir["id"], stays))
    assert cloud.inside(heir["id"], f"head -c {len(WORDS)} /dev/vdb") == WORDS
    cloud.do(heir["id"], "terminate")
    disks.cbs(cloud, "TerminateDisks", DiskIds=[stays, elastic])
    nothing_left_over(cloud)
