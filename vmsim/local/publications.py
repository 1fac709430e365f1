"""Published ports on the local API."""

from __future__ import annotations

import contextlib

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import doors, instances, publications
from vmsim.local import views
from vmsim.local.requests import body_of, cloud_of, text_of
from vmsim.model.errors import HostError
from vmsim.model.publication import place, port


async def listing(request: Request) -> Response:
    cloud, name = cloud_of(request), request.query_params.get("instance", "")
    found = await run_in_threadpool(instances.get, cloud, name) if name else None
    # Told again: a broker that has just come back is not taken for one that is away.
    with contextlib.suppress(HostError):
        await run_in_threadpool(doors.reconcile, cloud)
    there = await run_in_threadpool(doors.listing, cloud, found.id if found else "")
    return JSONResponse({"publications": [views.plain(each) for each in there]})


async def publish(request: Request) -> Response:
    data = await body_of(request, {"instance": str, "port": int, "on": str})
    name, number = text_of(data, "instance"), port(str(data.get("port", "")))
    on = place(data["on"]) if "on" in data else None
    made = await run_in_threadpool(publications.publish, cloud_of(request), name, number, on)
    return JSONResponse({"publication": views.plain(made)})


async def withdraw(request: Request) -> Response:
    asked = request.query_params
    number = port(asked["port"]) if asked.get("port") else None
    on = place(asked["on"]) if asked.get("on") else None
    gone = await run_in_threadpool(publications.withdraw, cloud_of(request), asked.get("instance", ""), number, on)
    return JSONResponse({"publications": [views.plain(each) for each in gone]})


ROUTES = [
    Route("/v1/publications", listing, methods=["GET"]),
    Route("/v1/publications", publish, methods=["POST"]),
    Route("/v1/publications", withdraw, methods=["DELETE"]),
]
