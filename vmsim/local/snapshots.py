"""Snapshots on the local API: list, make, put back, delete."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import instances, snapshot_query, snapshots
from vmsim.cloud.operations_log import operations_of
from vmsim.local import views
from vmsim.local.requests import body_of, caller_of, cloud_of, flag_of, request_id_of, text_of
from vmsim.model.lifecycle import InstanceState, Verb

_MAKEABLE = {"disk_id": str, "name": str}
_APPLICABLE = {"stop": bool, "start": bool}


async def listing(request: Request) -> Response:
    page = await run_in_threadpool(snapshot_query.query, cloud_of(request), None, limit=None)
    return JSONResponse({"snapshots": [views.plain(one) for one in page.items]})


async def make(request: Request) -> Response:
    """Answers with the job."""
    cloud, data = cloud_of(request), await body_of(request, _MAKEABLE)
    disk_id = text_of(data, "disk_id")
    region = await run_in_threadpool(snapshots.region_of_disk, cloud, disk_id)
    made, job = await run_in_threadpool(
        snapshots.create,
        cloud,
        region,
        disk_id,
        name=data.get("name", ""),
        caller=caller_of(request),
        request_id=request_id_of(request),
    )
    return JSONResponse({"snapshot": views.plain(made), "job": views.plain(job)})


async def apply(request: Request) -> Response:
    """Answers with a job, or with an operation on the instance that is stopped for it."""
    cloud, data = cloud_of(request), await body_of(request, _APPLICABLE)
    found = await run_in_threadpool(snapshot_query.get, cloud, request.path_params["name"])
    caller, request_id = caller_of(request), request_id_of(request)
    instance = await run_in_threadpool(snapshots.instance_of, cloud, found.region, found.disk_id)
    if data.get("stop") and instance is not None and instance.state is InstanceState.RUNNING:
        given = {"snapshot_id": found.id, "disk_id": found.disk_id, "start_again": bool(data.get("start"))}
        await run_in_threadpool(
            instances.submit,
            cloud,
            Verb.APPLY_SNAPSHOT,
            [instance.id],
            given,
            region=None,
            caller=caller,
            request_id=request_id,
            force=True,
        )
        (record,) = await run_in_threadpool(operations_of, cloud, instance.id, 1)
        return JSONResponse({"snapshot": views.plain(found), "operation": views.operation(record)})
    job = await run_in_threadpool(
        snapshots.roll_back, cloud, found.region, found.id, found.disk_id, caller=caller, request_id=request_id
    )
    return JSONResponse({"snapshot": views.plain(found), "job": views.plain(job)})


async def delete(request: Request) -> Response:
    cloud = cloud_of(request)
    found = await run_in_threadpool(snapshot_query.get, cloud, request.path_params["name"])
    with_images = flag_of(request, "images")
    await run_in_threadpool(snapshots.delete, cloud, found.region, [found.id], with_images=with_images)
    return JSONResponse({"snapshot": views.plain(found)})


ROUTES = [
    Route("/v1/snapshots", listing, methods=["GET"]),
    Route("/v1/snapshots", make, methods=["POST"]),
    Route("/v1/snapshots/{name:path}/apply", apply, methods=["POST"]),
    Route("/v1/snapshots/{name:path}", delete, methods=["DELETE"]),
]
