"""Reset the instance type: another number of CPUs, another amount of memory, seen by the guest at its next start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments, capacity
from vmsim.cloud.context import Cloud
from vmsim.cloud.hardware import domain_spec
from vmsim.cloud.operations import offline
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.errors import UsageError
from vmsim.model.instance import Instance
from vmsim.model.instance_types import instance_type
from vmsim.model.lifecycle import InstanceState
from vmsim.store import images

_OWN_TOPOLOGY = {"cores": 0, "threads_per_core": 0}
"""One that was chosen at launch was chosen for that type."""


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given, "type_name")
    return {"type_name": instance_type(arguments.text(given, "type_name")).name}


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    kind = instance_type(given["type_name"])
    least = {image.id: image.memory_mib for image in images.all_of(connection)}.get(instance.image_id, 0)
    if kind.memory_mib < least:
        raise UsageError(
            f"{kind.name} has {kind.memory_words}; the image of {instance.id} needs {least} MiB.",
            code="InvalidParameterValue",
        )
    if instance.state is InstanceState.RUNNING or cloud.settings.type_change_powers_on:
        capacity.check_memory(connection, kind.memory_mib, apart_from=[instance.id])
    else:
        capacity.check_fits(kind.memory_mib)
    return given


def perform(work: Work) -> Outcome:
    kind = instance_type(work.record.arguments["type_name"])

    def edit(instance: Instance) -> dict[str, Any]:
        work.step("define", f"setting {kind.cpu} CPU and {kind.memory_words}")
        changes: dict[str, Any] = {
            "type_name": kind.name,
            "cpu": kind.cpu,
            "memory_mib": kind.memory_mib,
            **_OWN_TOPOLOGY,
        }
        work.cloud.domains.define(domain_spec(work.cloud, replace(instance, **changes)))
        return changes

    return offline.perform(work, edit, power_on_after=work.cloud.settings.type_change_powers_on)
