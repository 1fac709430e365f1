from __future__ import annotations

from pathlib import Path

import pytest

from cloud_fixture import launched
from vmsim.cloud import disk_files
from vmsim.cloud.context import Cloud
from vmsim.host import qcow2
from vmsim.model.disk import Disk
from vmsim.model.instance import Instance
from vmsim.model.launch import DataDiskRequest
from vmsim.store import disks

pytestmark = pytest.mark.tools


def made(cloud: Cloud) -> Instance:
    """With a disk that stays and one that goes, and their files."""
    instance = launched(cloud, data_disks=(DataDiskRequest(1, delete_with_instance=False), DataDiskRequest(1)))
    cloud.home.instance(instance.id).mkdir(parents=True)
    for disk in instance.data_disks:
        qcow2.create_empty(Path(disk.path), 2**30)
    return instance


def recorded(cloud: Cloud, disk: Disk) -> Disk:
    with cloud.store.reading() as connection:
        found = disks.one(connection, disk.id)
    assert found is not None
    return found


def test_a_file_moves_once_and_the_record_follows(cloud: Cloud) -> None:
    disk = made(cloud).data_disks[0]
    target = cloud.home.disks / f"{disk.id}.qcow2"
    disk_files.stand_alone(cloud, disk)
    assert target.exists() and not Path(disk.path).exists()
    assert recorded(cloud, disk).path == str(target)
    disk_files.stand_alone(cloud, disk)
    disk_files.stand_alone(cloud, recorded(cloud, disk))
    assert target.exists()


def test_moved_and_not_recorded_is_found_again(cloud: Cloud) -> None:
    """As a daemon leaves it that died in between."""
    disk = made(cloud).data_disks[0]
    disk_files.folder(cloud)
    Path(disk.path).rename(disk_files.own_path(cloud, disk.id))
    disk_files.stand_alone(cloud, disk)
    assert recorded(cloud, disk).path == str(disk_files.own_path(cloud, disk.id))


def test_an_edit_that_was_cut_short_is_finished_first(cloud: Cloud) -> None:
    disk = made(cloud).data_disks[0]
    committing = Path(disk.path + ".commit")
    qcow2.create_overlay(committing, Path(disk.path), 2 * 2**30)
    disk_files.stand_alone(cloud, disk)
    assert qcow2.info(disk_files.own_path(cloud, disk.id)).virtual_size == 2 * 2**30
    assert not committing.exists()
