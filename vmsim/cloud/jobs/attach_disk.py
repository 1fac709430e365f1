"""Attach a disk: plugged into a running guest, and part of the machine that the next start makes."""

from __future__ import annotations

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.hardware import disk_spec
from vmsim.cloud.jobs import disk_work
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.model.disk import DiskState
from vmsim.model.errors import NotFound
from vmsim.model.job import JobRecord
from vmsim.store import disks


def perform(job: Job) -> JobOutcome:
    disk = disk_work.disk_of(job)
    instance = disk_work.instance_of(job, disk)
    if instance is None:
        raise NotFound("instance", job.record.instance_id, hint="It was terminated meanwhile.")
    if job.cloud.domains.status(instance.uuid).active:
        job.step("plug")
        job.cloud.domains.plug(instance.uuid, disk_spec(disk))
    job.step("define")
    disk_work.define(job, instance)
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    disk = disk_work.waiting(connection, record.subject_id, DiskState.ATTACHING, record.instance_id)
    if disk is None:
        return
    if outcome.success:
        disks.change(connection, disk.id, state=DiskState.ATTACHED, last_instance_id=record.instance_id)
    else:
        fields = disk_work.unattached(disk) | {"last_instance_id": disk.last_instance_id}
        disks.change(connection, disk.id, error_prompt=outcome.error, **fields)
