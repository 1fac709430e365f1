from __future__ import annotations

from pathlib import Path

import pytest

from cloud_fixture import recorded_disk, with_disk_files
from vmsim.cloud import disk_files
from vmsim.cloud.context import Cloud
from vmsim.host import qcow2

pytestmark = pytest.mark.tools


def test_a_file_moves_once_and_the_record_follows(cloud: Cloud) -> None:
    disk = with_disk_files(cloud).data_disks[0]
    target = cloud.home.disks / f"{disk.id}.qcow2"
    disk_files.stand_alone(cloud, disk)
    assert target.exists() and not Path(disk.path).exists()
    assert recorded_disk(cloud, disk).path == str(target)
    disk_files.stand_alone(cloud, disk)
    disk_files.stand_alone(cloud, recorded_disk(cloud, disk))
    assert target.exists()


def test_moved_and_not_recorded_is_found_again(cloud: Cloud) -> None:
    """As a daemon leaves it that died in between."""
    disk = with_disk_files(cloud).data_disks[0]
    disk_files.folder(cloud)
    Path(disk.path).rename(disk_files.own_path(cloud, disk.id))
    disk_files.stand_alone(cloud, disk)
    assert recorded_disk(cloud, disk).path == str(disk_files.own_path(cloud, disk.id))


def test_an_edit_that_was_cut_short_is_finished_first(cloud: Cloud) -> None:
    disk = with_disk_files(cloud).data_disks[0]
    committing = Path(disk.path + ".commit")
    qcow2.create_overlay(committing, Path(disk.path), 2 * 2**30)
    disk_files.stand_alone(cloud, disk)
    assert qcow2.info(disk_files.own_path(cloud, disk.id)).virtual_size == 2 * 2**30
    assert not committing.exists()
