"""Terminate: the plug, then everything goes. Each step is harmless when it was done before."""

from __future__ import annotations

import shutil
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import addresses, arguments, networks
from vmsim.cloud.context import Cloud
from vmsim.cloud.power_off import PowerOff
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.errors import Refused
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import StopType
from vmsim.store import instances


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
    remove(work, instance)
    return Outcome(success=True)


def remove(work: Work, instance: Instance) -> None:
    """Everything an instance has on this machine, in the order that leaves nothing behind when cut short."""
    cloud = work.cloud
    work.step("undefine", "removing the machine")
    cloud.domains.undefine(instance.uuid)
    work.step("network", "releasing its addresses")
    networks.detach(cloud, instance)
    with cloud.store.writing() as connection:
        instances.change(connection, instance.id, public_ip=None)
    addresses.apply(cloud)
    work.step("files", "deleting its disks")
    folder = cloud.home.instance(instance.id)
    if folder.exists():
        shutil.rmtree(folder)
    for socket in (cloud.home.serial_socket(instance.id), cloud.home.runtime / f"{instance.id}.vnc"):
        socket.unlink(missing_ok=True)
    cloud.memory.forget(instance.uuid)
