"""An instance as the legacy DescribeInstances shows it. Times are the cloud's own, UTC+8."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from vmsim.api.legacy.identity import number, old_id
from vmsim.api.legacy.request import short_region
from vmsim.model.image import Image
from vmsim.model.instance import Disk, Instance
from vmsim.model.lifecycle import InstanceState, Verb
from vmsim.model.regions import region

NO_END = "0000-00-00 00:00"
_CHINA = timezone(timedelta(hours=8))
STATUS = {
    InstanceState.LAUNCH_FAILED: 1,
    InstanceState.RUNNING: 2,
    InstanceState.PENDING: 3,
    InstanceState.STOPPED: 4,
    InstanceState.SHUTDOWN: 5,
    InstanceState.TERMINATING: 6,
    InstanceState.REBOOTING: 7,
    InstanceState.STARTING: 8,
    InstanceState.STOPPING: 9,
}
"""The published numbers."""
EDITING = {
    Verb.RESET_PASSWORD: 10,
    Verb.RESET_TYPE: 19,
    Verb.RESIZE_DISK: 19,
    Verb.ASSOCIATE_KEYS: 20,
    Verb.DISASSOCIATE_KEYS: 20,
}
"""What shows instead while one of these is under way."""
_PAY_MODES = {"PREPAID": 1}
_POSTPAID = 2
_NETWORK_PAY_MODES = {"BANDWIDTH_PREPAID": 1, "TRAFFIC_POSTPAID_BY_HOUR": 2, "BANDWIDTH_POSTPAID_BY_HOUR": 3}
_BY_TRAFFIC = 2
_DISK_TYPES = {"LOCAL_BASIC": 1, "CLOUD_BASIC": 2, "LOCAL_SSD": 3, "CLOUD_SSD": 4, "CLOUD_PREMIUM": 5}
_CLOUD_SSD = 4


def status(record: Instance) -> int:
    if record.operating and record.latest.verb in EDITING:
        return EDITING[record.latest.verb]
    return STATUS[record.state]


def instance(record: Instance, image: Image | None, changed: datetime) -> dict[str, Any]:
    """`changed` is when its state last did."""
    return {
        "instanceId": old_id(record),
        "unInstanceId": record.id,
        "uuid": record.uuid,
        "instanceName": record.name,
        "status": status(record),
        "statusTime": moment(changed),
        "createTime": moment(record.created),
        "deadlineTime": moment(record.expires) if record.expires else NO_END,
        "lanIp": record.private_ip,
        "wanIpSet": [record.public_ip] if record.public_ip else [],
        "cpu": record.cpu,
        "mem": -(-record.memory_mib // 1024),
        "os": image.os_name if image else "",
        "Region": short_region(record.region),
        **_zone(record),
        "vpcId": number(record.vpc_id),
        "subnetId": number(record.subnet_id),
        "isVpcGateway": 0,
        "diskInfo": _disks(record),
        "cvmPayMode": _PAY_MODES.get(record.charge_type, _POSTPAID),
        "networkPayMode": _NETWORK_PAY_MODES.get(record.internet_charge_type, _BY_TRAFFIC),
        "bandwidth": record.bandwidth_out,
        "autoRenew": int(record.renew_flag == "NOTIFY_AND_AUTO_RENEW"),
        "projectId": record.project_id,
        "imageId": number(record.image_id),
        "unImgId": record.image_id,
        "imageType": "Private image" if image and image.type == "PRIVATE_IMAGE" else "Public image",
        "deviceClass": record.type_name,
    }


def zone_id(record: Instance | Disk) -> int:
    return int(region(record.region).zone_id(_zone_number(record)))


def _zone_number(record: Instance | Disk) -> int:
    return int(record.zone.rpartition("-")[2])


def _zone(record: Instance) -> dict[str, Any]:
    city = region(record.region).english.partition("(")[2].rstrip(")")
    return {"zoneId": zone_id(record), "zoneName": f"{city} Zone {_zone_number(record)}"}


def _disks(record: Instance) -> dict[str, Any]:
    """One data disk is all that this form has room for."""
    root = record.system_disk
    shown = {"rootId": root.id, "rootSize": root.size_gib, "rootType": _disk_type(root)}
    for disk in record.data_disks[:1]:
        shown |= {"storageId": disk.id, "storageSize": disk.size_gib, "storageType": _disk_type(disk)}
    return shown


def _disk_type(disk: Disk) -> int:
    return _DISK_TYPES.get(disk.type, _CLOUD_SSD)


def moment(when: datetime) -> str:
    return when.astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S")
