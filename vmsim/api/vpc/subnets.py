"""CreateSubnet, CreateSubnets, DescribeSubnets, ModifySubnetAttribute, DeleteSubnet and CheckDefaultSubnet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vmsim.api import tags, times
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING, only
from vmsim.api.vpc import pages
from vmsim.cloud import network_query, subnets, vpcs
from vmsim.cloud.network_query import Counted
from vmsim.cloud.subnets import SubnetRequest
from vmsim.model.errors import Missing

_NO_IPV6 = {name: NOTHING for name in ("StackType", "Ipv6CidrBlock", "CdcId")}


@action("CreateSubnet", service="vpc", refused=_NO_IPV6)
def create(call: Call) -> Reply:
    (made,) = _created(call, [call.params])
    return {"Subnet": made}


@action(
    "CreateSubnets",
    service="vpc",
    refused={
        "Subnets.StackType": NOTHING,
        "Subnets.Ipv6CidrBlock": NOTHING,
        "Subnets.RouteTableId": NOTHING,
        "CdcId": NOTHING,
    },
)
def create_several(call: Call) -> Reply:
    if not call.params["Subnets"]:
        raise Missing("Subnets is empty.", code="MissingParameter")
    return {"SubnetSet": _created(call, call.params["Subnets"])}


@action("DescribeSubnets", service="vpc", refused={"MaxResults": NOTHING, "NextToken": NOTHING})
def describe(call: Call) -> Reply:
    named, filtered = pages.asked(call.params, "SubnetIds", "subnet")
    page = network_query.query_subnets(
        call.cloud,
        call.region,
        named=named,
        filters=filtered,
        offset=pages.offset(call.params),
        limit=pages.limit(call.params),
    )
    return {"TotalCount": page.total, "SubnetSet": _views(call, page.items), "NextToken": ""}


@action("ModifySubnetAttribute", service="vpc", refused={"EnableBroadcast": only("false", of="true")})
def modify(call: Call) -> Reply:
    subnets.modify(call.cloud, call.region, call.params["SubnetId"], call.params.get("SubnetName"))
    return {}


@action("DeleteSubnet", service="vpc")
def delete(call: Call) -> Reply:
    subnets.delete(call.cloud, call.region, call.params["SubnetId"])
    return {}


@action("CheckDefaultSubnet", service="vpc")
def check_default(call: Call) -> Reply:
    """Could one be made? There is one for a zone."""
    zone = call.params.get("Zone", "")
    if not zone:
        raise Missing("Zone is missing.", code="MissingParameter")
    return {"Result": not subnets.has_default(call.cloud, call.region, zone)}


def _created(call: Call, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    labels = tags.listed(call.params.get("Tags", []))
    made = subnets.create(call.cloud, call.region, call.params["VpcId"], [_request(each) for each in wanted], labels)
    return _views(call, [Counted(subnet, 0) for subnet in made])


def _request(given: Mapping[str, Any]) -> SubnetRequest:
    if not given.get("CidrBlock"):
        raise Missing("CidrBlock is missing.", code="MissingParameter")
    return SubnetRequest(given["SubnetName"], given["Zone"], given["CidrBlock"])


def _views(call: Call, found: Sequence[Counted]) -> list[dict[str, Any]]:
    known = vpcs.by_ids(call.cloud, [one.subnet.vpc_id for one in found])
    return [_view(one, known[one.subnet.vpc_id].route_table_id) for one in found if one.subnet.vpc_id in known]


def _view(one: Counted, route_table: str) -> dict[str, Any]:
    subnet = one.subnet
    return {
        "VpcId": subnet.vpc_id,
        "SubnetId": subnet.id,
        "SubnetName": subnet.name,
        "CidrBlock": str(subnet.cidr),
        "IsDefault": subnet.default,
        "Zone": subnet.zone,
        "RouteTableId": route_table,
        "CreatedTime": times.of_china(subnet.created) if subnet.created else "",
        "AvailableIpAddressCount": subnet.usable - one.taken,
        "TotalIpAddressCount": subnet.cidr.num_addresses,
        "TagSet": tags.shown(subnet.tags),
        **_nothing_of_the_kind(),
    }


def _nothing_of_the_kind() -> dict[str, Any]:
    """What no subnet here can have."""
    return {
        "EnableBroadcast": False,
        "Ipv6CidrBlock": "",
        "NetworkAclId": "",
        "IsRemoteVpcSnat": False,
        "CdcId": "",
        "IsCdcSubnet": 0,
    }
