"""Keys of the API on the local API. A secret is answered once, when its key is made."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import api_keys
from vmsim.local import views
from vmsim.local.requests import body_of, cloud_of, text_of


async def listing(request: Request) -> Response:
    found = await run_in_threadpool(api_keys.listing, cloud_of(request))
    return JSONResponse({"api_keys": [views.plain(key) for key in found]})


async def make(request: Request) -> Response:
    name = text_of(await body_of(request, {"name": str}), "name")
    key, secret = await run_in_threadpool(api_keys.create, cloud_of(request), name)
    return JSONResponse({"api_key": views.plain(key), "secret_key": secret})


async def disable(request: Request) -> Response:
    key = await run_in_threadpool(api_keys.disable, cloud_of(request), request.path_params["name"])
    return JSONResponse({"api_key": views.plain(key)})


async def delete(request: Request) -> Response:
    key = await run_in_threadpool(api_keys.delete, cloud_of(request), request.path_params["name"])
    return JSONResponse({"api_key": views.plain(key)})


ROUTES = [
    Route("/v1/api-keys", listing, methods=["GET"]),
    Route("/v1/api-keys", make, methods=["POST"]),
    Route("/v1/api-keys/{name:path}/disable", disable, methods=["POST"]),
    Route("/v1/api-keys/{name:path}", delete, methods=["DELETE"]),
]
