"""ResizeInstance and ResizeInstanceHour: more CPU and memory, or a larger data disk, for an instance that is off."""

from __future__ import annotations

from typing import Any

from vmsim.api.legacy import codes, identity
from vmsim.api.legacy.action import LegacyCall, Reply, task_number
from vmsim.cloud import instances
from vmsim.model.errors import NotSimulated, Refused, UsageError
from vmsim.model.instance import Instance
from vmsim.model.instance_types import TYPES, InstanceType
from vmsim.model.lifecycle import Verb

PREPAID = "PREPAID"
_STEP = 10
_NOT_HERE = ("bandwidth", "bandwidthUpgradeStartTime", "bandwidthUpgradeEndTime", "storageType")


def prepaid(call: LegacyCall) -> Reply:
    instance = _named(call, *_NOT_HERE)
    if instance.charge_type != PREPAID:
        raise Refused(f"Instance {instance.id} is not prepaid.", hint="Use ResizeInstanceHour.", code=codes.NOT_PREPAID)
    for name in _NOT_HERE:
        if call.params.whole(name, 0):
            raise NotSimulated(f"The parameter {name} is not simulated.")
    return _resize(call, instance)


def hourly(call: LegacyCall) -> Reply:
    instance = _named(call)
    if instance.charge_type == PREPAID:
        raise Refused(
            f"Instance {instance.id} is prepaid.", hint="Use ResizeInstance.", code=codes.NOT_THIS_CONFIGURATION
        )
    return _resize(call, instance)


def fitting(instance: Instance, cpu: int, memory_mib: int) -> InstanceType:
    """A type of this size, of the instance's own family where that has one."""
    family = instance.type_name.partition(".")[0]
    found = [kind for kind in TYPES.values() if (kind.cpu, kind.memory_mib) == (cpu, memory_mib)]
    if not found:
        raise Refused(
            f"There is no instance type with {cpu} CPU and {memory_mib} MiB.",
            hint="`vmsim type list` shows them.",
            code=codes.NOT_THIS_CONFIGURATION,
        )
    return min(found, key=lambda kind: kind.family != family)


def _named(call: LegacyCall, *more: str) -> Instance:
    call.params.known("instanceId", "cpu", "mem", "storageSize", *more)
    return identity.find(call.cloud, call.region, call.params.text("instanceId"))


def _resize(call: LegacyCall, instance: Instance) -> Reply:
    kind, disk = _wanted_type(call, instance), _wanted_disk(call, instance)
    if kind and disk:
        raise NotSimulated("CPU or memory and the data disk in one request are not simulated: ask for one at a time.")
    if kind:
        return _submit(call, instance, Verb.RESET_TYPE, {"type_name": kind.name})
    if disk:
        return _submit(call, instance, Verb.RESIZE_DISK, disk)
    raise UsageError(f"Neither cpu, mem nor storageSize is other than what instance {instance.id} has.")


def _wanted_type(call: LegacyCall, instance: Instance) -> InstanceType | None:
    cpu = call.params.whole("cpu", instance.cpu)
    shown = -(-instance.memory_mib // 1024)
    gib = call.params.whole("mem", shown)
    # What is shown of less than a whole GiB is rounded up: asked for again it is what it is.
    memory_mib = instance.memory_mib if gib == shown else gib * 1024
    if (cpu, memory_mib) == (instance.cpu, instance.memory_mib):
        return None
    if cpu < instance.cpu or memory_mib < instance.memory_mib:
        raise Refused(
            f"Instance {instance.id} has {instance.cpu} CPU and {shown} GiB; less is not possible here.",
            hint="ResetInstancesType of API 3.0 can do that.",
            code=codes.NOT_THIS_CONFIGURATION,
        )
    return fitting(instance, cpu, memory_mib)


def _wanted_disk(call: LegacyCall, instance: Instance) -> dict[str, Any] | None:
    size = call.params.whole("storageSize", 0)
    if not size:
        return None
    if size % _STEP:
        raise UsageError(f"storageSize is {size}; it is a multiple of {_STEP}.")
    if not instance.data_disks:
        raise NotSimulated(f"Instance {instance.id} has no data disk; buying one with this action is not simulated.")
    disk = instance.data_disks[0]
    return {"disk_id": disk.id, "size_gib": size} if size != disk.size_gib else None


def _submit(call: LegacyCall, instance: Instance, verb: Verb, arguments: dict[str, Any]) -> Reply:
    (record,) = instances.submit(
        call.cloud,
        verb,
        (instance.id,),
        arguments,
        region=call.region,
        caller=call.caller,
        request_id=call.request_id,
    )
    return {"dealIds": [task_number(record)]}
