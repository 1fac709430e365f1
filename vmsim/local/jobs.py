"""Jobs on the local API: read and follow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import progress
from vmsim.local import views
from vmsim.local.requests import cloud_of
from vmsim.local.streams import ndjson


async def show(request: Request) -> Response:
    found = await run_in_threadpool(progress.job, cloud_of(request), request.path_params["id"])
    return JSONResponse({"job": views.plain(found)})


async def follow(request: Request) -> Response:
    cloud, ident = cloud_of(request), request.path_params["id"]
    await run_in_threadpool(progress.job, cloud, ident)

    def changes(_stop: threading.Event) -> Iterator[dict[str, Any]]:
        return map(views.plain, progress.follow_job(cloud, ident))

    return ndjson(changes)


ROUTES = [
    Route("/v1/jobs/{id}", show, methods=["GET"]),
    Route("/v1/jobs/{id}/follow", follow, methods=["GET"]),
]
