"""Snapshots: accepting what is asked of them, and deleting them. The work is in `jobs/` and `operations/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from vmsim.cloud import capacity, events, image_removal, new_disks, rollback
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import begin
from vmsim.cloud.snapshot_query import being_made_of, of_region
from vmsim.host import qcow2
from vmsim.model import ids as model_ids
from vmsim.model.disk import Disk, DiskState, DiskUsage, Snapshot, SnapshotState
from vmsim.model.errors import NotFound, OutOfResources, Refused, UsageError
from vmsim.model.image import Image
from vmsim.model.instance import Instance
from vmsim.model.job import JobKind, JobRecord
from vmsim.model.lifecycle import InstanceState
from vmsim.model.operation import Caller
from vmsim.store import disks, images, instances, snapshots

LONGEST_NAME = 60
MOST_OF_A_REGION, MOST_FOR_EACH_DISK = 64, 64
UNNAMED = "未命名"
_LEAST_KEPT = timedelta(days=1)
_MEMORY_MIB = 128
"""What is assumed of an image that is not there any more."""
_NO_DISK_YET = frozenset({InstanceState.PENDING, InstanceState.LAUNCH_FAILED, InstanceState.TERMINATING})


def create(
    cloud: Cloud,
    region: str,
    disk_id: str,
    *,
    name: str = "",
    deadline: datetime | None = None,
    tags: Mapping[str, str] | None = None,
    caller: Caller,
    request_id: str,
) -> tuple[Snapshot, JobRecord]:
    """Accept a snapshot of a disk; it is CREATING."""
    if len(name.encode()) > LONGEST_NAME:
        raise UsageError(f"A snapshot's name has at most {LONGEST_NAME} bytes.", code="InvalidParameterValue")
    if deadline is not None and deadline < cloud.clock.now() + _LEAST_KEPT:
        raise UsageError(
            "A snapshot is kept for a day at least: its Deadline is earlier.", code="InvalidParameterValue"
        )
    with cloud.store.reading() as connection:
        capacity.check_disk(cloud, qcow2.contents_bytes(Path(_disk(connection, region, disk_id).path)))
    with cloud.store.writing() as connection:
        disk = _disk(connection, region, disk_id)
        instance = instances.one(connection, disk.instance_id) if disk.instance_id else None
        _check_copyable(connection, disk, instance)
        made = reserve(cloud, connection, disk, instance, name=name or UNNAMED, deadline=deadline, tags=tags)
        record = begin(
            cloud,
            connection,
            JobKind.CREATE_SNAPSHOT,
            made.id,
            {"disk_id": disk.id},
            instance_id=disk.instance_id,
            caller=caller,
            request_id=request_id,
        )
    cloud.hand_over(record.kind.value, [record.id])
    return made, record


def reserve(
    cloud: Cloud,
    connection: Connection,
    disk: Disk,
    instance: Instance | None,
    *,
    name: str,
    deadline: datetime | None = None,
    tags: Mapping[str, str] | None = None,
) -> Snapshot:
    """The record of a snapshot that is to be made, with all that an image of it must know."""
    allowed = MOST_OF_A_REGION + MOST_FOR_EACH_DISK * disks.count(connection)
    if len(snapshots.where(connection, *of_region(disk.region))) >= allowed:
        raise OutOfResources(f"Region {disk.region} has {allowed} snapshots already.", code="InsufficientSnapshotQuota")
    ident = model_ids.new("snap")
    made = Snapshot(
        id=ident,
        region=disk.region,
        zone=disk.zone,
        disk_id=disk.id,
        disk_usage=disk.usage,
        size_gib=disk.size_gib,
        name=name,
        state=SnapshotState.CREATING,
        percent=0,
        created=cloud.clock.now(),
        deadline=deadline,
        path=str(cloud.home.snapshots / f"{ident}.qcow2"),
        project_id=disk.project_id,
        system=_system(connection, instance) if disk.system and instance is not None else {},
        tags=dict(tags or {}),
    )
    snapshots.add(connection, made)
    return made


def _system(connection: Connection, instance: Instance) -> dict[str, object]:
    known = {image.id: image for image in images.all_of(connection)}.get(instance.image_id)
    return {
        "os_name": known.os_name if known else "Other Linux 64bit",
        "platform": known.platform if known else "Other Linux",
        "memory_mib": known.memory_mib if known else _MEMORY_MIB,
        "login_user": instance.login_user,
    }


def _check_copyable(connection: Connection, disk: Disk, instance: Instance | None) -> None:
    if disk.state is DiskState.ROLLBACKING:
        raise Refused(f"Disk {disk.id} is being rolled back.", code="ResourceInUse.DiskRollbacking")
    if disk.state.transitional or disk.state is DiskState.TORECYCLE:
        raise Refused(f"Disk {disk.id} is {disk.state.value}.", code="InvalidDisk.Busy")
    if instance is not None and instance.state in _NO_DISK_YET:
        raise Refused(f"Instance {instance.id} of disk {disk.id} is {instance.state.words}.", code="InvalidDisk.Busy")
    check_none_is_made(connection, disk)


def check_none_is_made(connection: Connection, disk: Disk) -> None:
    """One at a time of a disk."""
    making = snapshots.where(connection, *being_made_of(disk.id))
    if making:
        raise Refused(
            f"Snapshot {making[0].id} of disk {disk.id} is being made.", code="ResourceUnavailable.SnapshotCreating"
        )


def roll_back(
    cloud: Cloud, region: str, snapshot_id: str, disk_id: str, *, caller: Caller, request_id: str
) -> JobRecord:
    """Put a snapshot back onto its disk, which is at rest: attached to nothing, or its instance is STOPPED."""
    _check_space(cloud, region, snapshot_id)
    with cloud.store.writing() as connection:
        disk = _disk(connection, region, disk_id)
        snapshot = require(connection, region, snapshot_id)
        rollback.check(disk, snapshot, snapshots.where(connection, *being_made_of(disk.id)))
        _check_at_rest(connection, disk)
        rollback.mark(connection, disk, snapshot)
        record = begin(
            cloud,
            connection,
            JobKind.ROLLBACK_DISK,
            disk.id,
            {"snapshot_id": snapshot.id},
            instance_id=disk.instance_id,
            caller=caller,
            request_id=request_id,
        )
    cloud.hand_over(record.kind.value, [record.id])
    return record


def instance_of(cloud: Cloud, region: str, disk_id: str) -> Instance | None:
    """What a disk is attached to."""
    with cloud.store.reading() as connection:
        disk = _disk(connection, region, disk_id)
        return instances.one(connection, disk.instance_id) if disk.instance_id else None


def region_of_disk(cloud: Cloud, disk_id: str) -> str:
    """Where a disk is, for whoever names it by its id alone."""
    with cloud.store.reading() as connection:
        found = disks.one(connection, model_ids.check("disk", disk_id))
    if found is None:
        raise NotFound("disk", disk_id, code="InvalidDiskId.NotFound")
    return found.region


def _check_space(cloud: Cloud, region: str, snapshot_id: str) -> None:
    with cloud.store.reading() as connection:
        snapshot = require(connection, region, snapshot_id)
    capacity.check_disk(cloud, qcow2.contents_bytes(Path(snapshot.path)))


def _check_at_rest(connection: Connection, disk: Disk) -> None:
    instance = instances.one(connection, disk.instance_id) if disk.instance_id else None
    if instance is None:
        return
    if disk.portable:
        raise Refused(
            f"Disk {disk.id} is elastic and attached to {instance.id}: detach it before it is rolled back.",
            code="ResourceUnavailable.NotSupported",
        )
    if instance.operating:
        raise Refused(f"An operation is under way on instance {instance.id}.", code="ResourceBusy")
    if instance.state is not InstanceState.STOPPED:
        raise Refused(
            f"Disk {disk.id} cannot be rolled back: instance {instance.id} is {instance.state.words}.",
            hint=f"`vmsim stop {instance.id}` first, or use --force (AutoStopInstance in the API).",
            code="ResourceUnavailable.NotSupported",
        )


def delete(cloud: Cloud, region: str, ids: Sequence[str], *, with_images: bool = False) -> None:
    """All of them or none. Files that a crash keeps from going here, housekeeping removes."""
    wanted = list(dict.fromkeys(model_ids.check("snap", one) for one in ids))
    with cloud.store.writing() as connection:
        found = [require(connection, region, one) for one in wanted]
        for snapshot in found:
            _check_deletable(connection, snapshot, with_images=with_images)
        for image_id in dict.fromkeys(image for snapshot in found for image in snapshot.image_ids):
            images.remove(connection, image_id)
        remove(cloud, connection, found)
    cloud.reached("delete-snapshots.recorded")
    cloud.news.ring()
    for snapshot in found:
        Path(snapshot.path).unlink(missing_ok=True)


def remove(cloud: Cloud, connection: Connection, found: Sequence[Snapshot]) -> None:
    """Their records; the files are to go after the transaction."""
    for snapshot in found:
        snapshots.remove(connection, snapshot.id)
        events.record(cloud, connection, "snapshot", f"snapshot {snapshot.id} of {snapshot.disk_id} deleted")


def _check_deletable(connection: Connection, snapshot: Snapshot, *, with_images: bool) -> None:
    if snapshot.state is SnapshotState.CREATING:
        raise Refused(f"Snapshot {snapshot.id} is being made.", code="ResourceUnavailable.SnapshotCreating")
    if snapshot.state is not SnapshotState.NORMAL:
        raise Refused(f"Snapshot {snapshot.id} is {snapshot.state.value}.", code="ResourceBusy")
    copied = new_disks.being_made_of(connection, snapshot.id)
    if copied:
        raise Refused(f"Disk {copied[0]} is being made of snapshot {snapshot.id}.", code="ResourceBusy")
    if snapshot.image_ids and not with_images:
        raise Refused(
            f"Snapshot {snapshot.id} belongs to image {snapshot.image_ids[0]}.",
            hint="Delete the image first, or let DeleteBindImages do it.",
            code="UnsupportedOperation.SnapshotHasBindedImage",
        )
    for image_id in snapshot.image_ids:
        image_removal.check(connection, image_id, code="ResourceBusy")


def require(connection: Connection, region: str, ident: str) -> Snapshot:
    found = snapshots.one(connection, model_ids.check("snap", ident))
    if found is None or found.region != region:
        raise NotFound("snapshot", ident, code="InvalidSnapshotId.NotFound")
    return found


def _disk(connection: Connection, region: str, ident: str) -> Disk:
    found = disks.one(connection, model_ids.check("disk", ident))
    if found is None or found.region != region:
        raise NotFound("disk", ident, code="InvalidDiskId.NotFound")
    return found


def data_of(cloud: Cloud, image: Image) -> tuple[Snapshot, ...]:
    """The data disks that an image brings along."""
    with cloud.store.reading() as connection:
        known = snapshots.by_ids(connection, image.snapshot_ids)
    found = [known[ident] for ident in image.snapshot_ids if ident in known]
    return tuple(snapshot for snapshot in found if snapshot.disk_usage is DiskUsage.DATA)


def by_ids(cloud: Cloud, ids: Sequence[str]) -> dict[str, Snapshot]:
    with cloud.store.reading() as connection:
        return snapshots.by_ids(connection, ids)


def file_of(cloud: Cloud, ident: str) -> Path:
    with cloud.store.reading() as connection:
        found = snapshots.one(connection, ident)
    if found is None:
        raise NotFound("snapshot", ident)
    return Path(found.path)
