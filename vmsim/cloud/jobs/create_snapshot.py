"""Make a snapshot of a disk."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from vmsim.cloud import disk_copies
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.cloud.percent import Percent
from vmsim.model.disk import SnapshotState
from vmsim.model.errors import NotFound
from vmsim.model.job import JobRecord
from vmsim.store import snapshots


def perform(job: Job) -> JobOutcome:
    ident = job.record.subject_id
    with job.cloud.store.reading() as connection:
        snapshot = snapshots.one(connection, ident)
    if snapshot is None:
        raise NotFound("snapshot", ident)
    whole = Path(snapshot.path)
    if whole.exists():  # killed between this and its being recorded
        return JobOutcome(True)
    told = Percent(job.cloud, lambda connection, percent: snapshots.change(connection, ident, percent=percent))
    new = disk_copies.half(whole)
    try:
        live = disk_copies.take(job.cloud, {snapshot.disk_id: new}, job.step, told)
        job.evidence(live=live)
        job.step("publish")
        disk_copies.publish([whole])
    finally:
        new.unlink(missing_ok=True)
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    """One that failed is gone: nobody can use it."""
    if outcome.success:
        snapshots.change(connection, record.subject_id, state=SnapshotState.NORMAL, percent=100)
    else:
        snapshots.remove(connection, record.subject_id)
