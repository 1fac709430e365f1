"""What can be chosen from, on the local API: images, instance types, regions."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import images
from vmsim.local import views
from vmsim.local.requests import cloud_of
from vmsim.model.instance_types import TYPES
from vmsim.model.regions import REGIONS


async def image_list(request: Request) -> Response:
    found = await run_in_threadpool(images.all, cloud_of(request))
    return JSONResponse({"images": views.plain(found)})


async def type_list(_request: Request) -> Response:
    return JSONResponse({"types": views.plain(list(TYPES.values()))})


async def region_list(_request: Request) -> Response:
    shown = [{"name": row.name, "english": row.english, "zones": row.zone_names()} for row in REGIONS.values()]
    return JSONResponse({"regions": views.plain(shown)})


ROUTES = [
    Route("/v1/images", image_list, methods=["GET"]),
    Route("/v1/types", type_list, methods=["GET"]),
    Route("/v1/regions", region_list, methods=["GET"]),
]
