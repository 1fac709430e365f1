"""Grow a data disk. Its partitions and file systems are the guest's own business.

A running guest is told by its QEMU and sees the new size at once; else the file is grown.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs import disk_work
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.host import qcow2
from vmsim.host.guest_disk import atomic
from vmsim.model.disk import DiskState
from vmsim.model.job import JobRecord
from vmsim.store import disks


def perform(job: Job) -> JobOutcome:
    disk = disk_work.disk_of(job)
    instance = disk_work.instance_of(job, disk)
    size_bytes = job.record.arguments["size_gib"] * 2**30
    job.step("resize")
    if instance is not None and job.cloud.domains.status(instance.uuid).active:
        job.cloud.domains.grow_disk(instance.uuid, disk.target, size_bytes)
        return JobOutcome(True)
    path = Path(disk.path)
    if atomic.interrupted(path):
        atomic.recover(path)
    qcow2.resize(path, size_bytes)
    qcow2.sync(path)
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    disk = disks.one(connection, record.subject_id)
    if disk is None or disk.state is not DiskState.EXPANDING:
        return
    size = record.arguments["size_gib"] if outcome.success else disk.size_gib
    disks.change(connection, disk.id, state=disk.steady_state, size_gib=size, error_prompt=outcome.error)
