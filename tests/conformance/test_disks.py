"""CreateDisks, DescribeDisks and ModifyDiskAttributes over a real store: answers, and refusals with published codes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from vmsim.cloud.jobs import kinds
from vmsim.model.disk import DiskUsage
from vmsim.model.job import JobKind
from vmsim.model.lifecycle import InstanceState

from .cbs import GONE, LEAST, PREPAID, Cbs, snapshot
from .wire import ZONE

pytestmark = pytest.mark.tools


def test_a_disk_can_be_described_when_its_file_is_there(cbs: Cbs) -> None:
    (ident,) = cbs.ok("CreateDisks", **LEAST, DiskName="data", Tags=[{"Key": "a", "Value": "b"}])["DiskIdSet"]
    assert cbs.ok("DescribeDisks", DiskIds=[ident])["DiskSet"] == []
    assert cbs.code("TerminateDisks", DiskIds=[ident]) == "ResourceBusy"
    cbs.work()
    found = cbs.disk(ident)
    assert (found["DiskName"], found["DiskSize"], found["Portable"]) == ("data", 10, True)
    assert (found["DiskState"], found["InstanceId"], found["Attached"]) == ("UNATTACHED", "", False)
    assert (found["Tags"], found["DifferDaysOfDeadline"]) == ([{"Key": "a", "Value": "b"}], None)
    created = datetime.strptime(found["CreateTime"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone(timedelta(hours=8)))
    assert abs((datetime.now(timezone.utc) - created).total_seconds()) < 60
    assert (cbs.api.cloud.home.disks / f"{ident}.qcow2").exists()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"DiskSize": 9}, "InvalidParameterValue"),
        ({"DiskSize": 32001}, "InvalidParameterValue"),
        ({"DiskType": "CLOUD_SSD", "DiskSize": 10}, "InvalidParameterValue"),
        ({"DiskType": "FLOPPY"}, "InvalidParameterValue"),
        ({"DiskSize": None}, "MissingParameter"),
        ({"DiskCount": 51}, "InvalidParameterValue.LimitExceeded"),
        ({"DiskCount": 0}, "InvalidParameterValue.LimitExceeded"),
        ({"DiskName": "x" * 61}, "InvalidParameterValue"),
        ({"DiskName": "disk-00000000"}, "InvalidParameterValue"),
        ({"Placement": {"Zone": "ap-nowhere-1"}}, "InvalidParameterValue"),
        ({"SnapshotId": "snap-00000000"}, "InvalidSnapshotId.NotFound"),
        ({"SnapshotId": "snap-NO"}, "InvalidParameterValue"),
        ({"DiskChargeType": "PREPAID"}, "MissingParameter"),
        ({"DiskChargeType": "PREPAID", "DiskChargePrepaid": {"Period": 37}}, "InvalidParameterValue"),
        ({"DiskChargeType": "PREPAID", "DiskChargePrepaid": {"Period": 1, "RenewFlag": "X"}}, "InvalidParameterValue"),
        ({"DiskChargeType": "CDCPAID"}, "UnsupportedOperation"),
        ({"DiskChargeType": "FREE"}, "InvalidParameterValue"),
        ({"ClientToken": "a" * 65}, "InvalidParameter.InvalidClientToken"),
        ({"Encrypt": "ENCRYPT"}, "UnsupportedOperation"),
        ({"KmsKeyId": "key"}, "UnsupportedOperation"),
        ({"Shareable": True}, "UnsupportedOperation"),
        ({"DiskBackupQuota": 1}, "UnsupportedOperation"),
        ({"ThroughputPerformance": 1}, "UnsupportedOperation"),
        ({"AutoMountConfiguration": {"InstanceId": ["ins-00000000"]}}, "UnsupportedOperation"),
    ],
)
def test_what_cannot_be_made(cbs: Cbs, more: dict[str, Any], code: str) -> None:
    assert cbs.code("CreateDisks", **{**LEAST, **more}) == code
    assert cbs.asked == []


def test_a_client_token_gets_the_same_answer(cbs: Cbs) -> None:
    first = cbs.ok("CreateDisks", **LEAST, DiskCount=2, ClientToken="once")["DiskIdSet"]
    assert cbs.ok("CreateDisks", **LEAST, DiskCount=2, ClientToken="once")["DiskIdSet"] == first
    assert len(first) == 2 and len(cbs.asked) == 2
    assert cbs.code("CreateDisks", **LEAST, ClientToken="once") == "InvalidParameter.InvalidClientToken"


def test_a_copy_of_a_snapshot(cbs: Cbs) -> None:
    made = snapshot(cbs, cbs.created(DiskSize=20), 20)
    assert cbs.code("CreateDisks", **LEAST, SnapshotId=made.id) == "InvalidParameterValue"
    copy = cbs.created(DiskSize=None, SnapshotId=made.id)
    assert cbs.disk(copy)["DiskSize"] == 20
    assert cbs.disk(cbs.created(DiskSize=30, SnapshotId=made.id))["DiskSize"] == 30


def test_a_snapshot_of_a_system_disk_becomes_no_data_disk(cbs: Cbs) -> None:
    made = snapshot(cbs, cbs.created(), disk_usage=DiskUsage.SYSTEM)
    assert cbs.code("CreateDisks", **LEAST, SnapshotId=made.id) == "InvalidParameterValue"


def test_a_prepaid_disk_goes_through_the_recycle_bin(cbs: Cbs) -> None:
    ident = cbs.created(**PREPAID)
    found = cbs.disk(ident)
    assert (found["RenewFlag"], found["IsReturnable"]) == ("NOTIFY_AND_MANUAL_RENEW", True)
    assert found["DifferDaysOfDeadline"] in (27, 28, 29, 30)
    cbs.ok("TerminateDisks", DiskIds=[ident])
    assert cbs.disk(ident)["DiskState"] == "TORECYCLE"
    assert cbs.code("AttachDisks", InstanceId=cbs.api.launched(InstanceState.STOPPED), DiskIds=[ident]) == (
        "ResourceUnavailable.NotSupported"
    )
    cbs.ok("TerminateDisks", DiskIds=[ident])
    assert cbs.ok("DescribeDisks", DiskIds=[ident])["DiskSet"] == []
    cbs.work()
    assert list(cbs.api.cloud.home.disks.iterdir()) == []


def test_attributes_of_all_or_of_none(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED, DataDisks=[{"DiskSize": 10}])
    system = cbs.ids(instance_id=instance, disk_usage="SYSTEM_DISK")[0]
    bound = cbs.ids(instance_id=instance, disk_usage="DATA_DISK")[0]
    ident = cbs.created()
    cbs.ok("ModifyDiskAttributes", DiskIds=[ident, bound], DiskName="new", DeleteWithInstance=True)
    assert (cbs.disk(ident)["DiskName"], cbs.disk(bound)["DeleteWithInstance"]) == ("new", True)
    cbs.ok("ModifyDiskAttributes", DiskIds=[ident], ProjectId=7)
    assert cbs.disk(ident)["Placement"]["ProjectId"] == 7
    refused = (
        ({"DiskIds": [ident, system], "Portable": True}, "InvalidDisk.NotSupported"),
        ({"DiskIds": [system], "DeleteWithInstance": False}, "InvalidDisk.NotSupported"),
        ({"DiskIds": [bound], "ProjectId": 1}, "InvalidDisk.NotSupported"),
        ({"DiskIds": [ident], "Portable": False}, "InvalidParameterValue"),
        ({"DiskIds": [ident], "DiskType": "CLOUD_SSD"}, "UnsupportedOperation"),
        ({"DiskIds": [ident], "BurstPerformanceOperation": "CREATE"}, "UnsupportedOperation"),
        ({"DiskIds": [ident, GONE], "DiskName": "no"}, "InvalidDiskId.NotFound"),
        ({"DiskIds": [ident]}, "MissingParameter"),
        ({"DiskIds": [], "DiskName": "no"}, "MissingParameter"),
    )
    for params, code in refused:
        assert cbs.code("ModifyDiskAttributes", **params) == code, params
    assert cbs.disk(ident)["DiskName"] == "new"


def test_each_filter_finds_what_it_names(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED, InstanceName="web")
    address = cbs.api.ok("DescribeInstances", {"InstanceIds": [instance]})["InstanceSet"][0]["PrivateIpAddresses"][0]
    (system,) = cbs.ids(instance_id=instance)
    tags = [{"Key": "team", "Value": "red"}]
    ident = cbs.created(DiskName="data", DiskType="CLOUD_SSD", DiskSize=20, Tags=tags, **PREPAID)
    mine = {
        "disk_usage": "DATA_DISK",
        "disk_charge_type": "PREPAID",
        "portable": "TRUE",
        "disk_id": ident,
        "disk_name": "data",
        "disk_type": "CLOUD_SSD",
        "disk_state": "UNATTACHED",
        "tag_key": "team",
        "tag_value": "red",
        "tag:team": "red",
    }
    for name, value in mine.items():
        assert cbs.ids(**{name: value}) == [ident], name
    for name, value in (("instance_ip_address", address), ("instance_name", "web"), ("portable", "FALSE")):
        assert cbs.ids(**{name: value}) == [system], name
    for name, value in (("project_id", "0"), ("zone", ZONE)):
        assert cbs.ids(**{name: value}) == [ident, system], name
    assert cbs.ids(dedicated_cluster_id="x") == []
    assert cbs.code("DescribeDisks", Filters=[{"Name": "colour", "Values": ["red"]}]) == "InvalidFilter"
    assert cbs.code("DescribeDisks", Filters=[{"Name": "portable", "Values": ["maybe"]}]) == "InvalidParameterValue"
    both = {"DiskIds": [ident], "Filters": [{"Name": "zone", "Values": [ZONE]}]}
    assert cbs.code("DescribeDisks", **both) == "InvalidParameterValue"


def test_pages_in_the_order_that_is_asked_for(cbs: Cbs) -> None:
    made = [cbs.created() for _ in range(3)]
    page = cbs.ok("DescribeDisks", Offset=1, Limit=1)
    assert (page["TotalCount"], [each["DiskId"] for each in page["DiskSet"]]) == (3, [made[1]])
    ascending = cbs.ok("DescribeDisks", Order="ASC")["DiskSet"]
    assert [each["DiskId"] for each in ascending] == made
    paid = cbs.created(**PREPAID)
    assert cbs.ok("DescribeDisks", OrderField="DEADLINE", Order="DESC")["DiskSet"][0]["DiskId"] == paid
    for wrong in ({"Limit": 0}, {"Limit": 101}, {"Offset": -1}, {"Order": "UP"}, {"OrderField": "SIZE"}):
        assert cbs.code("DescribeDisks", **wrong) == "InvalidParameterValue", wrong


def test_other_regions_have_their_own(cbs: Cbs) -> None:
    ident = cbs.created()
    api = cbs.api
    assert api.ok("DescribeDisks", {"DiskIds": [ident]}, service="cbs", region="ap-tokyo")["TotalCount"] == 0
    code = api.code("DetachDisks", {"DiskIds": [ident]}, service="cbs", region="ap-tokyo")
    assert code == "InvalidDiskId.NotFound"


def test_a_launch_with_disks_that_outlive_it(cbs: Cbs) -> None:
    made = snapshot(cbs, cbs.created())
    rows = [{"DiskSize": 10, "DeleteWithInstance": False}, {"DiskSize": 10, "SnapshotId": made.id}, {"DiskSize": 10}]
    instance = cbs.api.launched(InstanceState.STOPPED, DataDisks=rows)
    shown = cbs.api.ok("DescribeInstances", {"InstanceIds": [instance]})["InstanceSet"][0]["DataDisks"]
    assert [each["DeleteWithInstance"] for each in shown] == [False, True, True]
    assert [each["SnapshotId"] for each in shown] == ["", made.id, ""]
    assert [cbs.disk(each["DiskId"])["Portable"] for each in shown] == [True, False, False]


def test_a_launch_from_a_snapshot_that_cannot_be(cbs: Cbs) -> None:
    large = snapshot(cbs, cbs.created(DiskSize=20), 20)
    wrong = {
        "snap-00000000": "InvalidParameter.SnapshotNotFound",
        "snap-NO": "InvalidParameterValue.SnapshotIdMalformed",
        large.id: "FailedOperation.SnapshotSizeLargerThanDataSize",
    }
    least = {"Placement": {"Zone": ZONE}, "ImageId": "img-00000000", "InstanceType": "LAB1.NANO128"}
    least["ImageId"] = cbs.api.ok("DescribeImages")["ImageSet"][0]["ImageId"]
    for ident, code in wrong.items():
        assert cbs.api.code("RunInstances", {**least, "DataDisks": [{"DiskSize": 10, "SnapshotId": ident}]}) == code


def test_the_kinds_of_work_are_all_there() -> None:
    mine = {JobKind.CREATE_DISK, JobKind.ATTACH_DISK, JobKind.DETACH_DISK, JobKind.RESIZE_DISK, JobKind.DELETE_DISK}
    assert mine <= set(kinds.KINDS)
