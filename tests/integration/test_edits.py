"""Offline edits on real guests: refused while RUNNING, done on the disk when STOPPED, seen inside after the start."""

from __future__ import annotations

import time
from typing import Any

import pytest

from vmsim.host import ssh
from vmsim.model.errors import Refused

from .homes import NANO, RunningHome, View

pytestmark = pytest.mark.guest

OLD, NEW, LATER = "Old-pass-1", "New-pass-2", "Later-pass-3"
WELL_UNDER = 2.0
"""Seconds for an edit, on a machine that may have other work."""


@pytest.fixture(scope="module")
def guest(cloud: RunningHome) -> View:
    """With a password, a data disk and no key."""
    (made,) = cloud.launch("edited", password=OLD, data_disks=[{"size_gib": 10}])
    return made


@pytest.fixture(scope="module")
def keys(cloud: RunningHome) -> dict[str, ssh.KeyText]:
    """Two pairs by the ids the cloud gave them, in their order."""
    made = [ssh.generate_key(), ssh.generate_key()]
    return {
        cloud.api("ImportKeyPair", KeyName=f"key_{number}", ProjectId=0, PublicKey=key.public)["KeyId"]: key
        for number, key in enumerate(made)
    }


def edit(cloud: RunningHome, ident: str, action: str, **members: Any) -> None:
    """Through Tencent's API, waited for; it ends in the state it began in."""
    before = cloud.instance(ident)["state"]
    cloud.api(action, **members)
    operation = cloud.settled(cloud.operations(ident)[0])
    assert operation["state"] == "SUCCESS", operation["error"]
    after = cloud.described(ident)
    assert (after["InstanceState"], after["LatestOperation"], after["LatestOperationState"]) == (
        before,
        action,
        "SUCCESS",
    )


def timed(cloud: RunningHome, ident: str, action: str, **members: Any) -> None:
    begun = time.monotonic()
    edit(cloud, ident, action, **members)
    took = time.monotonic() - begun
    print(f"{action}: {took:.2f} s")
    assert took < WELL_UNDER


def gets_in(cloud: RunningHome, ident: str, **proof: str) -> bool:
    try:
        with cloud.shell(ident, **proof) as session:
            return session.run("true").exit == 0
    except Refused:
        return False


def edits(guest: View, keys: dict[str, ssh.KeyText]) -> dict[str, dict[str, Any]]:
    """Each edit's action and what it is asked with."""
    one = {"InstanceIds": [guest["id"]]}
    key = {"KeyIds": [next(iter(keys))]}
    return {
        "ResetInstancesType": {**one, "InstanceType": "LAB2.NANO256"},
        "ResizeInstanceDisks": {"InstanceId": guest["id"], "SystemDisk": {"DiskSize": 3}},
        "ResetInstancesPassword": {**one, "Password": NEW},
        "AssociateInstancesKeyPairs": {**one, **key},
        "DisassociateInstancesKeyPairs": {**one, **key},
    }


def test_refused_while_running(cloud: RunningHome, guest: View, keys: dict[str, ssh.KeyText]) -> None:
    for action, members in edits(guest, keys).items():
        assert cloud.refusal(action, **members) == "UnsupportedOperation.InstanceStateRunning", action
    assert cloud.described(guest["id"])["LatestOperation"] == "RunInstances"
    cloud.do(guest["id"], "stop")


def test_type_disks_and_password(cloud: RunningHome, guest: View) -> None:
    ident, (system, data) = guest["id"], guest["disks"]
    timed(cloud, ident, "ResetInstancesType", InstanceIds=[ident], InstanceType="LAB2.NANO256")
    timed(cloud, ident, "ResizeInstanceDisks", InstanceId=ident, SystemDisk={"DiskSize": system["size_gib"] + 3})
    timed(cloud, ident, "ResizeInstanceDisks", InstanceId=ident, DataDisks=[{"DiskId": data["id"], "DiskSize": 20}])
    timed(cloud, ident, "ResetInstancesPassword", InstanceIds=[ident], Password=NEW)
    assert cloud.qemu(ident) is None
    cloud.disk_is_whole(guest)

    cloud.do(ident, "start")
    cloud.wait_up(ident)
    assert not gets_in(cloud, ident, password=OLD)
    seen = cloud.inside(
        ident,
        "nproc; grep MemTotal /proc/meminfo | tr -dc '0-9\\n'; cat /sys/class/block/vda/size /sys/class/block/vdb/size;"
        " df -k / | awk 'END {print $2}'",
        password=NEW,
    )
    cpus, memory, system_sectors, data_sectors, root_kib = map(int, seen.split())
    assert cpus == 2 and 180_000 < memory < 262_144
    assert system_sectors * 512 == (system["size_gib"] + 3) * 2**30
    assert data_sectors * 512 == 20 * 2**30
    assert root_kib > (system["size_gib"] + 2.5) * 2**20, "the file system inside grew with the disk"


def test_keys_replace_each_other_and_passwords(cloud: RunningHome, guest: View, keys: dict[str, ssh.KeyText]) -> None:
    ident, (first, second) = guest["id"], keys
    cloud.do(ident, "stop")
    timed(cloud, ident, "AssociateInstancesKeyPairs", InstanceIds=[ident], KeyIds=[first])
    cloud.do(ident, "start")
    cloud.wait_up(ident)
    assert gets_in(cloud, ident, key=keys[first].private)
    assert not gets_in(cloud, ident, password=NEW), "password login is off while a key is bound"

    cloud.do(ident, "stop")
    edit(cloud, ident, "DisassociateInstancesKeyPairs", InstanceIds=[ident], KeyIds=[first])
    edit(cloud, ident, "AssociateInstancesKeyPairs", InstanceIds=[ident], KeyIds=[second])
    cloud.do(ident, "start")
    cloud.wait_up(ident)
    assert not gets_in(cloud, ident, key=keys[first].private), "the key bound before stops working"
    assert gets_in(cloud, ident, key=keys[second].private)

    cloud.do(ident, "stop")
    timed(cloud, ident, "DisassociateInstancesKeyPairs", InstanceIds=[ident], KeyIds=[second])
    cloud.do(ident, "start")
    cloud.wait_up(ident)
    assert not gets_in(cloud, ident, key=keys[second].private)
    assert gets_in(cloud, ident, password=NEW), "and password login comes back"


def test_forced_edits_end_running(cloud: RunningHome, guest: View, keys: dict[str, ssh.KeyText]) -> None:
    """Each passes visibly through a stop and a start, without waiting for the guest in between."""
    ident, (key, _) = guest["id"], keys
    size = cloud.instance(ident)["disks"][0]["size_gib"] + 1
    wanted: list[tuple[str, dict[str, Any]]] = [
        ("ResetInstancesType", {"InstanceIds": [ident], "InstanceType": NANO, "ForceStop": True}),
        ("ResizeInstanceDisks", {"InstanceId": ident, "SystemDisk": {"DiskSize": size}, "ForceStop": True}),
        ("AssociateInstancesKeyPairs", {"InstanceIds": [ident], "KeyIds": [key], "ForceStop": True}),
        ("DisassociateInstancesKeyPairs", {"InstanceIds": [ident], "KeyIds": [key], "ForceStop": True}),
        ("ResetInstancesPassword", {"InstanceIds": [ident], "Password": LATER, "ForceStop": True}),
    ]
    for action, members in wanted:
        since, begun = cloud.journal.position, time.monotonic()
        edit(cloud, ident, action, **members)
        print(f"{action} with ForceStop: {time.monotonic() - begun:.1f} s")
        cloud.journal.wait(ident, "state", "RUNNING", since)
        assert cloud.journal.states(ident, since) == ["STOPPING", "STOPPED", "STARTING", "RUNNING"], action
    cloud.wait_up(ident)
    assert not gets_in(cloud, ident, password=NEW)
    seen = cloud.inside(ident, "nproc; cat /sys/class/block/vda/size", password=LATER)
    assert seen.split() == ["1", str(size * 2**21)]
    assert cloud.instance(ident)["key_ids"] == []
