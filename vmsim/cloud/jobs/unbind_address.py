"""Unbind an EIP: its instance answers at it no more."""

from __future__ import annotations

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs import address_work
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.model.address import AddressStatus
from vmsim.model.job import JobRecord
from vmsim.store import addresses


def perform(job: Job) -> JobOutcome:
    job.step("take")
    with job.cloud.store.writing() as connection:
        pair = address_work.waiting(connection, job.record, AddressStatus.UNBINDING)
        if pair is not None:
            address_work.take(connection, pair, reallocate=job.record.arguments["reallocate"])
    address_work.make_it_so(job)
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    """A failure leaves it bound."""
    pair = address_work.waiting(connection, record, AddressStatus.UNBINDING)
    if pair is None:
        return
    if outcome.success:
        address_work.take(connection, pair, reallocate=record.arguments["reallocate"])
        addresses.change(connection, pair.address.id, status=AddressStatus.UNBIND, instance_id="")
    else:
        address_work.give(connection, pair)
        addresses.change(connection, pair.address.id, status=AddressStatus.BIND)
