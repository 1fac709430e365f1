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


async def listing(request: Request) -> Response:
    cloud = cloud_of(request)
    region = request.query_params.get("region", cloud.settings.region)
    return JSONResponse(await run_in_threadpool(_there, cloud, region))


def _there(cloud: Cloud, region: str) -> dict[str, list[dict[str, Any]]]:
    vpcs = {vpc.id: vpc for vpc in network_query.query_vpcs(cloud, region).items}
    groups = security_group_query.query(cloud, GroupQuery(region, limit=None)).items
    used = security_groups.uses(cloud, region, [group.id for group in groups])
    eips = elastic_query.query(cloud, region, (), (), 0, None)
    return {
        "subnets": [
            views.plain(each.subnet)
            | {"vpc": views.plain(vpcs[each.subnet.vpc_id]), "free": each.subnet.usable - each.taken}
            for each in network_query.query_subnets(cloud, region).items
        ],
        "security_groups": [views.plain(each.group) | {"instance_ids": list(each.instance_ids)} for each in used],
        "addresses": [views.plain(each.address) for each in eips.items],
    }


ROUTES = [Route("/v1/networks", listing, methods=["GET"])]
