"""What is changed on an instance while it lives: its host name, a disk under the running guest, its screen's URL."""

from __future__ import annotations

import struct
from urllib.parse import unquote

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from .homes import RunningHome, View

pytestmark = pytest.mark.guest


@pytest.fixture(scope="module")
def guest(cloud: RunningHome) -> View:
    (made,) = cloud.launch("web", data_disks=[{"size_gib": 10}])
    return made


def test_a_disk_grows_under_the_running_guest(cloud: RunningHome, guest: View) -> None:
    ident, (system, data) = guest["id"], guest["disks"]
    boot, qemu = (
        cloud.inside(ident, "cat /proc/sys/kernel/random/boot_id; df -k / | tail -1"),
        cloud.running_qemu(ident),
    )
    wanted = (
        {"SystemDisk": {"DiskSize": system["size_gib"] + 2}},
        {"DataDisks": [{"DiskId": data["id"], "DiskSize": 20}]},
    )
    for disk in wanted:
        cloud.api("ResizeInstanceDisks", InstanceId=ident, ResizeOnline=True, **disk)
        operation = cloud.settled(cloud.operations(ident)[0])
        assert operation["state"] == "SUCCESS", operation["error"]
    sizes = cloud.inside(ident, "cat /sys/class/block/vda/size /sys/class/block/vdb/size")
    assert [int(size) for size in sizes.split()] == [(system["size_gib"] + 2) * 2**21, 20 * 2**21]
    shown = cloud.described(ident)
    assert (shown["InstanceState"], shown["SystemDisk"]["DiskSize"], shown["DataDisks"][0]["DiskSize"]) == (
        "RUNNING",
        system["size_gib"] + 2,
        20,
    )
    assert cloud.running_qemu(ident) == qemu
    again = cloud.inside(ident, "cat /proc/sys/kernel/random/boot_id; df -k / | tail -1")
    assert again.split()[:3] == boot.split()[:3], "neither rebooted nor was its file system grown"


def test_a_host_name_reboots_the_guest(cloud: RunningHome, guest: View) -> None:
    ident, since = guest["id"], cloud.journal.position
    cloud.api("ModifyInstancesAttribute", InstanceIds=[ident], HostName="front")
    operation = cloud.settled(cloud.operations(ident)[0])
    assert operation["state"] == "SUCCESS", operation["error"]
    cloud.journal.wait(ident, "state", "RUNNING", since)
    assert cloud.journal.states(ident, since) == ["REBOOTING", "RUNNING"]
    cloud.wait_up(ident)
    assert cloud.inside(ident, "hostname") == "front"
    shown = cloud.described(ident)
    assert (shown["HostName"], shown["LatestOperation"]) == ("front", "ModifyInstancesAttribute")


def test_a_host_name_without_a_reboot_waits_for_the_next_start(cloud: RunningHome, guest: View) -> None:
    ident = guest["id"]
    cloud.api("ModifyInstancesAttribute", InstanceIds=[ident], HostName="later", AutoReboot=False)
    assert cloud.inside(ident, "hostname") == "front"
    assert cloud.instance(ident)["pending_host_name"]
    cloud.do(ident, "reboot")
    cloud.wait_up(ident)
    assert cloud.inside(ident, "hostname") == "later"
    assert not cloud.instance(ident)["pending_host_name"]


def test_a_screen_is_seen_by_its_url(cloud: RunningHome, guest: View) -> None:
    """As a viewer begins, up to how large the screen is; and once."""
    found = unquote(cloud.api("DescribeInstanceVncUrl", InstanceId=guest["id"])["InstanceVncUrl"])
    assert found.startswith(f"ws://127.0.0.1:{cloud.lab.status().port}/vnc?s=")
    with connect(found, subprotocols=[Subprotocol("binary")]) as viewer:
        assert viewer.recv() == b"RFB 003.008\n"
        viewer.send(b"RFB 003.008\n")
        assert viewer.recv() == b"\x01\x01"  # one way to prove who one is, and it is none: the token was the proof
        viewer.send(b"\x01")
        assert viewer.recv() == bytes(4)
        viewer.send(b"\x01")
        greeting = viewer.recv()
        assert isinstance(greeting, bytes)
        width, height = struct.unpack_from(">HH", greeting)
        assert width >= 640 and height >= 400
    with pytest.raises(InvalidStatus):
        connect(found)


def test_a_stopped_one_stays_stopped(cloud: RunningHome, guest: View) -> None:
    ident = guest["id"]
    cloud.do(ident, "stop")
    size = {"SystemDisk": {"DiskSize": 100}, "ResizeOnline": True}
    assert cloud.refusal("ResizeInstanceDisks", InstanceId=ident, **size) == "UnsupportedOperation.InstanceStateStopped"
    assert cloud.refusal("DescribeInstanceVncUrl", InstanceId=ident) == "UnsupportedOperation.InstanceStateStopped"
    cloud.do(ident, "modify", host_name="still")
    assert cloud.instance(ident)["state"] == "STOPPED"
    cloud.do(ident, "start")
    cloud.wait_up(ident)
    assert cloud.inside(ident, "hostname") == "still"
