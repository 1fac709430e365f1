"""What jobs on disks share: the disk and its instance as they are now, and what becomes of a disk whose work ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud.hardware import domain_spec
from vmsim.cloud.jobs.job import Job
from vmsim.host.domain import DomainState
from vmsim.model.disk import UNATTACHED_POSITION, Disk, DiskState
from vmsim.model.errors import NotFound
from vmsim.model.instance import Instance
from vmsim.store import disks, instances


def disk_of(job: Job) -> Disk:
    with job.cloud.store.reading() as connection:
        found = disks.one(connection, job.record.subject_id)
    if found is None:
        raise NotFound("disk", job.record.subject_id, hint="It went with its instance.")
    return found


def instance_of(job: Job, disk: Disk) -> Instance | None:
    """The instance that the disk is on still; None when it is on none any more."""
    if not disk.instance_id or disk.instance_id != job.record.instance_id:
        return None
    with job.cloud.store.reading() as connection:
        return instances.one(connection, disk.instance_id)


def define(job: Job, instance: Instance) -> None:
    """What its next start will find. One that has no machine yet gets it then."""
    if job.cloud.domains.status(instance.uuid).state is not DomainState.ABSENT:
        job.cloud.domains.define(domain_spec(job.cloud, instance))


def unattached(disk: Disk) -> dict[str, Any]:
    """The fields of one that has come off its instance."""
    return {
        "state": DiskState.UNATTACHED,
        "instance_id": "",
        "position": UNATTACHED_POSITION,
        "last_instance_id": disk.instance_id,
    }


def waiting(connection: Connection, disk_id: str, state: DiskState, instance_id: str) -> Disk | None:
    """The disk, if it is still as this job left it: its instance may have been terminated meanwhile."""
    disk = disks.one(connection, disk_id)
    if disk is None or disk.state is not state or disk.instance_id != instance_id:
        return None
    return disk


def without(instance: Instance, disk_id: str) -> Instance:
    return replace(instance, disks=tuple(disk for disk in instance.disks if disk.id != disk_id))
