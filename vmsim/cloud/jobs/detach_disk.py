"""Detach a disk. A running guest is asked to let it go, and may take its time, or never do it.

It is asked again every few seconds, because a guest that is still booting misses the first word. One that has not let
go within the limit keeps the disk; should it do so later, `disks.let_go` makes another job of it.
"""

from __future__ import annotations

from sqlalchemy import Connection

from vmsim.cloud import disk_files
from vmsim.cloud.context import Cloud
from vmsim.cloud.hardware import disk_spec
from vmsim.cloud.jobs import disk_work
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.host.domain_xml import DiskSpec
from vmsim.model.disk import DiskState
from vmsim.model.errors import TimedOut
from vmsim.model.job import JobRecord
from vmsim.store import disks

TIMED_OUT = "Detach disk timeout, please retry later"
"""The published ErrorPrompt."""
ASK_AGAIN = 5.0


def perform(job: Job) -> JobOutcome:
    disk = disk_work.disk_of(job)
    instance = disk_work.instance_of(job, disk)
    if instance is None:
        return JobOutcome(True)
    job.step("unplug")
    _unplug(job, instance.uuid, disk_spec(disk))
    job.step("define")
    disk_work.define(job, disk_work.without(instance, disk.id))
    job.step("move")
    disk_files.stand_alone(job.cloud, disk)
    return JobOutcome(True)


def _unplug(job: Job, uuid: str, disk: DiskSpec) -> None:
    """Until the guest has let it go, or is off."""
    cloud = job.cloud
    deadline = cloud.clock.monotonic() + cloud.settings.detach_limit
    with cloud.domains.watch(uuid) as watch:
        while any(one.path == disk.path for one in cloud.domains.plugged(uuid)):
            now = cloud.clock.monotonic()
            if now >= deadline:
                raise TimedOut(TIMED_OUT)
            if not cloud.domains.ask_to_unplug(uuid, disk):
                watch.wait(min(deadline, now + ASK_AGAIN))


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    disk = disk_work.waiting(connection, record.subject_id, DiskState.DETACHING, record.instance_id)
    if disk is None:
        return
    if outcome.success:
        disks.change(connection, disk.id, error_prompt="", **disk_work.unattached(disk))
    else:
        disks.change(connection, disk.id, state=DiskState.ATTACHED, error_prompt=outcome.error)
