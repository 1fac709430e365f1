"""Disks on the local API. What takes time answers with its job, which can be followed."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import disk_query, disks, instances, new_disks
from vmsim.cloud.disk_query import DiskQuery
from vmsim.local import fields, views
from vmsim.local.requests import body_of, caller_of, cloud_of, flag_of, request_id_of, text_of
from vmsim.model.disk import Disk, DiskRequest
from vmsim.model.errors import Missing

_FIELDS = fields.of(DiskRequest, "tags")


async def listing(request: Request) -> Response:
    wanted = DiskQuery(region=request.query_params.get("region"), limit=None)
    page = await run_in_threadpool(disk_query.query, cloud_of(request), wanted)
    return JSONResponse({"disks": [views.plain(item) for item in page.items]})


async def show(request: Request) -> Response:
    return JSONResponse({"disk": views.plain(await _named(request))})


async def make(request: Request) -> Response:
    cloud, data = cloud_of(request), await body_of(request, _FIELDS)
    wanted = DiskRequest(**{"region": cloud.settings.region, **data})
    made = await run_in_threadpool(
        new_disks.create, cloud, wanted, caller=caller_of(request), request_id=request_id_of(request)
    )
    return JSONResponse({"ids": list(made.ids), "jobs": [views.plain(job) for job in made.jobs]})


async def attach(request: Request) -> Response:
    cloud, data = cloud_of(request), await body_of(request, {"instance": str, "delete_with_instance": bool})
    found = await _named(request)
    instance = await run_in_threadpool(instances.get, cloud, text_of(data, "instance"))
    (job,) = await run_in_threadpool(
        disks.attach,
        cloud,
        instance.id,
        [found.id],
        delete_with_instance=data.get("delete_with_instance"),
        region=None,
        caller=caller_of(request),
        request_id=request_id_of(request),
    )
    return JSONResponse({"disk": views.plain(await _named(request)), "job": views.plain(job)})


async def detach(request: Request) -> Response:
    found = await _named(request)
    (job,) = await run_in_threadpool(
        disks.detach,
        cloud_of(request),
        [found.id],
        region=None,
        caller=caller_of(request),
        request_id=request_id_of(request),
    )
    return JSONResponse({"disk": views.plain(found), "job": views.plain(job)})


async def resize(request: Request) -> Response:
    data = await body_of(request, {"size_gib": int})
    if "size_gib" not in data:
        raise Missing("The field 'size_gib' is missing.")
    found = await _named(request)
    job = await run_in_threadpool(
        disks.resize,
        cloud_of(request),
        found.id,
        data["size_gib"],
        region=None,
        caller=caller_of(request),
        request_id=request_id_of(request),
    )
    return JSONResponse({"disk": views.plain(found), "job": views.plain(job)})


async def delete(request: Request) -> Response:
    """A prepaid disk goes to the recycle bin first: there is no job then."""
    found = await _named(request)
    made = await run_in_threadpool(
        disks.terminate,
        cloud_of(request),
        [found.id],
        delete_snapshots=flag_of(request, "snapshots"),
        region=None,
        caller=caller_of(request),
        request_id=request_id_of(request),
    )
    return JSONResponse({"disk": views.plain(found), "jobs": [views.plain(job) for job in made]})


async def _named(request: Request) -> Disk:
    return await run_in_threadpool(disks.get, cloud_of(request), request.path_params["name"])


ROUTES = [
    Route("/v1/disks", listing, methods=["GET"]),
    Route("/v1/disks", make, methods=["POST"]),
    # As with instances, what ends in a word of ours goes first.
    Route("/v1/disks/{name:path}/attach", attach, methods=["POST"]),
    Route("/v1/disks/{name:path}/detach", detach, methods=["POST"]),
    Route("/v1/disks/{name:path}/resize", resize, methods=["POST"]),
    Route("/v1/disks/{name:path}", show, methods=["GET"]),
    Route("/v1/disks/{name:path}", delete, methods=["DELETE"]),
]
