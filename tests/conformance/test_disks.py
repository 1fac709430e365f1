"""The disk actions of CBS over a real store: what they answer, and what they refuse with which published code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from vmsim.api import spec
from vmsim.api.error_codes import COMMON
from vmsim.cloud.jobs import kinds
from vmsim.model.disk import DISK_ACTIONS, DISK_OPERATIONS, DiskState, DiskUsage, DiskVerb, Snapshot, SnapshotState
from vmsim.model.job import JobKind
from vmsim.model.lifecycle import InstanceState
from vmsim.store import disks, jobs, snapshots

from .wire import REGION, ZONE, Api

pytestmark = pytest.mark.tools
GONE = "disk-00000000"
LEAST = {
    "Placement": {"Zone": ZONE},
    "DiskChargeType": "POSTPAID_BY_HOUR",
    "DiskType": "CLOUD_PREMIUM",
    "DiskSize": 10,
}
PREPAID = {"DiskChargeType": "PREPAID", "DiskChargePrepaid": {"Period": 1}}


class Cbs:
    """Asks the service, and is the only worker."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.asked: list[str] = []
        api.cloud.enqueue = self.asked.append

    def ok(self, action: str, **params: Any) -> dict[str, Any]:
        return self.api.ok(action, params, service="cbs")

    def code(self, action: str, **params: Any) -> str:
        return self.api.code(action, params, service="cbs")

    def work(self) -> None:
        """Everything that was accepted is done."""
        asked, self.asked[:] = [one for one in self.asked if one.startswith("job-")], []
        for job_id in asked:
            kinds.perform(self.api.cloud, job_id)
            with self.api.cloud.store.reading() as connection:
                ended = jobs.one(connection, job_id)
            assert ended is not None and ended.error == "", ended

    def created(self, **more: Any) -> str:
        (ident,) = self.ok("CreateDisks", **{**LEAST, **more})["DiskIdSet"]
        self.work()
        return str(ident)

    def disk(self, ident: str) -> dict[str, Any]:
        (found,) = self.ok("DescribeDisks", DiskIds=[ident])["DiskSet"]
        return dict(found)

    def ids(self, **filters: str) -> list[str]:
        asked = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
        return [each["DiskId"] for each in self.ok("DescribeDisks", Filters=asked)["DiskSet"]]

    def put(self, ident: str, **fields: Any) -> None:
        with self.api.cloud.store.writing() as connection:
            disks.change(connection, ident, **fields)


@pytest.fixture
def cbs(api: Api) -> Iterator[Cbs]:
    yield Cbs(api)


def snapshot(cbs: Cbs, disk_id: str, size: int = 10, **more: Any) -> Snapshot:
    """A record with a file, as if one had been made."""
    cloud = cbs.api.cloud
    made = Snapshot(
        **{
            "id": f"snap-{disk_id[5:]}",
            "region": REGION,
            "zone": ZONE,
            "disk_id": disk_id,
            "disk_usage": DiskUsage.DATA,
            "size_gib": size,
            "name": "",
            "state": SnapshotState.NORMAL,
            "percent": 100,
            "created": cloud.clock.now(),
            "deadline": None,
            "path": str(cloud.home.root / f"{disk_id}.snapshot"),
            **more,
        }
    )
    with cloud.store.writing() as connection:
        snapshots.add(connection, made)
        disk = disks.one(connection, disk_id)
    assert disk is not None
    Path(made.path).write_bytes(Path(disk.path).read_bytes())
    return made


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


def test_attached_detached_and_terminated(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED)
    first, second = cbs.created(), cbs.created()
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=[first, second], DeleteWithInstance=True)
    assert cbs.disk(first)["DiskState"] == "ATTACHING"
    shown = cbs.api.ok("DescribeInstances", {"InstanceIds": [instance]})["InstanceSet"][0]
    assert shown["DataDisks"] == []
    cbs.work()
    found = cbs.disk(second)
    assert (found["DiskState"], found["InstanceId"], found["InstanceIdList"]) == ("ATTACHED", instance, [instance])
    assert found["DeleteWithInstance"] and found["Attached"] and found["InstanceType"] == "CVM"
    shown = cbs.api.ok("DescribeInstances", {"InstanceIds": [instance]})["InstanceSet"][0]
    assert [each["DiskId"] for each in shown["DataDisks"]] == [first, second]

    cbs.ok("DetachDisks", DiskIds=[first], InstanceId=instance)
    assert cbs.disk(first)["DiskState"] == "DETACHING"
    cbs.work()
    third = cbs.created()
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=[third])
    cbs.work()
    shown = cbs.api.ok("DescribeInstances", {"InstanceIds": [instance]})["InstanceSet"][0]
    assert [each["DiskId"] for each in shown["DataDisks"]] == [third, second], "the lowest free position"
    assert cbs.disk(first)["LastAttachInsId"] == instance
    cbs.ok("TerminateDisks", DiskIds=[first])
    cbs.work()
    assert cbs.code("TerminateDisks", DiskIds=[first]) == "ResourceNotFound"


def test_who_may_not_be_attached(cbs: Cbs) -> None:
    instance, other = cbs.api.launched(InstanceState.STOPPED), cbs.api.launched(InstanceState.STOPPED)
    system = cbs.ids(instance_id=instance, disk_usage="SYSTEM_DISK")[0]
    good, elsewhere, taken = cbs.created(), cbs.created(Placement={"Zone": "ap-guangzhou-4"}), cbs.created()
    cbs.ok("AttachDisks", InstanceId=other, DiskIds=[taken])
    cbs.work()
    wrong = {
        system: "ResourceUnavailable.TypeError",
        elsewhere: "ResourceUnavailable.ZoneNotMatch",
        taken: "ResourceUnavailable.Attached",
        GONE: "InvalidDiskId.NotFound",
        "disk-NO": "InvalidParameterValue",
    }
    for ident, code in wrong.items():
        assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[good, ident]) == code
        assert cbs.disk(good)["DiskState"] == "UNATTACHED", "all or nothing"
    assert cbs.code("AttachDisks", InstanceId="ins-00000000", DiskIds=[good]) == "InvalidInstanceId.NotFound"
    assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[good] * 11) == "InvalidParameterValue.LimitExceeded"
    assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[]) == "MissingParameter"
    assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[good], AttachMode="VF") == "UnsupportedOperation"


def test_who_may_not_be_detached(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED, DataDisks=[{"DiskSize": 10}])
    system = cbs.ids(instance_id=instance, disk_usage="SYSTEM_DISK")[0]
    bound = cbs.ids(instance_id=instance, disk_usage="DATA_DISK")[0]
    alone = cbs.created()
    assert cbs.code("DetachDisks", DiskIds=[system]) == "ResourceUnavailable.TypeError"
    assert cbs.code("DetachDisks", DiskIds=[bound]) == "ResourceUnavailable.NotPortable"
    assert cbs.code("DetachDisks", DiskIds=[alone]) == "ResourceUnavailable.NotSupported"
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=[alone])
    cbs.work()
    other = cbs.api.launched(InstanceState.STOPPED)
    assert cbs.code("DetachDisks", DiskIds=[alone], InstanceId=other) == "InvalidParameterValue"
    cbs.ok("ModifyDiskAttributes", DiskIds=[bound], Portable=True)
    cbs.ok("DetachDisks", DiskIds=[bound, alone])


def test_twenty_data_disks_are_the_most(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED, DataDisks=[{"DiskSize": 10}] * 19)
    made = [cbs.created(), cbs.created()]
    assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=made) == "LimitExceeded.InstanceAttachedDisk"
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=made[:1])


@pytest.mark.parametrize("state", sorted(InstanceState))
def test_each_state_of_the_instance(cbs: Cbs, state: InstanceState) -> None:
    """RUNNING and STOPPED are good for everything; the rest is refused with what is published."""
    instance = cbs.api.launched(InstanceState.STOPPED)
    first, second = cbs.created(), cbs.created()
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=[first])
    cbs.work()
    cbs.api.put(instance, state)
    good = state in (InstanceState.RUNNING, InstanceState.STOPPED)
    asked = (
        ("AttachDisks", {"InstanceId": instance, "DiskIds": [second]}),
        ("ResizeDisk", {"DiskId": first, "DiskSize": 20}),
        ("DetachDisks", {"DiskIds": [first]}),
    )
    for action, params in asked:
        cbs.put(first, state=DiskState.ATTACHED)
        code = cbs.code(action, **params)
        assert (code == "") == good, (action, code)
        assert not code or code in spec.error_list("cbs", action), (action, code)
    if state.transitional:
        assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[second]) == "ResourceBusy"


@pytest.mark.parametrize("verb", [verb for verb in DiskVerb if verb is not DiskVerb.ROLLBACK])
def test_each_state_of_the_disk(cbs: Cbs, verb: DiskVerb) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED)
    asked: dict[DiskVerb, dict[str, Any]] = {
        DiskVerb.ATTACH: {"InstanceId": instance},
        DiskVerb.RESIZE: {"DiskSize": 20},
    }
    for state in DiskState:
        ident = cbs.created()
        on = state in (DiskState.ATTACHED, DiskState.ATTACHING, DiskState.DETACHING)
        cbs.put(ident, state=state, instance_id=instance if on else "", position=1 if on else -1)
        named = {"DiskId": ident} if verb is DiskVerb.RESIZE else {"DiskIds": [ident]}
        code = cbs.code(DISK_ACTIONS[verb], **named, **asked.get(verb, {}))
        assert (code == "") == (state in DISK_OPERATIONS[verb].allowed), (state, code)
        assert not code or code in spec.error_list("cbs", DISK_ACTIONS[verb]) | COMMON
        cbs.put(ident, state=DiskState.UNATTACHED, instance_id="", position=-1)
        cbs.asked.clear()


def test_a_disk_only_grows_and_only_an_elastic_one(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED, DataDisks=[{"DiskSize": 10}])
    bound = cbs.ids(instance_id=instance, disk_usage="DATA_DISK")[0]
    ident = cbs.created()
    assert cbs.code("ResizeDisk", DiskId=bound, DiskSize=20) == "InvalidDisk.NotSupported"
    assert cbs.code("ResizeDisk", DiskId=ident, DiskSize=10) == "InvalidParameterValue"
    assert cbs.code("ResizeDisk", DiskId=ident, DiskSize=32001) == "InvalidParameterValue"
    assert cbs.code("ResizeDisk", DiskSize=20) == "MissingParameter"
    assert cbs.code("ResizeDisk", DiskId=GONE, DiskSize=20) == "InvalidDiskId.NotFound"
    cbs.ok("ResizeDisk", DiskId=ident, DiskSize=25)
    assert (cbs.disk(ident)["DiskState"], cbs.disk(ident)["DiskSize"]) == ("EXPANDING", 10)
    cbs.work()
    assert (cbs.disk(ident)["DiskState"], cbs.disk(ident)["DiskSize"]) == ("UNATTACHED", 25)
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=[ident])
    cbs.work()
    asked = {"InstanceId": instance, "DataDisks": [{"DiskId": ident, "DiskSize": 30}]}
    assert cbs.api.code("ResizeInstanceDisks", asked) == "UnsupportedOperation.InvalidDataDisk"


def test_a_snapshot_under_way_keeps_the_disk_as_it_is(cbs: Cbs) -> None:
    ident = cbs.created()
    snapshot(cbs, ident, state=SnapshotState.CREATING)
    instance = cbs.api.launched(InstanceState.STOPPED)
    assert cbs.code("ResizeDisk", DiskId=ident, DiskSize=20) == "ResourceUnavailable.SnapshotCreating"
    assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[ident]) == "ResourceBusy"
    assert cbs.code("TerminateDisks", DiskIds=[ident]) == "ResourceBusy"


@pytest.mark.parametrize(("at_creation", "asked"), [({}, {"DeleteSnapshot": 1}), ({"DeleteSnapshot": 1}, {})])
def test_snapshots_that_expire_can_go_with_their_disk(
    cbs: Cbs, at_creation: dict[str, int], asked: dict[str, int]
) -> None:
    ident = cbs.created(**at_creation)
    expires = cbs.api.cloud.clock.now() + timedelta(days=2)
    goes = snapshot(cbs, ident, deadline=expires)
    stays = snapshot(cbs, ident, id="snap-stays000", path=goes.path + "2")
    assert (cbs.disk(ident)["SnapshotCount"], cbs.disk(ident)["SnapshotSize"]) == (2, 20)
    cbs.ok("TerminateDisks", DiskIds=[ident], **asked)
    cbs.work()
    with cbs.api.cloud.store.reading() as connection:
        assert [one.id for one in snapshots.where(connection)] == [stays.id]
    assert not Path(goes.path).exists() and Path(stays.path).exists()


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
