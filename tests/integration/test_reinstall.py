"""ResetInstance on a real guest: a fresh system with a new login and host key; the data disk is as it was."""

from __future__ import annotations

import pytest

from vmsim.cloud.controllers.instance_watcher import PROCESS_LIMIT
from vmsim.model.errors import Refused

from .homes import RunningHome, View

pytestmark = pytest.mark.guest

OLD, NEW = "Old-pass-1", "New-pass-2"
WORDS = "written before"


@pytest.fixture(scope="module")
def guest(cloud: RunningHome) -> View:
    """Something is on both of its disks."""
    (made,) = cloud.launch("web", password=OLD, data_disks=[{"size_gib": 1}])
    cloud.inside(
        made["id"],
        f"echo {WORDS} > /marker; echo {WORDS} | dd of=/dev/vdb bs=512 conv=sync 2>/dev/null; sync",
        password=OLD,
    )
    return cloud.instance(made["id"])


def test_a_running_instance_gets_a_fresh_system(cloud: RunningHome, guest: View) -> None:
    ident, since, qemu = guest["id"], cloud.journal.position, cloud.running_qemu(guest["id"])
    size = guest["disks"][0]["size_gib"] + 1
    cloud.api(
        "ResetInstance",
        InstanceId=ident,
        SystemDisk={"DiskSize": size},
        LoginSettings={"Password": NEW},
        HostName="fresh.example",
    )
    shown = cloud.described(ident)
    assert (shown["InstanceState"], shown["LatestOperation"], shown["LatestOperationState"]) == (
        "REBOOTING",
        "ResetInstance",
        "OPERATING",
    )
    operation = cloud.settled(cloud.operations(ident)[0])
    assert operation["state"] == "SUCCESS", operation["error"]
    assert set(cloud.journal.states(ident, since)) == {"RUNNING"}, "only REBOOTING is shown on the way"
    cloud.wait_up(ident)
    qemu.wait(PROCESS_LIMIT)

    after = cloud.instance(ident)
    assert after["host_key"] != guest["host_key"]
    assert [disk["id"] for disk in after["disks"]] == [disk["id"] for disk in guest["disks"]]
    assert (after["private_ip"], after["mac"], after["uuid"]) == (guest["private_ip"], guest["mac"], guest["uuid"])
    # `shell` knows the host key beforehand and refuses any other.
    seen = cloud.inside(
        ident, "hostname; cat /sys/class/block/vda/size; ls /marker 2>&1; head -c 14 /dev/vdb", password=NEW
    )
    name, sectors, marker, data = seen.splitlines()
    assert name == "fresh.example"
    assert int(sectors) == size * 2**21
    assert "No such file" in marker
    assert data == WORDS
    with pytest.raises(Refused), cloud.shell(ident, password=OLD):
        pass
    shown = cloud.described(ident)
    assert (shown["HostName"], shown["SystemDisk"]["DiskSize"]) == ("fresh.example", size)


def test_a_stopped_one_ends_running_with_a_random_password(cloud: RunningHome, guest: View) -> None:
    ident = guest["id"]
    cloud.do(ident, "stop")
    before = cloud.instance(ident)["host_key"]
    cloud.api("ResetInstance", InstanceId=ident)
    assert cloud.settled(cloud.operations(ident)[0])["state"] == "SUCCESS"
    cloud.wait_up(ident)
    found = cloud.client.get(f"/v1/instances/{ident}", password=1)["instance"]
    assert found["state"] == "RUNNING" and found["host_key"] != before
    assert found["password"] not in ("", None, OLD, NEW)
    assert cloud.inside(ident, "head -c 14 /dev/vdb", password=found["password"]) == WORDS


def test_one_whose_image_is_gone_keeps_its_old_system(cloud: RunningHome, guest: View) -> None:
    """It was running, so it runs again."""
    ident = guest["id"]
    found = cloud.client.get(f"/v1/instances/{ident}", password=1)["instance"]
    (image,) = cloud.home.images.glob("tiny-*.qcow2")
    away = image.with_suffix(".away")
    cloud.inside(ident, "touch /kept; sync", password=found["password"])
    operation = None
    image.rename(away)
    image.write_bytes(b"not an image")
    try:
        cloud.api("ResetInstance", InstanceId=ident, LoginSettings={"Password": OLD})
        operation = cloud.settled(cloud.operations(ident)[0])
    finally:
        away.replace(image)
    assert operation["state"] == "FAILED" and operation["error"]
    now = cloud.instance(ident)
    assert now["host_key"] == found["host_key"]
    assert not list(cloud.home.instance(ident).glob("*.new"))
    if now["state"] == "STOPPED":  # the old system is backed by the same image
        cloud.do(ident, "start")
    cloud.wait_up(ident)
    cloud.inside(ident, "test -e /kept", password=found["password"])
