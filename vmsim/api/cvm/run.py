"""RunInstances: the request in the domain's words, or refused by the name of what is not simulated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from vmsim.api import paging, tags, times
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING, only
from vmsim.cloud import attributes, images, instances
from vmsim.model import charges, ids
from vmsim.model.errors import Malformed, Missing, UsageError
from vmsim.model.image import PUBLIC
from vmsim.model.launch import DataDiskRequest, LaunchRequest

_SYSTEM_DISK_GIB = 50
_DATA_DISK_STEP = 10
_LONGEST_TOKEN = 64
_LONGEST_DISK_NAME = 128
_MOST_BANDWIDTH = 65535
_LONGEST_KEY = 128
_LONGEST_VALUE = 256 * 1024
_TIMER_ACTION = "TerminateInstances"
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
REFUSED = {
    "InstanceChargeType": only("POSTPAID_BY_HOUR", "PREPAID", of="CDHPAID SPOTPAID CDCPAID"),
    "Placement.HostIds": NOTHING,
    "Placement.HostId": NOTHING,
    "Placement.RackId": NOTHING,
    "Placement.DedicatedResourcePackTenancy": NOTHING,
    "Placement.DedicatedResourcePackIds": NOTHING,
    "SystemDisk.DiskType": _DISK_TYPES,
    "SystemDisk.DiskId": NOTHING,
    "SystemDisk.Encrypt": NOTHING,
    "SystemDisk.KmsKeyId": NOTHING,
    "SystemDisk.CdcId": NOTHING,
    "DataDisks.DiskType": _DISK_TYPES,
    "DataDisks.DiskId": NOTHING,
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
    "DisasterRecoverGroupIds": NOTHING,
    "InstanceMarketOptions": NOTHING,
    "HpcClusterId": NOTHING,
    "DedicatedClusterId": NOTHING,
    "LaunchTemplate": NOTHING,
    "ChcIds": NOTHING,
    "PartitionNumber": NOTHING,
    "EnableJumboFrame": NOTHING,
    "ActionTimer.Externals": NOTHING,
    "NetworkInterfaces": NOTHING,
}
NO_AGENTS = {"EnhancedService": "its agents are neither installed nor shown"}
_OF_REPLIES = {f"ActionTimer.{name}": "of replies alone" for name in ("ActionTimerId", "Status", "InstanceId")}


@action("RunInstances", refused=REFUSED, without_effect={**NO_AGENTS, **_OF_REPLIES})
def run(call: Call) -> Reply:
    """Ids at once, PENDING; the machines are made afterwards. A dry run only checks."""
    asked = request(call.region, call.params)
    check_image_has_login(call, asked.image)
    launched = instances.launch(call.cloud, asked, caller=call.caller, request_id=call.request_id)
    return {"InstanceIdSet": [instance.id for instance in launched]}


def request(region: str, params: dict[str, Any]) -> LaunchRequest:
    """The request in the domain's words. Raises Refused or UsageError for what cannot be one."""
    placement = _required(params, "Placement")
    prepaid = _prepaid(params)
    topology = params.get("CpuTopology", {})
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
        fewest=params.get("MinCount", 0),
        name=params.get("InstanceName", ""),
        host_name=params.get("HostName", ""),
        system_disk_type=system_disk.get("DiskType") or LaunchRequest.system_disk_type,
        system_disk_gib=system_disk.get("DiskSize") or _SYSTEM_DISK_GIB,
        system_disk_name=_disk_name(system_disk),
        data_disks=tuple(_data_disk(disk) for disk in params.get("DataDisks", [])),
        vpc_id=_unless_default(network.get("VpcId", "")),
        subnet_id=_unless_default(network.get("SubnetId", "")),
        private_ips=tuple(network.get("PrivateIpAddresses", [])),
        bandwidth_out=_bandwidth(internet),
        public_ip=internet.get("PublicIpAssigned"),
        internet_charge_type=internet.get("InternetChargeType", ""),
        security_group_ids=paging.given_ids(params, "SecurityGroupIds", "sg"),
        password=login.get("Password", ""),
        key_ids=paging.given_ids(login, "KeyIds", "skey"),
        keep_image_login=keeps_image_login(login),
        user_data=params.get("UserData", ""),
        tags=tags.asked(params, "instance"),
        charge_type=params.get("InstanceChargeType") or LaunchRequest.charge_type,
        project_id=placement.get("ProjectId", 0),
        protected=params.get("DisableApiTermination", False),
        client_token=_client_token(params),
        dry_run=params.get("DryRun", False),
        prepaid_months=prepaid.get("Period", 0),
        renew_flag=prepaid.get("RenewFlag", ""),
        cam_role=attributes.check_role(params.get("CamRoleName", "")),
        metadata=_metadata(params.get("Metadata", {})),
        cores=topology.get("CoreCount", 0),
        threads_per_core=topology.get("ThreadPerCore", 0),
        terminate_at=_terminate_at(params.get("ActionTimer", {})),
    )


def _prepaid(params: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = params.get("InstanceChargePrepaid", {})
    if params.get("InstanceChargeType") == charges.PREPAID and not found:
        raise Missing("PREPAID needs InstanceChargePrepaid.", code="MissingParameter")
    return found


def _metadata(given: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in given.get("Items", []):
        key, value = item["Key"], item["Value"]
        if not 1 <= len(key.encode()) <= _LONGEST_KEY or len(value.encode()) > _LONGEST_VALUE:
            raise UsageError(
                f"A key of Metadata has 1 to {_LONGEST_KEY} bytes, a value at most {_LONGEST_VALUE}.",
                code="InvalidParameterValue.TooLarge",
            )
        if found.setdefault(key, value) != value:
            raise UsageError(f"The key {key} of Metadata is given twice.", code="InvalidParameterValue.Duplicate")
    return found


def _terminate_at(timer: dict[str, Any]) -> datetime | None:
    """When the launch's timer goes off; whether that is far enough away, the launch knows."""
    if not timer:
        return None
    for member in ("TimerAction", "ActionTime"):
        if not timer.get(member):
            raise Missing(f"ActionTimer.{member} is missing.", code="MissingParameter")
    if timer["TimerAction"] != _TIMER_ACTION:
        raise UsageError(f"ActionTimer.TimerAction can be {_TIMER_ACTION} alone.", code="InvalidParameterValue")
    return times.moment(timer["ActionTime"])


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
    return count


def _data_disk(disk: dict[str, Any]) -> DataDiskRequest:
    size: int = disk["DiskSize"]
    if size <= 0 or size % _DATA_DISK_STEP:
        raise UsageError(
            f"A data disk's size is a multiple of {_DATA_DISK_STEP} GiB, not {size}.",
            code="InvalidParameterValue.Range",
        )
    return DataDiskRequest(
        size_gib=size,
        type=disk.get("DiskType") or DataDiskRequest.type,
        name=_disk_name(disk),
        delete_with_instance=disk.get("DeleteWithInstance", True),
        snapshot_id=_snapshot(disk),
    )


def _disk_name(disk: dict[str, Any]) -> str:
    name: str = disk.get("DiskName", "")
    if len(name) > _LONGEST_DISK_NAME:
        raise UsageError(
            f"A disk's name has at most {_LONGEST_DISK_NAME} characters.", code="InvalidParameterValue.TooLarge"
        )
    return name


def _snapshot(disk: dict[str, Any]) -> str:
    given: str = disk.get("SnapshotId", "")
    if given and not ids.is_id("snap", given):
        raise Malformed(f"{given!r} is no snapshot id.", code="InvalidParameterValue.SnapshotIdMalformed")
    return given


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


def keeps_image_login(login: dict[str, Any]) -> bool:
    given: str = login.get("KeepImageLogin", "").lower()
    if given not in ("", "true", "false"):
        raise UsageError(f"KeepImageLogin is {given!r}; it is true or false.", code="InvalidParameterValue")
    return given == "true"


def check_image_has_login(call: Call, image_id: str) -> None:
    """A public image has none that could be kept: nobody would get in."""
    keeps = keeps_image_login(call.params.get("LoginSettings", {}))
    if keeps and images.get(call.cloud, image_id, call.region).type == PUBLIC:
        raise UsageError(
            f"KeepImageLogin is for images of one's own; {image_id} is a public one.",
            code="InvalidParameter.ParameterConflict",
        )


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
