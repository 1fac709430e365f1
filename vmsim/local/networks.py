"""What networks there are, on the local API: subnets, security groups, EIPs. They are made and changed by the cloud's
own API."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import elastic_query, network_query, security_group_query, security_groups
from vmsim.cloud.context import Cloud
from vmsim.cloud.security_group_query import GroupQuery
from vmsim.local import views
from vmsim.local.requests import cloud_of
from vmsim.model.regions import region


async def listing(request: Request) -> Response:
    cloud = cloud_of(request)
    wanted = region(request.query_params.get("region", cloud.settings.region))
    return JSONResponse(await run_in_threadpool(_there, cloud, wanted.name))


def _there(cloud: Cloud, name: str) -> dict[str, list[dict[str, Any]]]:
    subnets = network_query.query_subnets(cloud, name).items
    # After the subnets, each of which was made in a VPC; one that has gone meanwhile has taken its subnets along.
    vpcs = {vpc.id: vpc for vpc in network_query.query_vpcs(cloud, name).items}
    groups = security_group_query.query(cloud, GroupQuery(name, limit=None)).items
    used = security_groups.uses(cloud, name, [group.id for group in groups])
    eips = elastic_query.query(cloud, name, (), (), 0, None)
    return {
        "subnets": [
            views.plain(each.subnet)
            | {"vpc": views.plain(vpcs[each.subnet.vpc_id]), "free": each.subnet.usable - each.taken}
            for each in subnets
            if each.subnet.vpc_id in vpcs
        ],
        "security_groups": [views.plain(each.group) | {"instance_ids": list(each.instance_ids)} for each in used],
        "addresses": [views.plain(each.address) for each in eips.items],
    }


ROUTES = [Route("/v1/networks", listing, methods=["GET"])]
