"""The audit log on the local API: what happened, and what happens next."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vmsim.cloud import events, instances
from vmsim.local import views
from vmsim.local.requests import cloud_of, flag_of, number_of
from vmsim.local.streams import ndjson
from vmsim.model.ids import is_id

_PAGE = 1000


async def listing(request: Request) -> Response:
    cloud, since = cloud_of(request), int(number_of(request, "since", 0))
    name = request.query_params.get("instance")
    # An id is taken as it is: the events of a terminated instance are still there, the instance is not.
    known = name if name is None or is_id("ins", name) else (await run_in_threadpool(instances.get, cloud, name)).id
    following = flag_of(request, "follow")

    def lines(stop: threading.Event) -> Iterator[dict[str, Any]]:
        if following:
            yield from map(views.event, events.follow(cloud, since, known, stop))
            return
        position = since
        while page := events.read(cloud, position, known, _PAGE):
            yield from map(views.event, page)
            position = page[-1].sequence

    return ndjson(lines)


ROUTES = [Route("/v1/events", listing, methods=["GET"])]
