"""DescribeRouteTables: each VPC has one, the default one, and all its subnets use it. There are no routes but those
between its subnets, which need no entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vmsim.api import times
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING
from vmsim.api.vpc import pages
from vmsim.cloud import network_query, subnets
from vmsim.cloud.query import Filter
from vmsim.model.errors import NotFound, UsageError
from vmsim.model.network import Vpc

_NAME = "default"


@action("DescribeRouteTables", service="vpc", refused={"NeedRouterInfo": NOTHING})
def describe(call: Call) -> Reply:
    named, filtered = pages.asked(call.params, "RouteTableIds", "rtb")
    offset, limit = pages.offset(call.params), pages.limit(call.params)
    every = network_query.query_vpcs(call.cloud, call.region).items
    if missing := sorted(set(named) - {vpc.route_table_id for vpc in every}):
        raise NotFound("route table", missing[0], code="ResourceNotFound")
    found = [vpc for vpc in every if not named or vpc.route_table_id in named]
    found = [vpc for vpc in found if all(_fits(vpc, one) for one in filtered)]
    page = found[offset : offset + limit]
    within: dict[str, list[str]] = {vpc.id: [] for vpc in page}
    for subnet in subnets.of_vpcs(call.cloud, list(within)):
        within[subnet.vpc_id].append(subnet.id)
    return {"TotalCount": len(found), "RouteTableSet": [_view(vpc, within[vpc.id]) for vpc in page]}


def _fits(vpc: Vpc, asked: Filter) -> bool:
    if asked.name.startswith("tag"):
        return False  # a default one has no tags
    if asked.name not in _VALUES:
        raise UsageError(
            f"There is no filter {asked.name!r}.", hint=f"Known: {', '.join(_VALUES)}.", code="InvalidFilter"
        )
    return _VALUES[asked.name](vpc) in asked.values


_VALUES: Mapping[str, Callable[[Vpc], str]] = {
    "route-table-id": lambda vpc: vpc.route_table_id,
    "route-table-name": lambda _: _NAME,
    "vpc-id": lambda vpc: vpc.id,
    "association.main": lambda _: "true",
}


def _view(vpc: Vpc, within: Sequence[str]) -> dict[str, Any]:
    table = vpc.route_table_id
    return {
        "VpcId": vpc.id,
        "RouteTableId": table,
        "RouteTableName": _NAME,
        "Main": True,
        "AssociationSet": [{"SubnetId": subnet, "RouteTableId": table} for subnet in within],
        "RouteSet": [],
        "CreatedTime": times.of_china(vpc.created) if vpc.created else "",
        "TagSet": [],
        "LocalCidrForCcn": [],
    }
