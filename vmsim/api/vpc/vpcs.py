"""CreateVpc, DescribeVpcs, ModifyVpcAttribute, DeleteVpc, CreateDefaultVpc, and the limits of it all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vmsim.api import tags, times
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING, only
from vmsim.api.vpc import pages
from vmsim.cloud import network_query, subnets, vpcs
from vmsim.model.errors import Missing, NotSimulated
from vmsim.model.network import CLOUDS_DNS, Vpc

_NO_IPV6 = {name: NOTHING for name in ("StackType", "Ipv6CidrBlock", "AddressType")}
_NO_ROUTES = {"EnableRouteVpcPublish": NOTHING, "EnableRouteVpcPublishIpv6": NOTHING}
_LIMITS: Mapping[str, int] = {
    "appid-max-vpcs": vpcs.MOST_OF_A_REGION,
    "vpc-max-subnets": subnets.MOST_OF_A_VPC,
    "vpc-max-route-tables": 1,
}


@action("CreateVpc", service="vpc", refused={**_NO_IPV6, **_NO_ROUTES, "EnableMulticast": only("false", of="true")})
def create(call: Call) -> Reply:
    params = call.params
    if not params.get("CidrBlock"):
        raise Missing("CidrBlock is missing.", code="MissingParameter")
    made = vpcs.create(
        call.cloud, call.region, params["CidrBlock"], _options(params), tags.listed(params.get("Tags", []))
    )
    return {"Vpc": view(made)}


@action("DescribeVpcs", service="vpc")
def describe(call: Call) -> Reply:
    named, filtered = pages.asked(call.params, "VpcIds", "vpc")
    page = network_query.query_vpcs(
        call.cloud,
        call.region,
        named=named,
        filters=filtered,
        offset=pages.offset(call.params),
        limit=pages.limit(call.params),
    )
    return {"TotalCount": page.total, "VpcSet": [view(vpc) for vpc in page.items]}


@action(
    "ModifyVpcAttribute",
    service="vpc",
    refused={**_NO_ROUTES, "EnableCdcPublish": NOTHING, "EnableMulticast": only("false", of="true")},
    limits={
        "DnsServers": "only while no instance in the VPC runs",
        "DomainName": "only while no instance in the VPC runs",
    },
)
def modify(call: Call) -> Reply:
    vpcs.modify(call.cloud, call.region, call.params["VpcId"], _options(call.params))
    return {}


@action("DeleteVpc", service="vpc")
def delete(call: Call) -> Reply:
    vpcs.delete(call.cloud, call.region, call.params["VpcId"])
    return {}


@action("CreateDefaultVpc", service="vpc")
def create_default(call: Call) -> Reply:
    """Idempotent; Force makes it also where it is there already, which comes to the same."""
    call.params.get("Force", False)
    vpc, subnet_id = vpcs.make_default(call.cloud, call.region, call.params.get("Zone", ""))
    (found,) = (each for each in subnets.of_vpcs(call.cloud, [vpc.id]) if each.id == subnet_id)
    return {
        "Vpc": {
            "VpcId": vpc.id,
            "SubnetId": found.id,
            "VpcName": vpc.name,
            "SubnetName": found.name,
            "CidrBlock": str(vpc.cidr),
        }
    }


@action("DescribeVpcLimits", service="vpc", limits={"LimitTypes": f"only {', '.join(_LIMITS)}"})
def limits(call: Call) -> Reply:
    wanted: list[str] = call.params["LimitTypes"]
    if unknown := [each for each in wanted if each not in _LIMITS]:
        raise NotSimulated(f"LimitTypes={unknown[0]} is not simulated; {', '.join(_LIMITS)} are.")
    return {"VpcLimitSet": [{"LimitType": each, "LimitValue": _LIMITS[each]} for each in wanted]}


def _options(params: Mapping[str, Any]) -> vpcs.Options:
    servers = params.get("DnsServers")
    return vpcs.Options(
        name=params.get("VpcName"),
        dns_servers=None if servers is None else tuple(servers),
        domain_name=params.get("DomainName"),
    )


def view(vpc: Vpc) -> dict[str, Any]:
    return {
        "VpcId": vpc.id,
        "VpcName": vpc.name,
        "CidrBlock": str(vpc.cidr),
        "IsDefault": vpc.default,
        "CreatedTime": times.of_china(vpc.created) if vpc.created else "",
        "DnsServerSet": list(vpc.dns_servers or CLOUDS_DNS),
        "DomainName": vpc.domain_name,
        "DhcpOptionsId": vpc.id.replace("vpc", "dopt", 1),
        "EnableDhcp": True,
        "EnableMulticast": vpc.multicast,
        "TagSet": tags.shown(vpc.tags),
        **_nothing_of_the_kind(),
    }


def _nothing_of_the_kind() -> dict[str, Any]:
    """What no VPC here can have."""
    return {
        "AssistantCidrSet": [],
        "EnableRouteVpcPublish": False,
        "EnableRouteVpcPublishIpv6": False,
        "Ipv6CidrBlock": "",
        "Ipv6CidrBlockSet": [],
    }
