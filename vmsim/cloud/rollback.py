"""Putting a snapshot's bytes back on its disk: the disk is the old one or the new one, never a mixture.

recover     what an interrupted edit left beside the disk is finished first, so that it is not committed later
copy        the snapshot, grown to the disk's size, beside the disk      crash: begun again
rename      over the disk: from here on it is the new one                 crash: the same once more
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from vmsim.cloud import disk_copies
from vmsim.cloud.context import Cloud
from vmsim.cloud.percent import Percent
from vmsim.host import qcow2
from vmsim.host.guest_disk import atomic
from vmsim.model.disk import DISK_OPERATIONS, Disk, DiskState, DiskVerb, Snapshot, SnapshotState
from vmsim.model.errors import NotFound, Refused, UsageError
from vmsim.store import disks, snapshots

Step = Callable[[str], None]


def check(disk: Disk, snapshot: Snapshot, making: list[Snapshot]) -> None:
    """May this snapshot go onto this disk now? `making` are the snapshots being made of the disk."""
    if snapshot.disk_id != disk.id:
        raise UsageError(
            f"Snapshot {snapshot.id} is of disk {snapshot.disk_id}: it can only be put back there.",
            code="InvalidSnapshot.NotSupported",
        )
    if snapshot.state is SnapshotState.CREATING:
        raise Refused(f"Snapshot {snapshot.id} is being made.", code="ResourceUnavailable.SnapshotCreating")
    if disk.state is DiskState.ROLLBACKING or snapshot.state is SnapshotState.ROLLBACKING:
        raise Refused(f"Disk {disk.id} is being rolled back.", code="ResourceInUse.DiskRollbacking")
    if making:
        raise Refused(f"Snapshot {making[0].id} of disk {disk.id} is being made.", code="InvalidDisk.SnapshotCreating")
    if disk.state not in DISK_OPERATIONS[DiskVerb.ROLLBACK].allowed:
        raise Refused(
            f"Disk {disk.id} is {disk.state.value}: it cannot be rolled back now.",
            code="ResourceBusy" if disk.state.transitional else "ResourceUnavailable.NotSupported",
        )


def mark(connection: Connection, disk: Disk, snapshot: Snapshot) -> None:
    """It is under way: both say so."""
    disks.change(connection, disk.id, state=DISK_OPERATIONS[DiskVerb.ROLLBACK].meanwhile, rollback_percent=0)
    snapshots.change(connection, snapshot.id, state=SnapshotState.ROLLBACKING)


def release(connection: Connection, disk_id: str, snapshot_id: str) -> None:
    """It has ended, one way or the other: both are as they were."""
    disk, snapshot = disks.one(connection, disk_id), snapshots.one(connection, snapshot_id)
    if disk is not None and disk.state is DiskState.ROLLBACKING:
        before = DiskState.ATTACHED if disk.instance_id else DiskState.UNATTACHED
        disks.change(connection, disk_id, state=before, rollback_percent=0)
    if snapshot is not None and snapshot.state is SnapshotState.ROLLBACKING:
        snapshots.change(connection, snapshot_id, state=SnapshotState.NORMAL)


def restore(cloud: Cloud, disk_id: str, snapshot_id: str, step: Step) -> None:
    """The work. The disk must be at rest and the caller alone at its machine."""
    disk, snapshot = _both(cloud, disk_id, snapshot_id)
    path = Path(disk.path)
    new = disk_copies.half(path)
    step("recover")
    if atomic.interrupted(path):
        atomic.recover(path)
    qcow2.refuse_if_held(path)
    step("copy")
    try:
        new.unlink(missing_ok=True)
        told = Percent(cloud, lambda connection, percent: disks.change(connection, disk_id, rollback_percent=percent))
        qcow2.copy(Path(snapshot.path), new, disk.size_gib * 2**30, progress=told)
        step("rename")
        disk_copies.publish([path])
    finally:
        new.unlink(missing_ok=True)


def _both(cloud: Cloud, disk_id: str, snapshot_id: str) -> tuple[Disk, Snapshot]:
    with cloud.store.reading() as connection:
        disk, snapshot = disks.one(connection, disk_id), snapshots.one(connection, snapshot_id)
    if disk is None:
        raise NotFound("disk", disk_id)
    if snapshot is None:
        raise NotFound("snapshot", snapshot_id)
    return disk, snapshot
