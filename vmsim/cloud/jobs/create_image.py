"""Make an image of snapshots that are there: its file is the system snapshot's."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from vmsim.cloud import disk_copies, images
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.model.errors import NotFound
from vmsim.model.image import ImageState
from vmsim.model.job import JobRecord
from vmsim.store import images as store
from vmsim.store import snapshots


def perform(job: Job) -> JobOutcome:
    image = images.get(job.cloud, job.record.subject_id)
    with job.cloud.store.reading() as connection:
        snapshot = snapshots.one(connection, image.snapshot_ids[0])
    if snapshot is None:
        raise NotFound("snapshot", image.snapshot_ids[0])
    job.step("link")
    disk_copies.link(Path(snapshot.path), Path(image.path))
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    state = ImageState.NORMAL if outcome.success else ImageState.CREATEFAILED
    percent = 100 if outcome.success else 0
    store.change(connection, record.subject_id, state=state, percent=percent, error=outcome.error)
