"""Powering on: put right what a crash left, define the hardware as recorded, start it.

Safe to run again at any point: a domain that already runs is left alone.
"""

from __future__ import annotations

from pathlib import Path

import psutil

from vmsim.cloud import firewall, networks, state
from vmsim.cloud.capacity import HOST_RESERVE_MIB
from vmsim.cloud.first_boot import host_name_edits
from vmsim.cloud.hardware import domain_spec
from vmsim.cloud.work import Work
from vmsim.host import serial
from vmsim.host.domain import DomainState
from vmsim.host.guest_disk import atomic
from vmsim.model.errors import OutOfResources
from vmsim.model.instance import Instance


def power_on(work: Work, instance: Instance) -> None:
    """Until QEMU runs. Raises OutOfResources or HostError; the instance is then still off."""
    cloud = work.cloud
    if cloud.domains.status(instance.uuid).state is DomainState.RUNNING:
        return
    _check_free_memory(instance)
    work.step("disks", "looking after the disks")
    for disk in instance.disks:
        if atomic.interrupted(Path(disk.path)):
            atomic.recover(Path(disk.path))
    if instance.pending_host_name:
        _write_host_name(work, instance)
    work.step("network", "preparing the network")
    networks.attach(cloud, instance)
    firewall.apply(cloud)
    work.step("define", "setting up the hardware")
    serial.mark(cloud.home.serial_log(instance.id), f"start {cloud.clock.now().isoformat()}")
    cloud.domains.define(domain_spec(cloud, instance))
    work.step("start", "starting QEMU")
    cloud.domains.start(instance.uuid)


def _write_host_name(work: Work, instance: Instance) -> None:
    """It was changed while the guest ran, and nobody wanted a reboot for it."""
    work.step("host-name", "writing the host name to the disk")
    edits = host_name_edits(instance, instance.host_name)
    atomic.edit(Path(instance.system_disk.path), edits, step=lambda name: work.step(f"host-name.{name}"))
    state.note(work.cloud, instance.id, pending_host_name=False)


def _check_free_memory(instance: Instance) -> None:
    """What is really free now; what was promised to others was checked when the request was accepted."""
    free = psutil.virtual_memory().available // 2**20
    if instance.memory_mib > free:
        raise OutOfResources(
            f"This host has {free} MiB of memory free; {instance.id} needs {instance.memory_mib} MiB.",
            hint=f"Stop other instances (vmsim keeps {HOST_RESERVE_MIB} MiB for the host).",
            code="ResourceInsufficient.SpecifiedInstanceType",
        )
