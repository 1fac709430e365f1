"""Start a stopped instance."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import addresses, arguments, capacity
from vmsim.cloud.context import Cloud
from vmsim.cloud.power_on import power_on
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.instance import Instance
from vmsim.model.readiness import Rung
from vmsim.store import instances


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given)
    return {}


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    """Memory is checked by the worker (a start short of it is a FAILED operation), the address is given back now."""
    if instance.stop_charging and instance.bandwidth_out > 0:
        instances.change(connection, instance.id, public_ip=addresses.allocate(connection))
    return given


def perform(work: Work) -> Outcome:
    instance = work.instance()
    with work.cloud.store.reading() as connection:
        # STARTING is among the states that hold memory: what it asks for is already counted.
        capacity.check_memory(work.cloud, connection, 0)
    power_on(work, instance)
    return Outcome(success=True, reason="started", changes={"stop_charging": False, "rung": Rung.STARTED})
