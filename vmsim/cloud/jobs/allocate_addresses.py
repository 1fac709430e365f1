"""Allocate addresses: they are the account's since the request was accepted; now they can be used."""

from __future__ import annotations

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.model.address import AddressStatus
from vmsim.model.job import JobRecord
from vmsim.store import addresses


def perform(job: Job) -> JobOutcome:
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    for ident in record.arguments["ids"]:
        addresses.change(connection, ident, status=AddressStatus.UNBIND)
