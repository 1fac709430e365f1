"""Give EIPs another bandwidth; one that is bound has it at once."""

from __future__ import annotations

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs import address_work
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.model.address import Address, AddressStatus
from vmsim.model.job import JobRecord
from vmsim.store import addresses, instances


def perform(job: Job) -> JobOutcome:
    job.step("shape")
    with job.cloud.store.writing() as connection:
        _shape(connection, job.record)
    address_work.make_it_so(job)
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    if outcome.success:
        _shape(connection, record)


def _shape(connection: Connection, record: JobRecord) -> None:
    bandwidth = record.arguments["bandwidth"]
    for ident in record.arguments["ids"]:
        addresses.change(connection, ident, bandwidth=bandwidth)
        address = addresses.one(connection, ident)
        if address is not None and _answers(address):
            instances.change(connection, address.instance_id, bandwidth_out=bandwidth)


def _answers(address: Address) -> bool:
    return address.status is AddressStatus.BIND
