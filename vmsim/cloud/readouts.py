"""Looking without touching: a serial console's end, a guest's counters, the state of the whole."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import psutil

from vmsim import __version__
from vmsim.cloud import instances
from vmsim.cloud.context import Cloud
from vmsim.host import serial
from vmsim.model.errors import WrongState
from vmsim.model.lifecycle import InstanceState
from vmsim.store import events
from vmsim.store import instances as store_instances


def serial_tail(cloud: Cloud, instance_id: str, lines: int) -> tuple[str, ...]:
    instance = instances.get(cloud, instance_id)
    return serial.tail(cloud.home.serial_log(instance.id), lines=lines)


def statistics(cloud: Cloud, instance_id: str) -> dict[str, Any]:
    """libvirt's counters of a running guest (bytes, seconds). Raises WrongState when it is off."""
    instance = instances.get(cloud, instance_id)
    if instance.state in (InstanceState.STOPPED, InstanceState.LAUNCH_FAILED, InstanceState.PENDING):
        raise WrongState("Reading counters", instance.id, instance.state.value)
    return {"instance_id": instance.id, "name": instance.name, **asdict(cloud.domains.statistics(instance.uuid))}


def status(cloud: Cloud) -> dict[str, Any]:
    """What `vmsim status` shows, beside what the lab knows of itself."""
    memory = psutil.virtual_memory()
    with cloud.store.reading() as connection:
        return {
            "version": __version__,
            "home": str(cloud.home.root),
            "lab_boot": cloud.lab_boot,
            "instances": store_instances.counts_by_state(connection),
            "promised_memory_mib": store_instances.running_memory_mib(connection),
            "memory_mib": memory.total // 2**20,
            "memory_available_mib": memory.available // 2**20,
            "disk_free_bytes": psutil.disk_usage(str(cloud.home.root)).free,
            "last_event": events.last(connection),
            "accelerator": asdict(cloud.accelerator),
            "connected": cloud.domains.connected,
        }
