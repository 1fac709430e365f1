"""Create a disk: its file first, then its record. A disk that can be described is there."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from vmsim.cloud import disk_files
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.host import qcow2
from vmsim.model.charges import later
from vmsim.model.disk import UNATTACHED_POSITION, Disk, DiskState
from vmsim.model.errors import NotFound
from vmsim.model.job import JobRecord
from vmsim.store import disks, snapshots


def perform(job: Job) -> JobOutcome:
    given = job.record.arguments
    path = disk_files.own_path(job.cloud, job.record.subject_id)
    disk_files.folder(job.cloud)
    job.step("file")
    path.unlink(missing_ok=True)
    try:
        _fill(job.cloud, path, given["snapshot_id"], given["size_gib"] * 2**30)
    except Exception:
        path.unlink(missing_ok=True)
        raise
    return JobOutcome(True)


def _fill(cloud: Cloud, path: Path, snapshot_id: str, size_bytes: int) -> None:
    if snapshot_id:
        copy_snapshot(cloud, snapshot_id, path, size_bytes)
    else:
        qcow2.create_empty(path, size_bytes)
        qcow2.sync(path)
    qcow2.sync(path.parent)


def copy_snapshot(cloud: Cloud, snapshot_id: str, path: Path, size_bytes: int) -> None:
    """A disk with a snapshot's contents, as big as it or bigger."""
    with cloud.store.reading() as connection:
        snapshot = snapshots.one(connection, snapshot_id)
    if snapshot is None:
        raise NotFound("snapshot", snapshot_id, hint="It was deleted meanwhile.")
    qcow2.copy(Path(snapshot.path), path, size_bytes)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    if outcome.success:
        disks.add(connection, _disk(cloud, record))


def _disk(cloud: Cloud, record: JobRecord) -> Disk:
    given = record.arguments
    names = ("region", "zone", "type", "size_gib", "name", "charge_type", "project_id", "snapshot_id", "renew_flag")
    return Disk(
        id=record.subject_id,
        instance_id="",
        position=UNATTACHED_POSITION,
        path=str(disk_files.own_path(cloud, record.subject_id)),
        state=DiskState.UNATTACHED,
        portable=True,
        delete_with_instance=False,
        created=record.began,
        deadline=later(record.began, months) if (months := given["prepaid_months"]) else None,
        delete_snapshot=given["delete_snapshot"],
        tags=given["tags"],
        **{name: given[name] for name in names},
    )
