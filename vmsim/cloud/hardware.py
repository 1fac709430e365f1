"""An instance's record as hardware: the domain that libvirt is to define."""

from __future__ import annotations

from pathlib import Path

from vmsim.cloud.context import Cloud
from vmsim.host.domain_xml import DiskSpec, DomainSpec, InterfaceSpec
from vmsim.host.ruleset import tap_of
from vmsim.model.disk import Disk
from vmsim.model.instance import Instance


def domain_spec(cloud: Cloud, instance: Instance) -> DomainSpec:
    """Always computed from the record, so that an edit of the record is an edit of the hardware."""
    return DomainSpec(
        instance_id=instance.id,
        uuid=instance.uuid,
        cpus=instance.cores * instance.threads_per_core or instance.cpu,
        threads=instance.threads_per_core or 1,
        memory_mib=instance.memory_mib,
        accelerator="kvm" if cloud.accelerator.accelerator == "kvm" else "tcg",
        cpu_mode=cloud.accelerator.cpu_mode,
        disks=tuple(map(disk_spec, instance.disks)),
        interfaces=(InterfaceSpec(instance.mac, instance.subnet_id, isolated=True, device=tap_of(instance.id)),),
        serial_log=cloud.home.serial_log(instance.id),
        serial_socket=cloud.home.serial_socket(instance.id),
        display_socket=cloud.home.display_socket(instance.id),
    )


def disk_spec(disk: Disk) -> DiskSpec:
    return DiskSpec(Path(disk.path), disk.id, disk.target)
