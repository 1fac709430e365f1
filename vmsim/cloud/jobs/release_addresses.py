"""Release EIPs: their IPs are free for others. None of them is bound, so nothing on the machine knows them."""

from __future__ import annotations

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.model.job import JobRecord
from vmsim.store import addresses


def perform(job: Job) -> JobOutcome:
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    for ident in record.arguments["ids"]:
        addresses.remove(connection, ident)
