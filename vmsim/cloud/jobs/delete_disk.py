"""Delete a disk: its record went when the request was accepted, here go its file and those of its snapshots."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.model.job import JobRecord


def perform(job: Job) -> JobOutcome:
    job.step("files")
    for path in job.record.arguments["paths"]:
        Path(path).unlink(missing_ok=True)
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    """There is nothing to say any more of what is gone."""
