"""An instance as DescribeInstances shows it: every member that is published, in Tencent's words."""

from __future__ import annotations

from typing import Any

from vmsim.api import tags, times
from vmsim.model import charges
from vmsim.model.disk import DiskState
from vmsim.model.instance import Disk, Instance
from vmsim.model.lifecycle import ACTIONS, InstanceState

SSH_PORT = 22


def instance(record: Instance, os_name: str) -> dict[str, Any]:
    """The published members; `os_name` is the image's."""
    return {
        **_identity(record, os_name),
        **_hardware(record),
        **_network(record),
        **_state(record),
        **_billing(record),
        **_nothing_of_the_kind(),
    }


def _identity(record: Instance, os_name: str) -> dict[str, Any]:
    return {
        "InstanceId": record.id,
        "Uuid": record.uuid,
        "InstanceName": record.name,
        "HostName": record.host_name,
        "ImageId": record.image_id,
        "OsName": os_name,
        "LicenseType": "TencentCloud",
        "CreatedTime": times.iso(record.created),
        "Placement": _placement(record),
        "LoginSettings": {"KeyIds": list(record.key_ids)},
        "DefaultLoginUser": record.login_user,
        "DefaultLoginPort": SSH_PORT,
        "Tags": tags.shown(record.tags),
        "DisableApiTermination": record.protected,
        "CamRoleName": record.cam_role or None,
        "Metadata": {"Items": [{"Key": key, "Value": value} for key, value in record.metadata.items()]},
    }


def _placement(record: Instance) -> dict[str, Any]:
    return {
        "Zone": record.zone,
        "ProjectId": record.project_id,
        "HostIds": [],
        "HostId": "",
        "DedicatedResourcePackTenancy": "",
        "DedicatedResourcePackIds": [],
        "RackId": "",
    }


def _hardware(record: Instance) -> dict[str, Any]:
    return {
        "InstanceType": record.type_name,
        "CPU": record.cpu,
        # The API knows whole GiB; a lab type of less shows as 1.
        "Memory": -(-record.memory_mib // 1024),
        "CpuTopology": {"CoreCount": record.cores or None, "ThreadPerCore": record.threads_per_core or None},
        "GPUInfo": {"GPUCount": 0.0, "GPUId": [], "GPUType": ""},
        "SystemDisk": _system_disk(record.system_disk),
        "DataDisks": [_data_disk(disk) for disk in record.data_disks if disk.state is not DiskState.ATTACHING],
    }


def _system_disk(disk: Disk) -> dict[str, Any]:
    return {
        "DiskType": disk.type,
        "DiskId": disk.id,
        "DiskSize": disk.size_gib,
        "DiskName": disk.name,
        "CdcId": None,
        "Encrypt": False,
        "KmsKeyId": "",
    }


def _data_disk(disk: Disk) -> dict[str, Any]:
    return {
        **_system_disk(disk),
        "KmsKeyId": None,
        "DeleteWithInstance": disk.delete_with_instance,
        "SnapshotId": disk.snapshot_id,
        "ThroughputPerformance": None,
        "BurstPerformance": False,
    }


def _network(record: Instance) -> dict[str, Any]:
    return {
        "PrivateIpAddresses": [record.private_ip],
        "PublicIpAddresses": [record.public_ip] if record.public_ip else None,
        "IPv6Addresses": None,
        "PublicIPv6Addresses": [],
        "RdmaIpAddresses": None,
        "SecurityGroupIds": list(record.security_group_ids),
        "VirtualPrivateCloud": {
            "VpcId": record.vpc_id,
            "SubnetId": record.subnet_id,
            "AsVpcGateway": False,
            "PrivateIpAddresses": [record.private_ip],
            "Ipv6AddressCount": 0,
        },
        "InternetAccessible": {
            "InternetChargeType": record.internet_charge_type,
            "InternetMaxBandwidthOut": record.bandwidth_out,
            "PublicIpAssigned": record.public_ip is not None,
            "BandwidthPackageId": "",
            "InternetServiceProvider": "BGP",
            "IPv4AddressType": "WanIP",
            "IPv6AddressType": "",
            "AntiDDoSPackageId": "",
        },
    }


def _state(record: Instance) -> dict[str, Any]:
    latest = record.latest
    return {
        "InstanceState": record.state.value,
        "RestrictState": _restrict_state(record),
        "IsolatedSource": record.isolated_source or "NOTISOLATED",
        "LatestOperation": ACTIONS[latest.verb] if latest.verb else None,
        "LatestOperationState": latest.state.value if latest.state else None,
        "LatestOperationRequestId": latest.request_id or None,
        "LatestOperationErrorMsg": latest.error or None,
    }


def _restrict_state(record: Instance) -> str:
    if not record.isolated_source:
        return "NORMAL"
    return "EXPIRED" if record.isolated_source == charges.BY_EXPIRY else "PROTECTIVELY_ISOLATED"


def _billing(record: Instance) -> dict[str, Any]:
    return {
        "InstanceChargeType": record.charge_type,
        "StopChargingMode": _stop_charging_mode(record),
        "RenewFlag": record.renew_flag or None,
        "ExpiredTime": times.iso(record.expires) if record.expires else None,
    }


def _stop_charging_mode(record: Instance) -> str:
    if record.state is not InstanceState.STOPPED or record.prepaid:
        return "NOT_APPLICABLE"
    return "STOP_CHARGING" if record.stop_charging else "KEEP_CHARGING"


def _nothing_of_the_kind() -> dict[str, Any]:
    """What no instance here can have."""
    return {
        "DisasterRecoverGroupId": "",
        "DisasterRecoverGroupIds": [],
        "HpcClusterId": "",
        "DedicatedClusterId": "",
        "EnableJumboFrame": False,
        "PartitionNumber": 0,
    }
