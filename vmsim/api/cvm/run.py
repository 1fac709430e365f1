"""RunInstances: the request in the domain's words, or refused by the name of what is not simulated."""

from __future__ import annotations

from typing import Any

from vmsim.api import paging, tags
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING, only, refuse
from vmsim.cloud import instances
from vmsim.model.errors import Missing, NotSimulated, UsageError
from vmsim.model.launch import DataDiskRequest, LaunchRequest

_SYSTEM_DISK_GIB = 50
_DATA_DISK_STEP = 10
_LONGEST_TOKEN = 64
_LONGEST_DISK_NAME = 128
_MOST_BANDWIDTH = 65535
_DEFAULT = "DEFAULT"
_DISK_TYPES = only(
    "CLOUD_BASIC",
    "CLOUD_PREMIUM",
    "CLOUD_SSD",
    "CLOUD_BSSD",
    "CLOUD_HSSD",
    "CLOUD_TSSD",
    of="LOCAL_BASIC LOCAL_SSD LOCAL_NVME LOCAL_PRO CLOUD_BIGDATA CLOUD_HIGHIO",
)
# EnhancedService is missing on purpose: its agents are neither installed nor shown, whatever it says.
_SIMULATED = {
    "InstanceChargeType": only("POSTPAID_BY_HOUR", of="PREPAID CDHPAID SPOTPAID CDCPAID"),
    "InstanceChargePrepaid": NOTHING,
    "Placement.HostIds": NOTHING,
    "Placement.HostId": NOTHING,
    "Placement.RackId": NOTHING,
    "Placement.DedicatedResourcePackTenancy": NOTHING,
    "Placement.DedicatedResourcePackIds": NOTHING,
    "SystemDisk.DiskType": _DISK_TYPES,
    "SystemDisk.DiskId": NOTHING,
    "SystemDisk.DiskName": NOTHING,
    "SystemDisk.Encrypt": NOTHING,
    "SystemDisk.KmsKeyId": NOTHING,
    "SystemDisk.CdcId": NOTHING,
    "DataDisks.DiskType": _DISK_TYPES,
    "DataDisks.DiskId": NOTHING,
    "DataDisks.SnapshotId": NOTHING,
    "DataDisks.Encrypt": NOTHING,
    "DataDisks.KmsKeyId": NOTHING,
    "DataDisks.ThroughputPerformance": NOTHING,
    "DataDisks.CdcId": NOTHING,
    "DataDisks.BurstPerformance": NOTHING,
    "VirtualPrivateCloud.AsVpcGateway": NOTHING,
    "VirtualPrivateCloud.Ipv6AddressCount": NOTHING,
    "InternetAccessible.InternetChargeType": only(
        "TRAFFIC_POSTPAID_BY_HOUR",
        "BANDWIDTH_POSTPAID_BY_HOUR",
        of="BANDWIDTH_PREPAID BANDWIDTH_PACKAGE",
    ),
    "InternetAccessible.BandwidthPackageId": NOTHING,
    "InternetAccessible.InternetServiceProvider": only("BGP", of="CMCC CTCC CUCC"),
    "InternetAccessible.IPv4AddressType": only("WanIP", of="HighQualityEIP AntiDDoSEIP"),
    "InternetAccessible.IPv6AddressType": NOTHING,
    "InternetAccessible.AntiDDoSPackageId": NOTHING,
    "SecurityGroupIds": NOTHING,
    "ActionTimer": NOTHING,
    "DisasterRecoverGroupIds": NOTHING,
    "InstanceMarketOptions": NOTHING,
    "Metadata": NOTHING,
    "CpuTopology": NOTHING,
    "CamRoleName": NOTHING,
    "HpcClusterId": NOTHING,
    "DedicatedClusterId": NOTHING,
    "LaunchTemplate": NOTHING,
    "ChcIds": NOTHING,
    "PartitionNumber": NOTHING,
    "EnableJumboFrame": NOTHING,
    "NetworkInterfaces": NOTHING,
}


@action("RunInstances")
def run(call: Call) -> Reply:
    """Ids at once, PENDING; the machines are made afterwards. A dry run only checks."""
    launched = instances.launch(
        call.cloud, request(call.region, call.params), caller=call.caller, request_id=call.request_id
    )
    return {"InstanceIdSet": [instance.id for instance in launched]}


def request(region: str, params: dict[str, Any]) -> LaunchRequest:
    """The request in the domain's words. Raises Refused or UsageError for what cannot be one."""
    refuse(params, _SIMULATED)
    placement = _required(params, "Placement")
    system_disk = params.get("SystemDisk", {})
    internet = params.get("InternetAccessible", {})
    network = params.get("VirtualPrivateCloud", {})
    login = params.get("LoginSettings", {})
    return LaunchRequest(
        region=region,
        zone=placement["Zone"],
        image=_required(params, "ImageId"),
        type_name=params.get("InstanceType", ""),
        count=_count(params),
        name=params.get("InstanceName", ""),
        host_name=params.get("HostName", ""),
        system_disk_type=system_disk.get("DiskType") or LaunchRequest.system_disk_type,
        system_disk_gib=system_disk.get("DiskSize") or _SYSTEM_DISK_GIB,
        data_disks=tuple(_data_disk(disk) for disk in params.get("DataDisks", [])),
        vpc_id=_unless_default(network.get("VpcId", "")),
        subnet_id=_unless_default(network.get("SubnetId", "")),
        private_ips=tuple(network.get("PrivateIpAddresses", [])),
        bandwidth_out=_bandwidth(internet),
        public_ip=internet.get("PublicIpAssigned"),
        internet_charge_type=internet.get("InternetChargeType", ""),
        password=login.get("Password", ""),
        key_ids=paging.given_ids(login, "KeyIds", "skey"),
        keep_image_login=_keeps_image_login(login),
        user_data=params.get("UserData", ""),
        tags=tags.asked(params, "instance"),
        charge_type=params.get("InstanceChargeType") or LaunchRequest.charge_type,
        project_id=placement.get("ProjectId", 0),
        protected=params.get("DisableApiTermination", False),
        client_token=_client_token(params),
        dry_run=params.get("DryRun", False),
    )


def _required(params: dict[str, Any], name: str) -> Any:
    """Required here and not by the schema, because a launch template could stand for it."""
    if not params.get(name):
        raise Missing(f"The parameter {name} is missing.", code="MissingParameter")
    return params[name]


def _count(params: dict[str, Any]) -> int:
    count: int = params.get("InstanceCount", 1)
    fewest: int = params.get("MinCount", count)
    if not 1 <= fewest <= count:
        raise UsageError(
            f"MinCount is {fewest}; it is 1 to InstanceCount, {count}.",
            code="InvalidParameterValue.InvalidParameterMinCount"
            if "MinCount" in params
            else "InvalidParameterValue.Range",
        )
    if fewest != count:
        raise NotSimulated("MinCount below InstanceCount is not simulated: all instances are launched, or none.")
    return count


def _data_disk(disk: dict[str, Any]) -> DataDiskRequest:
    size: int = disk["DiskSize"]
    if size <= 0 or size % _DATA_DISK_STEP:
        raise UsageError(
            f"A data disk's size is a multiple of {_DATA_DISK_STEP} GiB, not {size}.",
            code="InvalidParameterValue.Range",
        )
    if not disk.get("DeleteWithInstance", True):
        raise NotSimulated("DataDisks.DeleteWithInstance=false is not simulated: a data disk goes with its instance.")
    name: str = disk.get("DiskName", "")
    if len(name) > _LONGEST_DISK_NAME:
        raise UsageError(
            f"A disk's name has at most {_LONGEST_DISK_NAME} characters.", code="InvalidParameterValue.TooLarge"
        )
    return DataDiskRequest(
        size_gib=size,
        type=disk.get("DiskType") or DataDiskRequest.type,
        name=name,
    )


def _bandwidth(internet: dict[str, Any]) -> int:
    bandwidth: int = internet.get("InternetMaxBandwidthOut", 0)
    if not 0 <= bandwidth <= _MOST_BANDWIDTH:
        raise UsageError(
            f"InternetMaxBandwidthOut is {bandwidth}; it is 0 to {_MOST_BANDWIDTH}.",
            code="InvalidParameterValue.Range",
        )
    if bandwidth == 0 and internet.get("PublicIpAssigned"):
        raise UsageError(
            "PublicIpAssigned needs an InternetMaxBandwidthOut above 0.", code="InvalidParameterCombination"
        )
    return bandwidth


def _keeps_image_login(login: dict[str, Any]) -> bool:
    given: str = login.get("KeepImageLogin", "").lower()
    if given not in ("", "true", "false"):
        raise UsageError(f"KeepImageLogin is {given!r}; it is true or false.", code="InvalidParameterValue")
    return given == "true"


def _client_token(params: dict[str, Any]) -> str:
    token: str = params.get("ClientToken", "")
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        raise UsageError(
            f"ClientToken has more than {_LONGEST_TOKEN} characters, or others than ASCII.",
            code="InvalidClientToken.TooLong",
        )
    return token


def _unless_default(ident: str) -> str:
    return "" if ident == _DEFAULT else ident
