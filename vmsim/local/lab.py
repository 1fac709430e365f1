"""The lab as a whole, on the local API: how it is, and shutting every guest down before it goes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import arguments, readouts, shutdown
from vmsim.local import views
from vmsim.local.requests import body_of, cloud_of
from vmsim.local.streams import ndjson


async def status(request: Request) -> Response:
    figures = await run_in_threadpool(readouts.status, cloud_of(request))
    return JSONResponse(views.plain(figures))


async def shut_down(request: Request) -> Response:
    cloud, data = cloud_of(request), await body_of(request, {"limit": float})
    limit = arguments.seconds(data, "limit", cloud.settings.down_limit)

    def lines(_stop: threading.Event) -> Iterator[dict[str, Any]]:
        for text in shutdown.shut_down(cloud, limit):
            yield {"text": text}

    return ndjson(lines)


ROUTES = [
    Route("/v1/status", status, methods=["GET"]),
    Route("/v1/shutdown", shut_down, methods=["POST"]),
]
