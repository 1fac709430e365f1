"""Bind an EIP: its instance answers at it from now on. What cannot be made so is taken back, and the EIP is free.

One that has just been made of the instance's ordinary address is that address again.
"""

from __future__ import annotations

import contextlib

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs import address_work
from vmsim.cloud.jobs.job import Job, JobOutcome
from vmsim.model.address import AddressStatus
from vmsim.model.errors import NotFound, VmsimError
from vmsim.model.job import JobRecord
from vmsim.store import addresses


def perform(job: Job) -> JobOutcome:
    job.step("give")
    with job.cloud.store.writing() as connection:
        pair = address_work.waiting(connection, job.record, AddressStatus.BINDING)
        if pair is None:
            raise NotFound("instance", job.record.instance_id, hint="It went before the EIP was bound.")
        address_work.give(connection, pair)
    try:
        address_work.make_it_so(job)
    except VmsimError:
        with job.cloud.store.writing() as connection:
            _take_back(connection, job.record, pair)
        with contextlib.suppress(VmsimError):  # housekeeping does it again
            address_work.make_it_so(job)
        raise
    return JobOutcome(True)


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    pair = address_work.waiting(connection, record, AddressStatus.BINDING)
    if pair is None:
        return
    if outcome.success:
        address_work.give(connection, pair)
        addresses.change(connection, pair.address.id, status=AddressStatus.BIND)
        return
    _take_back(connection, record, pair)
    if record.arguments["transformed"]:
        addresses.remove(connection, pair.address.id)
    else:
        addresses.change(connection, pair.address.id, status=AddressStatus.UNBIND, instance_id="")


def _take_back(connection: Connection, record: JobRecord, pair: address_work.Pair) -> None:
    if not record.arguments["transformed"]:
        address_work.take(connection, pair, reallocate=False)
