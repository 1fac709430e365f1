"""Images of one's own on the local API: made of an instance, imported from a file, deleted."""

from __future__ import annotations

from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import image_removal, images, instances, private_images
from vmsim.cloud.image_records import Wanted
from vmsim.local import views
from vmsim.local.fields import Fields
from vmsim.local.requests import body_of, caller_of, cloud_of, region_of, request_id_of, text_of
from vmsim.model import import_systems
from vmsim.model.errors import Malformed

_TEXTS = dict.fromkeys(("path", "name", "description", "login_user", "region"), str)
_IMPORTABLE: Fields = {**_TEXTS, "memory_mib": int}
_MAKEABLE: Fields = {
    **dict.fromkeys(("instance", "name", "description"), str),
    "power_off": bool,
    "data_disk_ids": tuple[str, ...],
}


async def make(request: Request) -> Response:
    """Of an instance: answers with the operation on it."""
    cloud, data = cloud_of(request), await body_of(request, _MAKEABLE)
    found = await run_in_threadpool(instances.get, cloud, text_of(data, "instance"))
    record = await run_in_threadpool(
        private_images.of_instance,
        cloud,
        found.region,
        found.id,
        Wanted(text_of(data, "name"), data.get("description", "")),
        data_disk_ids=data.get("data_disk_ids", ()),
        power_off=data.get("power_off", False),
        caller=caller_of(request),
        request_id=request_id_of(request),
    )
    image = await run_in_threadpool(images.get, cloud, record.arguments["image_id"])
    return JSONResponse({"image": views.plain(image), "operation": views.operation(record)})


def _path(text: str) -> Path:
    if "\0" in text or not text.startswith("/"):
        raise Malformed(f"The field 'path' is {text!r}; it must be the whole path of a file.")
    return Path(text)


async def import_file(request: Request) -> Response:
    """Answers with the job."""
    cloud, data = cloud_of(request), await body_of(request, _IMPORTABLE)
    memory = data.get("memory_mib", 0)
    if not 0 <= memory <= 2**20:
        raise Malformed(f"The field 'memory_mib' is {memory!r}; it must be a number of MiB.")
    job = await run_in_threadpool(
        private_images.of_file,
        cloud,
        region_of(cloud, data.get("region")),
        _path(text_of(data, "path")),
        import_systems.system(import_systems.OTHER, import_systems.ANY),
        Wanted(text_of(data, "name"), data.get("description", "")),
        login_user=data.get("login_user", ""),
        memory_mib=memory,
        caller=caller_of(request),
        request_id=request_id_of(request),
    )
    image = await run_in_threadpool(images.get, cloud, job.subject_id)
    return JSONResponse({"image": views.plain(image), "job": views.plain(job)})


async def delete(request: Request) -> Response:
    cloud = cloud_of(request)
    found = await run_in_threadpool(images.get, cloud, request.path_params["name"])
    region = found.region or cloud.settings.region
    await run_in_threadpool(image_removal.delete, cloud, region, [found.id], with_snapshots=True)
    return JSONResponse({"image": views.plain(found)})


ROUTES = [
    Route("/v1/images", make, methods=["POST"]),
    Route("/v1/images/import", import_file, methods=["POST"]),
    Route("/v1/images/{name:path}", delete, methods=["DELETE"]),
]
