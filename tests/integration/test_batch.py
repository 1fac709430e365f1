"""Launching and stopping many at once, launches that are refused, and launches that fail and leave nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .homes import NANO, RunningHome, View, until

pytestmark = pytest.mark.guest

ZONE = {"Placement": {"Zone": "ap-guangzhou-3"}}
TEN = 10


@pytest.fixture(scope="module")
def image(cloud: RunningHome) -> str:
    found: str = cloud.api("DescribeImages")["ImageSet"][0]["ImageId"]
    return found


def test_run_instances_with_data_disks_user_data_and_names(cloud: RunningHome, image: str) -> None:
    wanted = {
        **ZONE,
        "ImageId": image,
        "InstanceType": NANO,
        "InstanceCount": 2,
        "InstanceName": "db-{R:3}",
        "HostName": "db{R:7}",
        "DataDisks": [{"DiskSize": 10}, {"DiskSize": 20, "DiskType": "CLOUD_SSD"}],
        "UserData": "IyEvYmluL3NoCmVjaG8gZmlyc3QgYm9vdCBvZiAkKGhvc3RuYW1lKSA+IC9yb290L3dhcy1oZXJlCg==",
        "LoginSettings": {"Password": "Some-pass-1"},
    }
    idents = cloud.api("RunInstances", **wanted)["InstanceIdSet"]
    assert len(set(idents)) == 2
    assert [cloud.described(ident)["InstanceName"] for ident in idents] == ["db-3", "db-4"]
    hosts, machine_ids, host_keys = [], set(), set()
    for ident in idents:
        assert cloud.settled(cloud.operations(ident)[0])["state"] == "SUCCESS"
        cloud.wait_up(ident)
        seen = cloud.inside(
            ident,
            "cat /root/was-here /etc/machine-id /sys/class/block/vdb/size /sys/class/block/vdc/size",
            password="Some-pass-1",
        ).splitlines()
        hosts.append(seen[0].split()[-1])
        machine_ids.add(seen[1])
        host_keys.add(cloud.instance(ident)["host_key"])
        assert [int(size) * 512 for size in seen[2:]] == [10 * 2**30, 20 * 2**30]
    assert hosts == [cloud.instance(ident)["host_name"] for ident in idents] == ["db7", "db8"]
    assert len(machine_ids) == len(host_keys) == 2, "clones have their own"
    cloud.api("TerminateInstances", InstanceIds=idents)
    until(lambda: cloud.api("DescribeInstances", InstanceIds=idents)["TotalCount"] == 0)


def test_ten_in_one_batch(cloud: RunningHome, image: str) -> None:
    begun = time.monotonic()
    wanted = {"ImageId": image, "InstanceType": NANO, "InstanceCount": TEN, "InstanceName": "batch"}
    idents = cloud.api("RunInstances", **ZONE, **wanted)["InstanceIdSet"]
    answered = time.monotonic() - begun
    assert len(idents) == TEN
    for ident in idents:
        assert cloud.wait_up(ident, limit=180)[-1] == "LOGIN"
    up = time.monotonic() - begun
    assert len({cloud.instance(ident)["private_ip"] for ident in idents}) == TEN

    begun = time.monotonic()
    cloud.api("StopInstances", InstanceIds=idents)
    shown = [item["InstanceState"] for item in cloud.api("DescribeInstances", InstanceIds=idents)["InstanceSet"]]
    assert len(shown) == TEN and set(shown) <= {"STOPPING", "STOPPED"}
    ended = [cloud.settled(cloud.operations(ident)[0]) for ident in idents]
    off = time.monotonic() - begun
    assert {operation["evidence"]["stop"]["ending"] for operation in ended} == {"shut itself down"}
    assert not any(cloud.qemu(ident) for ident in idents)
    print(f"ten: answered in {answered:.2f} s, all up after {up:.1f} s, all off {off:.1f} s after the request")
    cloud.api("TerminateInstances", InstanceIds=idents)
    until(lambda: cloud.api("DescribeInstances")["TotalCount"] == 0)


def test_a_stop_with_one_bad_instance_changes_nothing(cloud: RunningHome) -> None:
    good, bad = cloud.launch("good", "bad", wait=False)
    cloud.do(bad["id"], "stop", stop_type="HARD")
    since = cloud.journal.position
    refused = cloud.refusal("StopInstances", InstanceIds=[good["id"], bad["id"]])
    assert refused == "UnsupportedOperation.InstanceStateStopped"
    assert cloud.instance(good["id"])["state"] == "RUNNING" and cloud.journal.states(good["id"], since) == []
    for ident in (good["id"], bad["id"]):
        cloud.do(ident, "terminate")


def test_too_big_for_this_host(cloud: RunningHome, image: str) -> None:
    before = left(cloud)
    code = cloud.refusal("RunInstances", **ZONE, ImageId=image, InstanceType="M5.4XLARGE128", InstanceCount=8)
    assert code.startswith("ResourceInsufficient")
    assert left(cloud) == before
    assert cloud.api("DescribeInstances")["TotalCount"] == 0


def left(cloud: RunningHome) -> dict[str, object]:
    """All that an instance could leave on the machine."""
    networks = cloud.virsh("net-list", "--name").split()
    return {
        "domains": cloud.virsh("list", "--all", "--name").split(),
        "leases": [
            line for name in networks for line in cloud.virsh("net-dumpxml", name).splitlines() if "<host" in line
        ],
        "addresses": cloud.in_lab("ip", "-4", "-o", "address", "show", "dev", "lo").split(),
        "rules": cloud.in_lab("nft", "list", "ruleset"),
        "files": sorted(path.name for path in cloud.home.instances.iterdir()),
        "sockets": sorted(path.name for path in cloud.home.runtime.glob("ins-*")),
    }


@contextmanager
def spoilt_image(cloud: RunningHome) -> Iterator[None]:
    """The home's copy of the image is no image any more."""
    (copy,) = cloud.home.images.glob("tiny-*.qcow2")
    kept = copy.rename(copy.with_suffix(".kept"))
    copy.write_text("no image")
    try:
        yield
    finally:
        kept.rename(copy)


@contextmanager
def no_tun(cloud: RunningHome) -> Iterator[None]:
    """QEMU cannot be given a network interface: its start fails, after all else is made."""
    cloud.in_lab("mount", "--bind", "/dev/null", "/dev/net/tun")
    try:
        yield
    finally:
        cloud.in_lab("umount", "/dev/net/tun")


def failed_launch(cloud: RunningHome, name: str) -> tuple[View, View]:
    reply = cloud.client.post(
        "/v1/instances", {"name": name, "type_name": NANO, "bandwidth_out": 5, "default_key": True}
    )
    operation = cloud.settled(reply["operations"][0])
    return cloud.instance(operation["instance_id"]), operation


@pytest.mark.parametrize(
    ("spoil", "step", "why"),
    [(spoilt_image, "clone", "qemu-img"), (no_tun, "start", "tap device")],
    ids=["image", "start"],
)
def test_a_launch_that_fails_leaves_nothing(cloud: RunningHome, spoil: object, step: str, why: str) -> None:
    before = left(cloud)
    with spoil(cloud):  # type: ignore[operator]
        failed, operation = failed_launch(cloud, f"fails-{step}")
    print(operation["error"])
    assert operation["state"] == "FAILED" and why in operation["error"]
    assert failed["state"] == "LAUNCH_FAILED" and failed["latest"]["error"] == operation["error"]
    assert left(cloud) == before
    shown = cloud.described(failed["id"])
    assert (shown["InstanceState"], shown["LatestOperationState"]) == ("LAUNCH_FAILED", "FAILED")
    assert shown["LatestOperationErrorMsg"]

    refused = cloud.refusal("TerminateInstances", InstanceIds=[failed["id"]])
    assert refused == "UnsupportedOperation.InstanceStateLaunchFailed"
    cloud.do(failed["id"], "terminate", force=True)
    assert cloud.refusal("StartInstances", InstanceIds=[failed["id"]]) == "InvalidInstanceId.NotFound"
    assert left(cloud) == before
    assert not Path(failed["disks"][0]["path"]).exists()


def test_its_address_is_free_again_and_stays_whoevers_has_it(cloud: RunningHome) -> None:
    """When its record goes, what it had is another's."""
    with no_tun(cloud):
        failed, _ = failed_launch(cloud, "fails-first")
    (again,) = cloud.launch("again", private_ips=[failed["private_ip"]])
    assert (again["private_ip"], again["mac"]) == (failed["private_ip"], failed["mac"])
    assert cloud.refusal("RunInstances", **asked_at(cloud, again)) == "VpcIpIsUsed"
    cloud.do(failed["id"], "terminate", force=True)
    network = cloud.virsh("net-dumpxml", again["subnet_id"])
    assert again["mac"] in network and again["host_name"] in network
    cloud.do(again["id"], "terminate")
    assert again["mac"] not in cloud.virsh("net-dumpxml", again["subnet_id"])


def asked_at(cloud: RunningHome, guest: View) -> View:
    place = {"VpcId": guest["vpc_id"], "SubnetId": guest["subnet_id"], "PrivateIpAddresses": [guest["private_ip"]]}
    zone = {"Zone": guest["zone"]}
    return {"Placement": zone, "ImageId": guest["image_id"], "InstanceType": NANO, "VirtualPrivateCloud": place}
