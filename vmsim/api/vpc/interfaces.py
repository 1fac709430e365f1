"""What is in a VPC: instances, their one network card each, and the addresses in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vmsim.api import paging, times
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING
from vmsim.cloud import elastic_query, instances
from vmsim.cloud.account import owner
from vmsim.cloud.instances import InstanceQuery, Page
from vmsim.cloud.query import Filter
from vmsim.model import ids
from vmsim.model.address import Address
from vmsim.model.errors import NotFound, UsageError
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState
from vmsim.model.network import instance_of, interface_id

_OF_CARDS: Mapping[str, str] = {
    "vpc-id": "vpc-id",
    "subnet-id": "subnet-id",
    "network-interface-id": "instance-id",
    "attachment.instance-id": "instance-id",
    "groups.security-group-id": "security-group-id",
    "address-ip": "private-ip-address",
}
"""Filters of cards, and those of instances that mean the same."""
_OF_INSTANCES = {"vpc-id": "vpc-id", "instance-id": "instance-id", "instance-name": "instance-name"}
_THERE = Filter(
    "instance-state", tuple(state.value for state in InstanceState if state is not InstanceState.LAUNCH_FAILED)
)
"""Of a launch that failed there is a record alone: neither card nor address."""
_RANGE = "InvalidParameterValue.Range"


@action("DescribeVpcInstances", service="vpc")
def vpc_instances(call: Call) -> Reply:
    page = _page(call, [_translated(one, _OF_INSTANCES) for one in paging.filters(call.params)])
    return {"TotalCount": page.total, "InstanceSet": [_instance(each) for each in page.items]}


@action("DescribeNetworkInterfaces", service="vpc")
def describe(call: Call) -> Reply:
    named = paging.given_ids(call.params, "NetworkInterfaceIds", "eni")
    filtered = paging.filters(call.params)
    paging.not_both(named, filtered, "NetworkInterfaceIds")
    asked = [_translated(one, _OF_CARDS) for one in filtered]
    if named:
        asked.append(Filter("instance-id", tuple(map(instance_of, named))))
    page = _page(call, asked)
    found = {interface_id(each.id) for each in page.items}
    if len(named) > page.total:
        raise NotFound("network interface", next((each for each in named if each not in found), named[0]))
    bound = elastic_query.of_instances(call.cloud, [each.id for each in page.items])
    account = str(owner(call.cloud).uin)
    cards = [_card(each, bound.get(each.id), account) for each in page.items]
    return {"TotalCount": page.total, "NetworkInterfaceSet": cards}


@action("DescribeUsedIpAddress", service="vpc", refused={"Filters": NOTHING})
def used_addresses(call: Call) -> Reply:
    params = call.params
    asked = [Filter("vpc-id", (ids.check("vpc", params["VpcId"]),))]
    if params.get("SubnetId"):
        asked.append(Filter("subnet-id", (ids.check("subnet", params["SubnetId"]),)))
    if params.get("IpAddresses"):
        asked.append(Filter("private-ip-address", tuple(params["IpAddresses"])))
    page = _page(call, asked)
    return {"TotalCount": page.total, "IpAddressStates": [_used(each) for each in page.items]}


def _page(call: Call, asked: Sequence[Filter]) -> Page[Instance]:
    return instances.query(
        call.cloud,
        InstanceQuery(
            region=call.region,
            filters=(*asked, _THERE),
            offset=paging.offset(call.params, _RANGE),
            limit=paging.limit(call.params, _RANGE),
        ),
    )


def _translated(asked: Filter, known: Mapping[str, str]) -> Filter:
    if asked.name not in known:
        raise UsageError(
            f"There is no filter {asked.name!r}.", hint=f"Known: {', '.join(known)}.", code="InvalidFilter"
        )
    if asked.name == "network-interface-id":
        return Filter("instance-id", tuple(map(instance_of, asked.values)))
    return Filter(known[asked.name], asked.values)


def _instance(record: Instance) -> dict[str, Any]:
    return {
        "VpcId": record.vpc_id,
        "SubnetId": record.subnet_id,
        "InstanceId": record.id,
        "InstanceName": record.name,
        "InstanceState": record.state.value,
        "InstanceType": record.type_name,
        "CPU": record.cpu,
        "Memory": -(-record.memory_mib // 1024),
        "CreatedTime": times.of_china(record.created),
        "EniLimit": 1,
        "EniIpLimit": 1,
        "InstanceEniCount": 1,
    }


def _card(record: Instance, elastic: Address | None, account: str) -> dict[str, Any]:
    created = times.of_china(record.created)
    return {
        "NetworkInterfaceId": interface_id(record.id),
        "NetworkInterfaceName": "",
        "NetworkInterfaceDescription": "",
        "VpcId": record.vpc_id,
        "SubnetId": record.subnet_id,
        "Zone": record.zone,
        "GroupSet": list(record.security_group_ids),
        "Primary": True,
        "MacAddress": record.mac.upper(),
        "State": "AVAILABLE",
        "PrivateIpAddressSet": [_private(record, elastic)],
        "Attachment": {
            "InstanceId": record.id,
            "DeviceIndex": 0,
            "InstanceAccountId": account,
            "AttachTime": created,
        },
        "CreatedTime": created,
        "Ipv6AddressSet": [],
        "TagSet": [],
        "EniType": 0,
        "Business": "cvm",
        "CdcId": "",
        "AttachType": 1,
    }


def _private(record: Instance, elastic: Address | None) -> dict[str, Any]:
    return {
        "PrivateIpAddress": record.private_ip,
        "Primary": True,
        "PublicIpAddress": record.public_ip or "",
        "AddressId": elastic.id if elastic else "",
        "Description": "",
        "IsWanIpBlocked": False,
        "State": "AVAILABLE",
    }


def _used(record: Instance) -> dict[str, Any]:
    return {
        "VpcId": record.vpc_id,
        "SubnetId": record.subnet_id,
        "IpAddress": record.private_ip,
        "ResourceType": "CVM",
        "ResourceId": record.id,
    }
