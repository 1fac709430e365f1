"""What of its disks a removal takes with an instance; it ends in the lab's filters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloud_fixture import recorded_disk, with_disk_files
from vmsim.cloud import disk_files, removal
from vmsim.cloud.context import Cloud
from vmsim.store import disks


@pytest.mark.parametrize("keep", [True, False])
def test_what_a_removal_keeps(cloud: Cloud, keep: bool) -> None:
    """Of a launch that failed nothing stays."""
    instance = with_disk_files(cloud)
    stays, goes = instance.data_disks
    removal.remove(cloud, instance, keep_disks=keep)
    assert not cloud.home.instance(instance.id).exists()
    assert disk_files.own_path(cloud, stays.id).exists() == keep
    left = recorded_disk(cloud, stays)
    assert (left.instance_id, left.last_instance_id) == (("", instance.id) if keep else (instance.id, ""))
    assert recorded_disk(cloud, goes).instance_id == instance.id
    removal.remove(cloud, replace(instance, disks=(instance.system_disk, goes)), keep_disks=keep)


@pytest.mark.parametrize(("charge_type", "state"), [("PREPAID", "TORECYCLE"), ("POSTPAID_BY_HOUR", "UNATTACHED")])
def test_a_prepaid_disk_that_is_released_with_its_instance(cloud: Cloud, charge_type: str, state: str) -> None:
    instance = with_disk_files(cloud)
    stays, _ = instance.data_disks
    with cloud.store.writing() as connection:
        disks.change(connection, stays.id, charge_type=charge_type)
    bought = tuple(replace(disk, charge_type=charge_type) for disk in instance.disks)
    removal.remove(cloud, replace(instance, disks=bought), keep_disks=True, release_prepaid=True)
    left = recorded_disk(cloud, stays)
    assert (left.state.value, left.instance_id) == (state, "")
    assert disk_files.own_path(cloud, stays.id).exists()


def test_an_elastic_disk_that_goes_with_its_instance(cloud: Cloud) -> None:
    """Its file lies elsewhere."""
    instance = with_disk_files(cloud)
    disk = instance.data_disks[1]
    disk_files.stand_alone(cloud, disk)
    with cloud.store.reading() as connection:
        now = disks.of_instances(connection, [instance.id])[instance.id]
    removal.remove(cloud, replace(instance, disks=tuple(now)), keep_disks=True)
    assert not disk_files.own_path(cloud, disk.id).exists()
