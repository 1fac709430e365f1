"""Terminate: the plug, then everything goes. Each step is harmless when it was done before."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments, removal
from vmsim.cloud.context import Cloud
from vmsim.cloud.power_off import PowerOff
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.errors import Refused
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import StopType


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given)
    return {}


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    if instance.protected:
        raise Refused(
            f"Instance {instance.id} is protected against termination.", code="UnsupportedOperation.InstancesProtected"
        )
    return given


def perform(work: Work) -> Outcome:
    instance = work.instance()
    PowerOff(work, instance, StopType.HARD, 0).run()
    removal.remove(work.cloud, instance, work.step)
    return Outcome(success=True)
