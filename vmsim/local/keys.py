"""Key pairs on the local API. A private key is answered once, when it is made, and kept nowhere."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import key_pairs
from vmsim.local import views
from vmsim.local.requests import body_of, cloud_of, region_of, text_of

_MAKEABLE = dict.fromkeys(("name", "public_key", "region"), str)


def _region(request: Request) -> str:
    return region_of(cloud_of(request), request.query_params.get("region"))


async def listing(request: Request) -> Response:
    page = await run_in_threadpool(key_pairs.query, cloud_of(request), _region(request), limit=None)
    return JSONResponse({"keys": [views.plain(item) for item in page.items]})


async def make(request: Request) -> Response:
    cloud, data = cloud_of(request), await body_of(request, _MAKEABLE)
    name, region = text_of(data, "name"), region_of(cloud, data.get("region"))
    if "public_key" in data:
        public = text_of(data, "public_key")
        pair = await run_in_threadpool(key_pairs.import_public, cloud, region, name, public)
        return JSONResponse({"key": views.plain(pair)})
    pair, private = await run_in_threadpool(key_pairs.create, cloud, region, name)
    return JSONResponse({"key": views.plain(pair), "private_key": private})


async def delete(request: Request) -> Response:
    cloud, region = cloud_of(request), _region(request)
    found = await run_in_threadpool(key_pairs.get, cloud, region, request.path_params["name"])
    await run_in_threadpool(key_pairs.delete, cloud, region, [found.id])
    return JSONResponse({"key": views.plain(found)})


ROUTES = [
    Route("/v1/keys", listing, methods=["GET"]),
    Route("/v1/keys", make, methods=["POST"]),
    Route("/v1/keys/{name:path}", delete, methods=["DELETE"]),
]
