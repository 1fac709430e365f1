"""Instances on the local API: list, show, launch, rename, protect, readiness, serial log, statistics."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import doors, instances, network_names, operations_log, progress, readouts
from vmsim.cloud.launch import launch as launch_instances
from vmsim.cloud.query import InstanceQuery, query
from vmsim.local import fields, views
from vmsim.local.requests import body_of, caller_of, cloud_of, flag_of, number_of, request_id_of, text_of
from vmsim.local.streams import ndjson
from vmsim.model.launch import LaunchRequest
from vmsim.model.readiness import Rung

_LAUNCH_FIELDS = fields.of(LaunchRequest, "terminate_at")


async def listing(request: Request) -> Response:
    wanted = InstanceQuery(
        region=request.query_params.get("region"), ids=tuple(request.query_params.getlist("id")), limit=None
    )
    page = await run_in_threadpool(query, cloud_of(request), wanted)
    published = await run_in_threadpool(doors.listing, cloud_of(request))
    return JSONResponse({"instances": [views.instance(item, published=published) for item in page.items]})


async def show(request: Request) -> Response:
    cloud = cloud_of(request)
    found = await run_in_threadpool(instances.get, cloud, request.path_params["name"])
    asked = await run_in_threadpool(operations_log.operations_of, cloud, found.id)
    published = await run_in_threadpool(doors.listing, cloud, found.id)
    view = views.instance(found, published=published, password=flag_of(request, "password"))
    view["security_groups"] = await run_in_threadpool(network_names.of_groups, cloud, found.security_group_ids)
    return JSONResponse({"instance": view, "operations": [views.operation(item) for item in asked]})


async def launch(request: Request) -> Response:
    cloud, request_id = cloud_of(request), request_id_of(request)
    asked_for = launch_request(await body_of(request, _LAUNCH_FIELDS), cloud.settings.region)
    wanted = await run_in_threadpool(network_names.by_ids, cloud, asked_for)
    made = await run_in_threadpool(launch_instances, cloud, wanted, caller=caller_of(request), request_id=request_id)
    asked = [await run_in_threadpool(operations_log.operations_of, cloud, item.id, 1) for item in made]
    return JSONResponse(
        {
            "instances": [views.instance(item) for item in made],
            "operations": [views.operation(item) for group in asked for item in group],
            "request_id": request_id,
        }
    )


def launch_request(data: dict[str, Any], region: str) -> LaunchRequest:
    """LaunchRequest from the fields of its JSON; the home's region where none is named."""
    return LaunchRequest(**{"region": region, **data})


async def change(request: Request) -> Response:
    """Its name, or whether it is protected against termination."""
    cloud, data = cloud_of(request), await body_of(request, {"name": str, "protected": bool})
    found = await run_in_threadpool(instances.get, cloud, request.path_params["name"])
    if "protected" in data:
        found = await run_in_threadpool(instances.protect, cloud, found.id, data["protected"])
    if "name" in data or "protected" not in data:
        found = await run_in_threadpool(instances.rename, cloud, found.id, text_of(data, "name"))
    return JSONResponse({"instance": views.instance(found)})


async def readiness(request: Request) -> Response:
    cloud = cloud_of(request)
    found = await run_in_threadpool(instances.get, cloud, request.path_params["name"])
    limit = number_of(request, "limit", cloud.settings.boot_limit)

    def rungs(_stop: threading.Event) -> Iterator[dict[str, Any]]:
        return map(_rung, progress.follow_readiness(cloud, found.id, limit))

    return ndjson(rungs)


def _rung(rung: Rung) -> dict[str, Any]:
    return {"rung": rung.name, "words": rung.words}


async def serial(request: Request) -> Response:
    cloud = cloud_of(request)
    found = await run_in_threadpool(instances.get, cloud, request.path_params["name"])
    count = int(number_of(request, "lines", 50))
    lines = await run_in_threadpool(readouts.serial_tail, cloud, found.id, count)
    return JSONResponse({"lines": list(lines)})


async def stats(request: Request) -> Response:
    cloud = cloud_of(request)
    found = await run_in_threadpool(instances.get, cloud, request.path_params["name"])
    figures = await run_in_threadpool(readouts.statistics, cloud, found.id)
    return JSONResponse(views.plain(figures))


ROUTES = [
    Route("/v1/instances", listing, methods=["GET"]),
    Route("/v1/instances", launch, methods=["POST"]),
    # A name may hold a slash, and the router sees it decoded: what ends in a word of ours goes first.
    Route("/v1/instances/{name:path}/readiness", readiness, methods=["GET"]),
    Route("/v1/instances/{name:path}/serial", serial, methods=["GET"]),
    Route("/v1/instances/{name:path}/stats", stats, methods=["GET"]),
    Route("/v1/instances/{name:path}", show, methods=["GET"]),
    Route("/v1/instances/{name:path}", change, methods=["PATCH"]),
]
