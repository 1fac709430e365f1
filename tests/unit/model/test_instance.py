"""What an instance and its disks say of themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from vmsim.model.disk import Disk, DiskUsage
from vmsim.model.instance import Instance, LatestOperation
from vmsim.model.lifecycle import InstanceState, OperationState, Verb
from vmsim.model.readiness import Rung

DISK = Disk("disk-1", "ins-1", "ap-tokyo", "ap-tokyo-1", 0, "CLOUD_PREMIUM", 1, "", True, "s", usage=DiskUsage.SYSTEM)
INSTANCE = Instance(
    id="ins-1",
    uuid="u",
    region="ap-tokyo",
    zone="ap-tokyo-1",
    name="web",
    host_name="web",
    type_name="LAB1.NANO128",
    image_id="img-1",
    state_reason="",
    charge_type="POSTPAID_BY_HOUR",
    mac="52:54:00:10:00:02",
    vpc_id="vpc-1",
    subnet_id="subnet-1",
    private_ip="172.16.0.2",
    internet_charge_type="",
    login_user="root",
    host_key="",
    user_data="",
    paused="",
    cpu=1,
    memory_mib=128,
    state=InstanceState.RUNNING,
    stop_charging=False,
    created=datetime(2026, 1, 1, tzinfo=timezone.utc),
    public_ip=None,
    bandwidth_out=0,
    security_group_ids=(),
    password=None,
    password_hash=None,
    key_ids=(),
    tags={},
    project_id=0,
    protected=False,
    latest=LatestOperation(),
    rung=Rung.LOGIN,
    disks=(DISK, *(replace(DISK, id=f"disk-{n}", position=n - 1, usage=DiskUsage.DATA) for n in (2, 3))),
)


def test_the_first_disk_is_the_systems() -> None:
    assert INSTANCE.system_disk is DISK and DISK.system
    assert [disk.id for disk in INSTANCE.data_disks] == ["disk-2", "disk-3"]
    assert [disk.target for disk in INSTANCE.disks] == ["vda", "vdb", "vdc"]
    assert [disk.system for disk in INSTANCE.disks] == [True, False, False]


@pytest.mark.parametrize("state", [None, *OperationState])
def test_operating_is_one_of_three_words(state: OperationState | None) -> None:
    latest = LatestOperation(Verb.STOP, state) if state else LatestOperation()
    assert replace(INSTANCE, latest=latest).operating is (state is OperationState.OPERATING)
