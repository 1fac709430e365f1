"""A prepaid instance: the recycle bin holds it with all it has, and terminating it there ends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import disks
from .homes import RunningHome, until

pytestmark = pytest.mark.guest


def test_terminated_twice(cloud: RunningHome) -> None:
    (made,) = cloud.launch(
        "paid", charge_type="PREPAID", prepaid_months=1, bandwidth_out=1, cores=1, threads_per_core=2,
        type_name="LAB2.NANO128",
    )  # fmt: skip
    ident = made["id"]
    assert cloud.inside(ident, "nproc") == "2"
    assert 'threads="2"' in cloud.virsh("dumpxml", ident).replace("'", '"')
    assert cloud.described(ident)["ExpiredTime"]

    cloud.api("TerminateInstances", InstanceIds=[ident])
    operation = cloud.settled(cloud.operations(ident)[0])
    assert (operation["verb"], operation["state"]) == ("isolate", "SUCCESS"), operation["error"]
    shown = cloud.described(ident)
    assert (shown["InstanceState"], shown["RestrictState"], shown["IsolatedSource"], shown["LatestOperation"]) == (
        "SHUTDOWN",
        "PROTECTIVELY_ISOLATED",
        "MANMADE",
        "TerminateInstances",
    )
    assert shown["PublicIpAddresses"] == [made["public_ip"]] and shown["PrivateIpAddresses"] == [made["private_ip"]]
    assert cloud.qemu(ident) is None
    assert all(Path(disk["path"]).exists() for disk in cloud.instance(ident)["disks"])
    assert cloud.refusal("StartInstances", InstanceIds=[ident]) == "UnsupportedOperation.InstanceStateShutdown"

    cloud.api("TerminateInstances", InstanceIds=[ident])
    until(lambda: cloud.api("DescribeInstances", InstanceIds=[ident])["TotalCount"] == 0)
    assert not cloud.home.instance(ident).exists()
    assert ident not in cloud.virsh("list", "--all", "--name")


@pytest.mark.parametrize("said", ["at first", "at last"])
def test_its_disks_are_released_with_it(cloud: RunningHome, said: str) -> None:
    """Those that would outlive it are in the recycle bin, whichever of the two terminations says so."""
    (made,) = cloud.launch(
        "released",
        charge_type="PREPAID",
        prepaid_months=1,
        data_disks=[{"size_gib": 10, "delete_with_instance": False}],
        wait=False,
    )
    ident = made["id"]
    (disk,) = cloud.described(ident)["DataDisks"]
    for moment in ("at first", "at last"):
        cloud.api("TerminateInstances", InstanceIds=[ident], ReleasePrepaidDataDisks=moment == said)
        operation = cloud.settled(cloud.operations(ident)[0])
        assert operation["state"] == "SUCCESS", operation["error"]
    left = disks.disk(cloud, disk["DiskId"])
    assert (left["DiskState"], left["InstanceId"], left["LastAttachInsId"]) == ("TORECYCLE", "", ident)
    disks.cbs(cloud, "TerminateDisks", DiskIds=[disk["DiskId"]])
    assert disks.described(cloud, disk["DiskId"]) == []
