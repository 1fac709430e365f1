"""Put a snapshot's bytes back on its disk, which is at rest."""

from __future__ import annotations

from sqlalchemy import Connection

from vmsim.cloud import rollback
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.model.errors import Refused
from vmsim.model.job import JobRecord
from vmsim.store import instances


def perform(job: Job) -> JobOutcome:
    instance_id = job.record.instance_id
    if instance_id:
        with job.cloud.store.reading() as connection:
            instance = instances.one(connection, instance_id)
        if instance is not None and job.cloud.domains.status(instance.uuid).active:
            raise Refused(f"Instance {instance_id} was started before its disk could be rolled back.")
    rollback.restore(job.cloud, job.record.subject_id, job.record.arguments["snapshot_id"], job.step)
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    rollback.release(connection, record.subject_id, record.arguments["snapshot_id"])
