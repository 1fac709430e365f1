"""Where a disk's file lies: in its instance's folder while it was made with it, in the home's own once it stands alone.

moved      the file is renamed, then the record names its new place    crash: the next run finds it there
"""

from __future__ import annotations

from pathlib import Path

from vmsim.cloud.context import Cloud
from vmsim.host import qcow2
from vmsim.host.guest_disk import atomic
from vmsim.model.disk import Disk
from vmsim.store import disks


def own_path(cloud: Cloud, disk_id: str) -> Path:
    """The place of a disk that belongs to no instance, or outlives it."""
    return cloud.home.disks / f"{disk_id}.qcow2"


def folder(cloud: Cloud) -> Path:
    """The home's folder of disks, made at its first use."""
    cloud.home.disks.mkdir(mode=0o700, parents=True, exist_ok=True)
    return cloud.home.disks


def stand_alone(cloud: Cloud, disk: Disk) -> None:
    """Move its file out of its instance's folder, whose end it is to outlive. Nothing may run on it; an edit that a
    crash left half-way is carried to its end first. Running it twice is harmless."""
    source, target = Path(disk.path), own_path(cloud, disk.id)
    if source == target:
        return
    if source.exists():
        if atomic.interrupted(source):
            atomic.recover(source)
        folder(cloud)
        source.rename(target)
        qcow2.sync(target.parent)
        qcow2.sync(source.parent)
    with cloud.store.writing() as connection:
        disks.change(connection, disk.id, path=str(target))
