"""What jobs on addresses share: the EIP as it is now, and what an instance answers at with it or without.

Each of these may be done twice. `settle` says once more what `perform` has made true on the machine, so that address
and instance change together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import addresses as ordinary
from vmsim.cloud import firewall
from vmsim.cloud.jobs.job import Job
from vmsim.model.address import Address, AddressStatus
from vmsim.model.instance import Instance
from vmsim.model.job import JobRecord
from vmsim.store import addresses, instances


@dataclass(frozen=True)
class Pair:
    """An EIP, and the instance it is on its way to or from."""

    address: Address
    instance: Instance


def waiting(connection: Connection, record: JobRecord, status: AddressStatus) -> Pair | None:
    """They, if they are still as this job was accepted: the instance may have been terminated meanwhile."""
    address = addresses.one(connection, record.subject_id)
    if address is None or address.status is not status or address.instance_id != record.instance_id:
        return None
    instance = instances.one(connection, record.instance_id)
    return Pair(address, instance) if instance is not None else None


def give(connection: Connection, pair: Pair) -> None:
    """The instance answers at the EIP, and has its bandwidth."""
    instances.change(connection, pair.instance.id, public_ip=pair.address.ip, bandwidth_out=pair.address.bandwidth)


def take(connection: Connection, pair: Pair, *, reallocate: bool) -> None:
    """It does so no more; with `reallocate` it gets an ordinary address instead."""
    if pair.instance.public_ip != pair.address.ip:
        return  # done before
    fields: dict[str, Any] = {"public_ip": None, "bandwidth_out": 0}
    if reallocate:
        fields = {"public_ip": ordinary.allocate(connection)}
    instances.change(connection, pair.instance.id, **fields)


def make_it_so(job: Job) -> None:
    """On the machine, as the record says now."""
    job.step("firewall")
    firewall.apply(job.cloud)
