"""The local API: what the command line needs and Tencent's API does not know, on the Unix socket alone.

The socket is 0600 in a folder 0700, so whoever reaches it is the user; nothing is signed. Tencent's own actions are
answered here too (path "/" with X-TC-Action), by the same code as on TCP, without a signature.

A handler does three things: read the request, call the cloud, show the record. The cloud's calls block, so they run in
threads; what lasts is a stream (`streams.py`). Errors become replies in one place (`errors.py`).
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from vmsim.api.server import trusted_application
from vmsim.cloud.context import Cloud
from vmsim.local import (
    api_keys,
    catalogue,
    disks,
    errors,
    events,
    images,
    instances,
    jobs,
    keys,
    lab,
    networks,
    operations,
    publications,
    snapshots,
)
from vmsim.model.errors import NotFound, VmsimError


def application(cloud: Cloud) -> Starlette:
    """The ASGI application for `home.api_socket`."""
    routes = [
        *lab.ROUTES,
        *instances.ROUTES,
        *operations.ROUTES,
        *jobs.ROUTES,
        *disks.ROUTES,
        *events.ROUTES,
        *catalogue.ROUTES,
        *keys.ROUTES,
        *api_keys.ROUTES,
        *images.ROUTES,
        *snapshots.ROUTES,
        *publications.ROUTES,
        *networks.ROUTES,
        Route("/v1/{path:path}", _unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        Mount("/", trusted_application(cloud)),
    ]
    handlers = {VmsimError: errors.reply, Exception: errors.reply, 404: _unmatched}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.state.cloud = cloud
    return app


async def _unknown(request: Request) -> Response:
    raise NotFound("resource", request.url.path)


async def _unmatched(request: Request, _error: Exception) -> Response:
    """No route at all, the last one neither: a path with a line break in it."""
    return await errors.reply(request, NotFound("resource", repr(request.url.path)))
