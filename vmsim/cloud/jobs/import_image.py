"""Make an image of a file of this host. The file is looked at again: it may be another one by now."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from vmsim.cloud import disk_copies, images
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.cloud.percent import Percent
from vmsim.host import foreign_image, qcow2
from vmsim.model.image import ImageState
from vmsim.model.job import JobRecord
from vmsim.store import images as store


def perform(job: Job) -> JobOutcome:
    image = images.get(job.cloud, job.record.subject_id)
    whole = Path(image.path)
    if whole.exists():  # killed between this and its being recorded
        return JobOutcome(True, facts={"gib": -(-qcow2.info(whole, shared=True).virtual_size // 2**30)})
    job.step("probe")
    found = foreign_image.probe(Path(job.record.arguments["source"]))
    new = disk_copies.half(whole)
    told = Percent(job.cloud, lambda connection, percent: store.change(connection, image.id, percent=percent))
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        job.step("convert")
        qcow2.copy(found.path, new, form=found.form, progress=told)
        job.step("publish")
        disk_copies.publish([whole])
    finally:
        new.unlink(missing_ok=True)
    return JobOutcome(True, facts={"gib": found.gib})


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    if outcome.success:
        size = outcome.facts["gib"]
        store.change(connection, record.subject_id, state=ImageState.NORMAL, percent=100, size_gib=size)
    else:
        store.change(connection, record.subject_id, state=ImageState.IMPORTFAILED, percent=0, error=outcome.error)
