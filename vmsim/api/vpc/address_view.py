"""A public address as DescribeAddresses shows it: every member that is published, in Tencent's words."""

from __future__ import annotations

from typing import Any

from vmsim.api import tags, times
from vmsim.cloud.elastic_query import Shown
from vmsim.model.network import interface_id


def address(one: Shown) -> dict[str, Any]:
    record, instance = one.address, one.instance
    return {
        "AddressId": record.id,
        "AddressName": record.name,
        "AddressStatus": record.status.value,
        "AddressIp": record.ip,
        "AddressType": one.kind,
        "InstanceId": record.instance_id,
        "InstanceType": "CVM" if instance else None,
        "NetworkInterfaceId": interface_id(instance.id) if instance else "",
        "PrivateAddressIp": instance.private_ip if instance else "",
        "CreatedTime": times.iso(record.created),
        "IsEipDirectConnection": record.direct,
        "InternetServiceProvider": record.isp,
        "Bandwidth": record.bandwidth,
        "InternetChargeType": record.charge_type,
        "IsArrears": one.arrears,
        "DeadlineDate": times.iso(record.deadline) if record.deadline else None,
        "RenewFlag": record.renew_flag,
        "TagSet": tags.shown(record.tags),
        **_nothing_of_the_kind(),
    }


def _nothing_of_the_kind() -> dict[str, Any]:
    """What no address here can have."""
    return {
        "IsBlocked": False,
        "CascadeRelease": False,
        "EipAlgType": {"Ftp": True, "Sip": True},
        "LocalBgp": False,
        "Egress": "center_egress1",
        "AntiDDoSPackageId": "",
        "BandwidthPackageId": None,
        "UnVpcId": "",
        "DedicatedClusterId": "",
        "EipVisibleOnEni": False,
    }
