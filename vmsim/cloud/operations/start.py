"""Start a stopped instance."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import addresses, arguments, capacity
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations.stop import took_address
from vmsim.cloud.power_on import power_on
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import Verb
from vmsim.model.readiness import Rung
from vmsim.store import addresses as eips
from vmsim.store import instances, operations


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given)
    return {}


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    """Memory is checked by the worker (a start short of it is a FAILED operation), the address is given back now. Not
    to one that had none, or that an EIP is bound to: that one stayed."""
    elastic = eips.of_instance(connection, instance.id)
    due = instance.stop_charging and instance.bandwidth_out > 0 and elastic is None
    if due and took_address(connection, instance.id):
        instances.change(connection, instance.id, public_ip=addresses.allocate(connection))
    return given


def perform(work: Work) -> Outcome:
    instance = work.instance()
    if not work.cloud.domains.status(instance.uuid).active:
        with work.cloud.store.reading() as connection:
            behind = _asked_since(connection, work.record.id)
            capacity.check_memory(connection, instance.memory_mib, apart_from=[instance.id, *behind])
    power_on(work, instance)
    return Outcome(success=True, reason="started", changes={"stop_charging": False, "rung": Rung.STARTED})


def _asked_since(connection: Connection, operation_id: str) -> list[str]:
    """Instances whose start was accepted after this one: first come, first served, or two starts for which there is
    room for one would each find the other in its way."""
    starts = [one for one in operations.unsettled(connection) if one.verb is Verb.START]
    own = [one.id for one in starts].index(operation_id)
    return [one.instance_id for one in starts[own + 1 :]]
