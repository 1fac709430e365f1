"""Snapshots and images of real guests, through the API that every client speaks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmsim.host import command

from .cloud_disks import (
    cbs,
    refused,
    same_bytes,
    settled_image,
    settled_instance,
    settled_snapshot,
    snapshot,
    snapshot_file,
    snapshot_of,
    system_disk,
    whole,
)
from .homes import NANO, RunningHome, View, running_home, until

pytestmark = pytest.mark.guest

WRITING = "dd if=/dev/urandom of=/root/noise bs=16k count=4 2>/dev/null; sync; sleep 0.2"
NOISE = f"touch /root/noisy; (while [ -e /root/noisy ]; do {WRITING}; done) >/dev/null 2>&1 </dev/null &"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with running_home(tmp_path_factory.mktemp("images") / "home", soft_stop_limit=60) as made:
        yield made


@pytest.fixture(scope="module")
def guest(cloud: RunningHome) -> View:
    """Made once; each test leaves it RUNNING and logged in to."""
    (made,) = cloud.launch("one", data_disks=[{"size_gib": 1}])
    return made


def file_in(path: Path, name: str, folder: Path) -> str:
    """A file of the Linux partition, whose file system must be sound."""
    raw = folder / "disk.raw"
    command.run(["qemu-img", "convert", "-O", "raw", path, raw], timeout=120)
    start = _start(raw)
    part = folder / "part.raw"
    command.run(["dd", f"if={raw}", f"of={part}", "bs=1M", "iflag=skip_bytes", f"skip={start}", "conv=sparse"])
    checked = command.run(["e2fsck", "-p", "-f", part], check=False)
    assert checked.returncode in (0, 1), checked.stdout  # 1: the journal was played back
    assert command.run(["e2fsck", "-n", "-f", part], check=False).returncode == 0
    return command.run(["debugfs", "-R", f"cat {name}", part]).stdout


def _start(raw: Path) -> int:
    """Where the Linux partition begins, in bytes."""
    with raw.open("rb") as file:
        head = file.read(512)
    rows = [head[446 + 16 * number : 462 + 16 * number] for number in range(4)]
    return next(int.from_bytes(row[8:12], "little") * 512 for row in rows if row[4] == 0x83)


def test_a_running_guests_snapshot_is_of_one_moment(cloud: RunningHome, guest: View, tmp_path: Path) -> None:
    """What it has flushed is in it, what it writes meanwhile does no harm, and it is not disturbed."""
    ident, disk = guest["id"], system_disk(cloud, guest["id"])
    cloud.inside(ident, "echo flushed > /root/kept; sync")
    cloud.inside(ident, NOISE)
    made = snapshot_of(cloud, disk["id"], "live")
    cloud.inside(ident, "rm /root/noisy")
    assert (made["DiskId"], made["DiskUsage"], made["Percent"]) == (disk["id"], "SYSTEM_DISK", 100)
    assert whole(snapshot_file(cloud, made["SnapshotId"]))
    assert file_in(snapshot_file(cloud, made["SnapshotId"]), "/root/kept", tmp_path).strip() == "flushed"
    assert cloud.instance(ident)["state"] == "RUNNING" and cloud.inside(ident, "cat /root/kept") == "flushed"


def test_a_stopped_guests_snapshot_is_exact_and_comes_back(cloud: RunningHome, guest: View) -> None:
    ident, disk = guest["id"], system_disk(cloud, guest["id"])
    cloud.inside(ident, "echo before > /root/state; sync")
    cloud.do(ident, "stop")
    made = snapshot_of(cloud, disk["id"], "exact")
    file = snapshot_file(cloud, made["SnapshotId"])
    assert whole(file) and same_bytes(file, disk["path"])
    assert cloud.instance(ident)["state"] == "STOPPED"

    cloud.do(ident, "start")
    cloud.wait_up(ident)
    cloud.inside(ident, "echo after > /root/state; sync")
    asked = {"SnapshotId": made["SnapshotId"], "DiskId": disk["id"]}
    assert refused(lambda: cbs(cloud, "ApplySnapshot", **asked)) == "ResourceUnavailable.NotSupported"
    cloud.do(ident, "stop")
    assert not same_bytes(file, disk["path"])
    cbs(cloud, "ApplySnapshot", **asked)
    until(lambda: system_disk(cloud, ident)["state"] == "ATTACHED")
    assert same_bytes(file, disk["path"])
    settled_snapshot(cloud, made["SnapshotId"])
    cloud.do(ident, "start")
    cloud.wait_up(ident)
    assert cloud.inside(ident, "cat /root/state") == "before"


def test_a_running_guest_is_stopped_and_started_for_it(cloud: RunningHome, guest: View) -> None:
    ident, disk = guest["id"], system_disk(cloud, guest["id"])
    cloud.inside(ident, "echo before > /root/auto; sync")
    made = snapshot_of(cloud, disk["id"])
    cloud.inside(ident, "echo after > /root/auto; sync")
    asked = {"SnapshotId": made["SnapshotId"], "DiskId": disk["id"], "AutoStopInstance": True}
    cbs(cloud, "ApplySnapshot", **asked, AutoStartInstance=True)
    shown = cloud.described(ident)
    assert (shown["LatestOperation"], shown["LatestOperationState"]) == ("ApplySnapshot", "OPERATING")
    ended = settled_instance(cloud, ident)
    assert (ended["state"], ended["latest"]["state"]) == ("RUNNING", "SUCCESS"), ended["latest"]
    cloud.wait_up(ident)
    assert cloud.inside(ident, "cat /root/auto") == "before"
    cbs(cloud, "DeleteSnapshots", SnapshotIds=[made["SnapshotId"]])
    assert not snapshot_file(cloud, made["SnapshotId"]).exists()


def test_a_stop_does_not_wait_for_a_snapshot(cloud: RunningHome, guest: View) -> None:
    """The guest goes off in the middle: the snapshot is made at rest then."""
    ident, disk = guest["id"], system_disk(cloud, guest["id"])
    for _ in range(4):
        asked = cbs(cloud, "CreateSnapshot", DiskId=disk["id"])["SnapshotId"]
        cloud.do(ident, "stop", stop_type="HARD")
        made = settled_snapshot(cloud, asked)
        assert whole(snapshot_file(cloud, made["SnapshotId"]))
        cloud.do(ident, "start")
    cloud.wait_up(ident)


def test_an_image_of_a_running_guest_makes_another_one(cloud: RunningHome, guest: View) -> None:
    ident = guest["id"]
    cloud.inside(ident, "echo golden > /root/golden; sync; mkdir -p /mnt; echo data | dd of=/dev/vdb conv=fsync 2>&1")
    data = cloud.instance(ident)["disks"][1]
    image_id = cloud.api("CreateImage", InstanceId=ident, ImageName="golden", DataDiskIds=[data["id"]])["ImageId"]
    assert cloud.described(ident)["InstanceState"] == "RUNNING"
    image = settled_image(cloud, image_id)
    ended = settled_instance(cloud, ident)
    assert (ended["state"], ended["latest"]["verb"], ended["latest"]["state"]) == ("RUNNING", "create-image", "SUCCESS")
    assert (image["ImageType"], image["ImageSource"]) == ("PRIVATE_IMAGE", "CREATE_IMAGE")
    assert [one["DiskUsage"] for one in image["SnapshotSet"]] == ["SYSTEM_DISK", "DATA_DISK"]
    bound = image["SnapshotSet"][0]["SnapshotId"]
    again = {"InstanceId": ident, "ImageName": "golden"}
    assert refused(lambda: cloud.api("CreateImage", **again)) == "InvalidImageName.Duplicate"
    held = refused(lambda: cbs(cloud, "DeleteSnapshots", SnapshotIds=[bound]))
    assert held == "UnsupportedOperation.SnapshotHasBindedImage"

    (twin,) = cloud.launch("twin", image="golden")
    assert cloud.inside(twin["id"], "cat /root/golden") == "golden"
    assert cloud.inside(twin["id"], "head -c 4 /dev/vdb") == "data"
    assert cloud.inside(twin["id"], "cat /etc/machine-id") != cloud.inside(ident, "cat /etc/machine-id")
    assert cloud.instance(twin["id"])["host_key"] != cloud.instance(ident)["host_key"]

    file = cloud.home.images / f"{image_id}.qcow2"
    cloud.api("DeleteImages", ImageIds=[image_id], DeleteBindedSnap=True)
    assert cloud.api("DescribeImages", ImageIds=[image_id])["ImageSet"] == []
    assert snapshot(cloud, bound) is None and file.exists(), "the twin's disk is backed by it"
    cloud.do(twin["id"], "reboot")
    cloud.wait_up(twin["id"])
    assert cloud.inside(twin["id"], "cat /root/golden") == "golden"
    cloud.do(twin["id"], "terminate")
    until(lambda: not file.exists())


def test_an_image_that_the_guest_is_stopped_for(cloud: RunningHome, guest: View) -> None:
    ident = guest["id"]
    since = cloud.journal.position
    image_id = cloud.api("CreateImage", InstanceId=ident, ImageName="still", ForcePoweroff="true")["ImageId"]
    settled_image(cloud, image_id)
    assert settled_instance(cloud, ident)["state"] == "RUNNING"
    assert cloud.journal.states(ident, since)[:2] == ["STOPPING", "STOPPED"]
    cloud.wait_up(ident)
    cloud.api("DeleteImages", ImageIds=[image_id], DeleteBindedSnap=True)


def test_an_image_of_snapshots_and_of_a_file(cloud: RunningHome, guest: View, tmp_path: Path) -> None:
    ident = guest["id"]
    cloud.do(ident, "stop")
    made = snapshot_of(cloud, system_disk(cloud, ident)["id"])
    file = snapshot_file(cloud, made["SnapshotId"])
    image_id = cloud.api("CreateImage", ImageName="of-snapshot", SnapshotIds=[made["SnapshotId"]])["ImageId"]
    settled_image(cloud, image_id)
    assert same_bytes(file, cloud.home.images / f"{image_id}.qcow2")

    for form in ("raw", "vpc", "vmdk", "qcow2"):
        foreign = tmp_path / f"disk of.{form}"
        command.run(["qemu-img", "convert", "-O", form, file, foreign], timeout=120)
        imported = cloud.client.post(
            "/v1/images/import", {"path": str(foreign), "name": f"from-{form}", "memory_mib": 128}
        )["image"]
        settled_image(cloud, imported["id"])
        if form != "vpc":  # a VHD's size is rounded up to its geometry
            assert same_bytes(file, cloud.home.images / f"{imported['id']}.qcow2")
        foreign.unlink()
    (twin,) = cloud.launch("twin", image="from-vmdk", type_name=NANO)
    assert cloud.inside(twin["id"], "cat /root/kept") == "flushed"
    cloud.do(twin["id"], "terminate")
    cloud.do(ident, "start")
    cloud.wait_up(ident)


def test_the_command_line(cloud: RunningHome, guest: View, tmp_path: Path) -> None:
    """By names and ids, waiting for what was asked."""
    ident, name = guest["id"], guest["name"]

    def vmsim(*words: str) -> str:
        argv = [sys.executable, "-m", "vmsim", *words]
        return command.run(argv, env={"VMSIM_HOME": str(cloud.home.root)}, timeout=180).stdout

    cloud.do(ident, "stop", stop_type="HARD")
    made = json.loads(vmsim("snapshot", "create", name, "--name", "by-hand", "--output", "json"))
    assert made["job"]["state"] == "SUCCESS"
    assert made["snapshot"]["id"] in vmsim("snapshot", "list")
    assert "is on" in vmsim("snapshot", "apply", "by-hand")
    vmsim("snapshot", "create", system_disk(cloud, ident)["id"], "--name", "by-id")
    for one in ("by-hand", "by-id"):
        assert "is deleted" in vmsim("snapshot", "delete", one)
    assert "an image" in vmsim("image", "create", name, "own")
    file = tmp_path / "own.raw"
    image = next(one for one in json.loads(vmsim("image", "list", "-o", "json"))["own"] if one["name"] == "own")
    command.run(["qemu-img", "convert", "-O", "raw", image["path"], file], timeout=120)
    assert "imported" in vmsim("image", "import", str(file), "--name", "back", "--memory", "128")
    assert "back" in vmsim("image", "list")
    for one in ("own", "back"):
        assert "is deleted" in vmsim("image", "delete", one)
    assert [one for one in cloud.client.get("/v1/images")["images"] if one["name"] in ("own", "back")] == []
    cloud.do(ident, "start")
    cloud.wait_up(ident)
