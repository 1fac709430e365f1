"""Taking an instance off this machine. Each step is harmless when it was done before, and leaves nothing behind when
it is the last one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from vmsim.cloud import disk_files, doors, firewall, networks
from vmsim.cloud.context import Cloud
from vmsim.host import serial
from vmsim.host.domain import DomainState
from vmsim.model import charges
from vmsim.model.address import AddressStatus
from vmsim.model.disk import UNATTACHED_POSITION, Disk, DiskState
from vmsim.model.instance import Instance
from vmsim.store import addresses, disks, instances

Step = Callable[[str, str], None]


def quietly(_name: str, _phase: str) -> None:
    """Who tells nobody of the steps."""


def remove(
    cloud: Cloud,
    instance: Instance,
    step: Step = quietly,
    *,
    keep_log: bool = False,
    keep_disks: bool = False,
    release_prepaid: bool = False,
) -> None:
    """Everything but the record. `keep_log` keeps what the guest said, if it said anything; `keep_disks` those that do
    not go with their instance: with `release_prepaid` the prepaid ones of them in the recycle bin. It must be off."""
    step("undefine", "removing the machine")
    cloud.domains.undefine(instance.uuid)
    step("network", "releasing its addresses")
    doors.forget(cloud, instance.id)
    networks.detach(cloud, instance)
    with cloud.store.writing() as connection:
        instances.change(connection, instance.id, public_ip=None)
        elastic = addresses.of_instance(connection, instance.id)
        if elastic is not None:
            addresses.change(connection, elastic.id, status=AddressStatus.UNBIND, instance_id="")
    firewall.apply(cloud, without=instance.id)
    kept = [disk for disk in instance.disks if keep_disks and not disk.delete_with_instance]
    if kept:
        step("keep", "keeping the disks that outlive it")
        for disk in kept:
            released = release_prepaid and disk.charge_type == charges.PREPAID
            _release(cloud, disk, DiskState.TORECYCLE if released else DiskState.UNATTACHED)
    step("files", "deleting its disks")
    for disk in instance.disks:
        if disk not in kept:
            Path(disk.path).unlink(missing_ok=True)
    log = cloud.home.serial_log(instance.id)
    _empty(cloud.home.instance(instance.id), kept=log if keep_log and serial.tail(log, lines=1) else None)
    for socket in (cloud.home.serial_socket(instance.id), cloud.home.display_socket(instance.id)):
        socket.unlink(missing_ok=True)
    cloud.memory.forget(instance.uuid)


def left_over(cloud: Cloud, instance: Instance) -> bool:
    """Is there anything of it on this machine, its log apart?"""
    if instance.public_ip is not None or any(Path(disk.path).exists() for disk in instance.disks):
        return True
    return cloud.domains.status(instance.uuid).state is not DomainState.ABSENT


def _release(cloud: Cloud, disk: Disk, state: DiskState) -> None:
    """It is on no instance any more. Work that is under way on it alone goes on."""
    disk_files.stand_alone(cloud, disk)
    with cloud.store.writing() as connection:
        current = disks.one(connection, disk.id)
        if current is None or current.instance_id != disk.instance_id:
            return
        passing = current.state in (DiskState.EXPANDING, DiskState.ROLLBACKING)
        disks.change(
            connection,
            disk.id,
            instance_id="",
            position=UNATTACHED_POSITION,
            state=current.state if passing else state,
            last_instance_id=disk.instance_id,
        )


def _empty(folder: Path, kept: Path | None) -> None:
    if kept is None:
        shutil.rmtree(folder, ignore_errors=not folder.exists())
        return
    for path in folder.iterdir():
        if path != kept:
            path.unlink()
