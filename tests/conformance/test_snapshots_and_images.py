"""Snapshots and images on the wire, over a real store: nothing is worked on, so what was asked stays under way."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from vmsim.host import qcow2
from vmsim.model.disk import DiskState, Snapshot, SnapshotState
from vmsim.model.image import ImageState
from vmsim.model.instance import LatestOperation
from vmsim.model.lifecycle import InstanceState, OperationState, Verb
from vmsim.store import disks, images, instances, snapshots

from .wire import Api, signed_request

NO_DISK, NO_SNAPSHOT, NO_IMAGE = "disk-00000000", "snap-00000000", "img-00000000"
IMPORT = {"Architecture": "x86_64", "OsType": "Debian", "OsVersion": "12", "ImageName": "mine"}


def cbs(api: Api, action: str, **params: Any) -> dict[str, Any]:
    return api.send(signed_request(action, params, service="cbs", host="cbs.tencentcloudapi.com"))


def ok(api: Api, action: str, **params: Any) -> dict[str, Any]:
    found = cbs(api, action, **params)
    assert "Error" not in found, found
    return found


def code(api: Api, action: str, **params: Any) -> str:
    found: str = cbs(api, action, **params).get("Error", {}).get("Code", "")
    return found


@pytest.fixture
def ident(api: Api) -> str:
    return api.launched(InstanceState.STOPPED, DataDisks=[{"DiskSize": 20}])


def disk_of(api: Api, ident: str, position: int = 0) -> str:
    with api.cloud.store.reading() as connection:
        return disks.of_instances(connection, [ident])[ident][position].id


def made(api: Api, disk_id: str, **params: Any) -> Snapshot:
    """A snapshot whose work has ended."""
    ident = ok(api, "CreateSnapshot", DiskId=disk_id, **params)["SnapshotId"]
    return put(api, ident, state=SnapshotState.NORMAL, percent=100)


def put(api: Api, ident: str, **fields: Any) -> Snapshot:
    with api.cloud.store.writing() as connection:
        snapshots.change(connection, ident, **fields)
        found = snapshots.one(connection, ident)
    assert found is not None
    return found


def image_put(api: Api, ident: str, **fields: Any) -> None:
    with api.cloud.store.writing() as connection:
        images.change(connection, ident, **fields)


def test_a_snapshot_is_creating_until_it_is_made(api: Api, ident: str) -> None:
    disk = disk_of(api, ident)
    asked = {"SnapshotName": "one", "Tags": [{"Key": "a", "Value": "b"}]}
    new = ok(api, "CreateSnapshot", DiskId=disk, **asked)["SnapshotId"]
    (shown,) = ok(api, "DescribeSnapshots", SnapshotIds=[new])["SnapshotSet"]
    assert (shown["SnapshotState"], shown["Percent"], shown["SnapshotName"]) == ("CREATING", 0, "one")
    assert (shown["DiskId"], shown["DiskUsage"], shown["IsPermanent"]) == (disk, "SYSTEM_DISK", True)
    assert shown["Tags"] == [{"Key": "a", "Value": "b"}]
    assert code(api, "CreateSnapshot", DiskId=disk) == "ResourceUnavailable.SnapshotCreating"
    assert code(api, "DeleteSnapshots", SnapshotIds=[new]) == "ResourceUnavailable.SnapshotCreating"
    assert code(api, "ApplySnapshot", SnapshotId=new, DiskId=disk) == "ResourceUnavailable.SnapshotCreating"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"DiskId": NO_DISK}, "InvalidDiskId.NotFound"),
        ({"DiskId": "disk-X"}, "InvalidParameterValue"),
        ({"LocalSnap": True}, "UnsupportedOperation"),
        ({"SnapshotName": "x" * 61}, "InvalidParameterValue"),
        ({"Deadline": "tomorrow"}, "InvalidParameterValue"),
        ({"Deadline": "2001-01-01T00:00:00+00:00"}, "InvalidParameterValue"),
    ],
)
def test_a_snapshot_asked_for_wrongly(api: Api, ident: str, params: dict[str, Any], expected: str) -> None:
    assert code(api, "CreateSnapshot", **{"DiskId": disk_of(api, ident), **params}) == expected


def test_a_snapshot_with_a_deadline(api: Api, ident: str) -> None:
    when = datetime.now(timezone.utc) + timedelta(days=2)
    found = made(api, disk_of(api, ident), Deadline=when.isoformat(timespec="seconds"))
    assert found.deadline is not None and abs(found.deadline - when) < timedelta(seconds=1)
    (shown,) = ok(api, "DescribeSnapshots", SnapshotIds=[found.id])["SnapshotSet"]
    assert not shown["IsPermanent"]


@pytest.mark.parametrize("state", [InstanceState.PENDING, InstanceState.TERMINATING])
def test_a_disk_that_is_coming_or_going(api: Api, ident: str, state: InstanceState) -> None:
    api.put(ident, state)
    assert code(api, "CreateSnapshot", DiskId=disk_of(api, ident)) == "InvalidDisk.Busy"


def test_filters_and_pages(api: Api, ident: str) -> None:
    first, second = made(api, disk_of(api, ident)), made(api, disk_of(api, ident, 1), SnapshotName="two")
    for name, value, expected in (
        ("snapshot-id", first.id, {first.id}),
        ("snapshot-name", "two", {second.id}),
        ("snapshot-state", "NORMAL", {first.id, second.id}),
        ("disk-usage", "DATA_DISK", {second.id}),
        ("disk-id", first.disk_id, {first.id}),
        ("project-id", "7", set()),
        ("zone", first.zone, {first.id, second.id}),
        ("encrypt", "TRUE", set()),
        ("snapshot-type", "PRIVATE_SNAPSHOT", {first.id, second.id}),
        ("tag-key", "a", set()),
    ):
        found = ok(api, "DescribeSnapshots", Filters=[{"Name": name, "Values": [value]}])
        assert {one["SnapshotId"] for one in found["SnapshotSet"]} == expected, name
        assert found["TotalCount"] == len(expected)
    oldest = ok(api, "DescribeSnapshots", Order="ASC", OrderField="CREATE_TIME", Limit=1)
    assert (oldest["TotalCount"], oldest["SnapshotSet"][0]["SnapshotId"]) == (2, first.id)
    assert ok(api, "DescribeSnapshots", SnapshotIds=[NO_SNAPSHOT])["TotalCount"] == 0
    assert code(api, "DescribeSnapshots", Filters=[{"Name": "no", "Values": ["1"]}]) == "InvalidFilter"
    assert code(api, "DescribeSnapshots", Order="UP") == "InvalidParameterValue"
    both = {"SnapshotIds": [first.id], "Filters": [{"Name": "zone", "Values": ["x"]}]}
    assert code(api, "DescribeSnapshots", **both) == "InvalidParameterValue"


def test_a_rollback_shows_on_disk_and_snapshot(api: Api, ident: str) -> None:
    disk, snapshot = disk_of(api, ident), made(api, disk_of(api, ident))
    ok(api, "ApplySnapshot", SnapshotId=snapshot.id, DiskId=disk)
    (shown,) = ok(api, "DescribeSnapshots", SnapshotIds=[snapshot.id])["SnapshotSet"]
    assert shown["SnapshotState"] == "ROLLBACKING"
    with api.cloud.store.reading() as connection:
        found = disks.one(connection, disk)
    assert found is not None and found.state is DiskState.ROLLBACKING
    again = {"SnapshotId": snapshot.id, "DiskId": disk}
    assert code(api, "ApplySnapshot", **again) == "ResourceInUse.DiskRollbacking"
    assert code(api, "CreateSnapshot", DiskId=disk) == "ResourceInUse.DiskRollbacking"
    assert code(api, "DeleteSnapshots", SnapshotIds=[snapshot.id]) == "ResourceBusy"
    assert api.code("CreateImage", {"InstanceId": ident, "ImageName": "x"}) == "ResourceInUse.DiskRollbacking"


def test_when_a_rollback_is_refused(api: Api, ident: str) -> None:
    disk, snapshot = disk_of(api, ident), made(api, disk_of(api, ident))
    asked = {"SnapshotId": snapshot.id, "DiskId": disk}
    assert code(api, "ApplySnapshot", **{**asked, "SnapshotId": NO_SNAPSHOT}) == "InvalidSnapshotId.NotFound"
    assert code(api, "ApplySnapshot", **{**asked, "DiskId": NO_DISK}) == "InvalidDiskId.NotFound"
    assert code(api, "ApplySnapshot", **{**asked, "DiskId": disk_of(api, ident, 1)}) == "InvalidSnapshot.NotSupported"
    assert code(api, "ApplySnapshot", **asked, AutoStartInstance=True) == "InvalidParameterValue"
    api.put(ident, InstanceState.RUNNING)
    assert code(api, "ApplySnapshot", **asked) == "ResourceUnavailable.NotSupported"
    with api.cloud.store.writing() as connection:
        instances.change(connection, ident, latest=LatestOperation(Verb.RESET_TYPE, OperationState.OPERATING))
    assert code(api, "ApplySnapshot", **asked, AutoStopInstance=True) == "ResourceBusy"
    api.put(ident, InstanceState.RUNNING)
    ok(api, "ApplySnapshot", **asked, AutoStopInstance=True)
    (shown,) = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"]
    assert (shown["LatestOperation"], shown["LatestOperationState"]) == ("ApplySnapshot", "OPERATING")


def test_an_elastic_disk_is_detached_first(api: Api, ident: str) -> None:
    disk = disk_of(api, ident, 1)
    snapshot = made(api, disk)
    with api.cloud.store.writing() as connection:
        disks.change(connection, disk, portable=True)
    asked = {"SnapshotId": snapshot.id, "DiskId": disk}
    assert code(api, "ApplySnapshot", **asked) == "ResourceUnavailable.NotSupported"
    with api.cloud.store.writing() as connection:
        disks.change(connection, disk, instance_id="", state=DiskState.UNATTACHED)
    ok(api, "ApplySnapshot", **asked)


def test_snapshots_are_deleted_all_or_none(api: Api, ident: str) -> None:
    first, second = made(api, disk_of(api, ident)), made(api, disk_of(api, ident, 1))
    assert code(api, "DeleteSnapshots", SnapshotIds=[first.id, NO_SNAPSHOT]) == "InvalidSnapshotId.NotFound"
    assert ok(api, "DescribeSnapshots")["TotalCount"] == 2
    image = api.ok("CreateImage", {"ImageName": "bound", "SnapshotIds": [second.id, first.id]})["ImageId"]
    bound = "UnsupportedOperation.SnapshotHasBindedImage"
    assert code(api, "DeleteSnapshots", SnapshotIds=[second.id]) == bound
    (shown,) = ok(api, "DescribeSnapshots", SnapshotIds=[first.id])["SnapshotSet"]
    assert (shown["ImageCount"], shown["Images"]) == (1, [{"ImageId": image, "ImageName": "bound"}])
    both = {"SnapshotIds": [first.id, second.id], "DeleteBindImages": True}
    assert code(api, "DeleteSnapshots", **both) == "ResourceBusy"
    image_put(api, image, state=ImageState.NORMAL)
    ok(api, "DeleteSnapshots", **both)
    assert ok(api, "DescribeSnapshots")["TotalCount"] == 0
    assert api.ok("DescribeImages", {"ImageIds": [image]})["TotalCount"] == 0


def test_an_image_is_an_operation_of_its_instance(api: Api, ident: str) -> None:
    data = disk_of(api, ident, 1)
    tags = [{"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}]
    asked = {"InstanceId": ident, "ImageName": "golden", "DataDiskIds": [data], "TagSpecification": tags}
    image = api.ok("CreateImage", asked)["ImageId"]
    (shown,) = api.ok("DescribeImages", {"ImageIds": [image]})["ImageSet"]
    assert (shown["ImageState"], shown["ImageType"], shown["ImageSource"]) == (
        "CREATING",
        "PRIVATE_IMAGE",
        "CREATE_IMAGE",
    )
    assert [one["DiskUsage"] for one in shown["SnapshotSet"]] == ["SYSTEM_DISK", "DATA_DISK"]
    (instance,) = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"]
    assert (instance["InstanceState"], instance["LatestOperation"]) == ("STOPPED", "CreateImage")
    busy = "OperationDenied.InstanceOperationInProgress"
    assert api.code("CreateImage", {**asked, "ImageName": "another"}) == busy
    assert api.code("DeleteImages", {"ImageIds": [image]}) == "InvalidImageId.IncorrectState"
    elsewhere = api.ok("DescribeImages", region="ap-shanghai")["ImageSet"]
    assert [one["ImageType"] for one in elsewhere] == ["PUBLIC_IMAGE"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"ImageName": ""}, "MissingParameter"),
        ({"ImageName": "x" * 61}, "InvalidParameterValue.TooLarge"),
        ({"ImageDescription": "x" * 257}, "InvalidParameterValue.TooLarge"),
        ({"ImageName": "test"}, "InvalidImageName.Duplicate"),
        ({"ImageFamily": "x" * 129}, "InvalidParameterValue.InvalidImageFamily"),
        ({"Sysprep": "true"}, "UnsupportedOperation"),
        ({"ForcePoweroff": "maybe"}, "InvalidParameterValue"),
        ({"DataDiskIds": [NO_DISK]}, "InvalidParameter.DataDiskNotBelongSpecifiedInstance"),
        ({"InstanceId": "ins-00000000"}, "InvalidInstanceId.NotFound"),
        ({"SnapshotIds": [NO_SNAPSHOT]}, "InvalidParameter.SpecifyOneParameter"),
        ({"DryRun": True}, "DryRunOperation"),
    ],
)
def test_an_image_asked_for_wrongly(api: Api, ident: str, params: dict[str, Any], expected: str) -> None:
    assert api.code("CreateImage", {"InstanceId": ident, "ImageName": "mine", **params}) == expected
    assert [one["ImageName"] for one in api.ok("DescribeImages")["ImageSet"]] == ["test"]
    assert ok(api, "DescribeSnapshots")["TotalCount"] == 0


def test_the_system_disk_is_no_data_disk(api: Api, ident: str) -> None:
    asked = {"InstanceId": ident, "ImageName": "mine", "DataDiskIds": [disk_of(api, ident)]}
    assert api.code("CreateImage", asked) == "InvalidParameter.DataDiskIdContainsRootDisk"


def test_an_image_of_snapshots_needs_one_of_a_system_disk(api: Api, ident: str) -> None:
    system, data = made(api, disk_of(api, ident)), made(api, disk_of(api, ident, 1))
    other = made(api, disk_of(api, api.launched(InstanceState.STOPPED)))

    def refusal(*ids: str, **more: Any) -> str:
        return api.code("CreateImage", {"ImageName": "mine", "SnapshotIds": list(ids), **more})

    assert refusal(data.id) == "InvalidParameter.SystemSnapshotNotFound"
    assert refusal(system.id, other.id) == "InvalidParameter.DuplicateSystemSnapshots"
    assert refusal(NO_SNAPSHOT) == "InvalidParameter.SnapshotNotFound"
    assert refusal(system.id, DataDiskIds=[data.disk_id]) == "InvalidParameter.InvalidDependence"
    assert refusal() == "InvalidParameter.SpecifyOneParameter"
    put(api, system.id, state=SnapshotState.CREATING)
    assert refusal(system.id) == "ResourceUnavailable.SnapshotCreating"


def test_images_are_filtered_and_launched_from_when_they_are_made(api: Api, ident: str) -> None:
    tags = [{"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}]
    asked = {"InstanceId": ident, "ImageName": "golden", "TagSpecification": tags}
    image = api.ok("CreateImage", {**asked, "DataDiskIds": [disk_of(api, ident, 1)]})["ImageId"]
    for name, value, count in (
        ("image-type", "PRIVATE_IMAGE", 1),
        ("image-type", "SHARED_IMAGE", 0),
        ("image-name", "GOLD", 1),
        ("image-id", image, 1),
        ("platform", "debian", 2),
        ("tag-key", "a", 1),
        ("tag-value", "b", 1),
        ("tag:a", "b", 1),
        ("tag:a", "c", 0),
    ):
        found = api.ok("DescribeImages", {"Filters": [{"Name": name, "Values": [value]}]})
        assert found["TotalCount"] == count, (name, value)
    launch = {"Placement": {"Zone": "ap-guangzhou-3"}, "ImageId": image, "InstanceType": "LAB1.NANO128"}
    assert api.code("RunInstances", launch) == "InvalidParameterValue.InvalidImageState"
    image_put(api, image, state=ImageState.NORMAL)
    for snapshot in ok(api, "DescribeSnapshots")["SnapshotSet"]:
        put(api, snapshot["SnapshotId"], state=SnapshotState.NORMAL)
    kept = {**launch, "LoginSettings": {"KeepImageLogin": "true"}}
    new = api.ok("RunInstances", kept)["InstanceIdSet"][0]
    (shown,) = api.ok("DescribeInstances", {"InstanceIds": [new]})["InstanceSet"]
    assert [disk["DiskSize"] for disk in shown["DataDisks"]] == [20]
    away = {**launch, "Placement": {"Zone": "ap-shanghai-2"}}
    assert api.code("RunInstances", away, region="ap-shanghai") == "InvalidImageId.NotFound"


def test_images_are_deleted_all_or_none(api: Api, ident: str) -> None:
    image = api.ok("CreateImage", {"InstanceId": ident, "ImageName": "golden"})["ImageId"]
    image_put(api, image, state=ImageState.NORMAL)
    public = api.ok("DescribeImages", {"Filters": [{"Name": "image-name", "Values": ["test"]}]})["ImageSet"][0]

    def refusal(*ids: str, **more: Any) -> str:
        return api.code("DeleteImages", {"ImageIds": list(ids), **more})

    assert refusal(image, NO_IMAGE) == "InvalidImageId.NotFound"
    assert refusal(public["ImageId"]) == "InvalidParameterValue.InvalidImageId"
    assert refusal("img-X") == "InvalidImageId.Malformed"
    assert refusal(image, DryRun=True) == "DryRunOperation"
    bound = ok(api, "DescribeSnapshots")["SnapshotSet"][0]["SnapshotId"]
    put(api, bound, state=SnapshotState.ROLLBACKING)
    assert refusal(image, DeleteBindedSnap=True) == "MutexOperation.TaskRunning"
    put(api, bound, state=SnapshotState.NORMAL)
    api.ok("DeleteImages", {"ImageIds": [image], "DeleteBindedSnap": True})
    assert ok(api, "DescribeSnapshots")["TotalCount"] == 0


@pytest.mark.tools
def test_an_import(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "a disk.qcow2"
    qcow2.create_empty(file, 3 * 2**29)
    url = file.as_uri()
    image = api.ok("ImportImage", {**IMPORT, "ImageUrl": url})["ImageId"]
    (shown,) = api.ok("DescribeImages", {"ImageIds": [image]})["ImageSet"]
    assert (shown["ImageState"], shown["ImageSource"], shown["ImageSize"]) == ("IMPORTING", "EXTERNAL_IMPORT", 2)
    assert (shown["Platform"], shown["OsName"]) == ("Debian", "Debian 12 64bit")
    for params, expected in (
        ({}, "InvalidImageName.Duplicate"),
        ({"ImageUrl": "https://example.com/x.qcow2"}, "InvalidParameter.InvalidParameterUrlError"),
        ({"ImageUrl": "file:///nowhere"}, "InvalidParameter.InvalidParameterUrlError"),
        ({"ImageUrl": "file://elsewhere/x"}, "InvalidParameter.InvalidParameterUrlError"),
        ({"OsType": "Beos"}, "InvalidImageOsType.Unsupported"),
        ({"OsType": "Windows"}, "UnsupportedOperation"),
        ({"OsVersion": "1"}, "InvalidImageOsVersion.Unsupported"),
        ({"Architecture": "arm_64"}, "UnsupportedOperation"),
        ({"Architecture": "vax"}, "InvalidParameterValue"),
        ({"BootMode": "UEFI"}, "UnsupportedOperation"),
        ({"BootMode": "Floppy"}, "InvalidParameterValue.InvalidBootMode"),
        ({"LicenseType": "Free"}, "InvalidParameterValue.InvalidLicenseType"),
        ({"ImportImageDataDiskList": [{"ImageUrl": url}]}, "UnsupportedOperation"),
        ({"ImageName": "dry", "DryRun": True}, "DryRunOperation"),
    ):
        assert api.code("ImportImage", {**IMPORT, "ImageUrl": url, **params}) == expected, params
    iso = tmp_path / "cd.iso"
    iso.write_bytes(bytes(32769) + b"CD001" + bytes(4096))
    disc = {**IMPORT, "ImageName": "cd", "ImageUrl": iso.as_uri()}
    assert api.code("ImportImage", disc) == "InvalidParameterValue.ISOMustImportByForce"
    api.ok("ImportImage", {**disc, "Force": True})
