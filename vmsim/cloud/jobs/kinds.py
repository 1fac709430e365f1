"""Which file does which kind of job."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs import (
    allocate_addresses,
    attach_disk,
    bind_address,
    create_disk,
    create_image,
    create_snapshot,
    delete_disk,
    detach_disk,
    import_image,
    release_addresses,
    resize_disk,
    rollback_disk,
    shape_addresses,
    unbind_address,
)
from vmsim.cloud.jobs.job import Job, JobOutcome, Settle, settle
from vmsim.model.errors import VmsimError
from vmsim.model.job import JobKind
from vmsim.store import jobs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobFile:
    """What a file of this folder has. `perform` returns facts for `settle`; it may be called twice."""

    perform: Callable[[Job], JobOutcome]
    settle: Settle
    alone: bool = False
    """At the instance's machine from its beginning until its end is recorded: what it changes is hardware, and the
    next operation computes the hardware from the record."""


KINDS: Mapping[JobKind, JobFile] = {
    JobKind.CREATE_DISK: JobFile(create_disk.perform, create_disk.settle),
    JobKind.ATTACH_DISK: JobFile(attach_disk.perform, attach_disk.settle, alone=True),
    JobKind.DETACH_DISK: JobFile(detach_disk.perform, detach_disk.settle, alone=True),
    JobKind.RESIZE_DISK: JobFile(resize_disk.perform, resize_disk.settle, alone=True),
    JobKind.DELETE_DISK: JobFile(delete_disk.perform, delete_disk.settle),
    JobKind.CREATE_SNAPSHOT: JobFile(create_snapshot.perform, create_snapshot.settle),
    JobKind.ROLLBACK_DISK: JobFile(rollback_disk.perform, rollback_disk.settle, alone=True),
    JobKind.CREATE_IMAGE: JobFile(create_image.perform, create_image.settle),
    JobKind.IMPORT_IMAGE: JobFile(import_image.perform, import_image.settle),
    JobKind.ALLOCATE_ADDRESSES: JobFile(allocate_addresses.perform, allocate_addresses.settle),
    JobKind.BIND_ADDRESS: JobFile(bind_address.perform, bind_address.settle),
    JobKind.UNBIND_ADDRESS: JobFile(unbind_address.perform, unbind_address.settle),
    JobKind.SHAPE_ADDRESSES: JobFile(shape_addresses.perform, shape_addresses.settle),
    JobKind.RELEASE_ADDRESSES: JobFile(release_addresses.perform, release_addresses.settle),
}


def perform(cloud: Cloud, job_id: str) -> None:
    """Do it and settle it. Whatever goes wrong becomes the job's failure, never the worker's."""
    with cloud.store.reading() as connection:
        record = jobs.one(connection, job_id)
    if record is None or record.ended is not None:
        return
    file = KINDS[record.kind]
    with cloud.hands.on(record.instance_id if file.alone else ""):
        outcome = _outcome(file, Job(cloud, record))
        cloud.reached(f"{record.kind.value}.settle")
        settle(cloud, record, outcome, file.settle)


def _outcome(file: JobFile, job: Job) -> JobOutcome:
    kind, subject = job.record.kind.value, job.record.subject_id
    try:
        return file.perform(job)
    except VmsimError as error:
        log.info("%s of %s failed: %s", kind, subject, error.message)
        return JobOutcome(success=False, error=f"{error.message} {error.hint}".strip())
    except Exception as error:
        log.exception("%s of %s failed", kind, subject)
        return JobOutcome(False, f"vmsim has a bug: {type(error).__name__}: {error} (see the daemon's log)")
