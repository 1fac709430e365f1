"""Operations on the local API: ask for one, cut a soft stop short, read and follow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vmsim.cloud import instances, operations_log, progress
from vmsim.local import views
from vmsim.local.requests import body_of, caller_of, cloud_of, request_id_of, text_of
from vmsim.local.streams import ndjson
from vmsim.model.errors import Malformed
from vmsim.model.lifecycle import StoppedMode, StopType, Verb

_WORDS: dict[str, tuple[str, ...]] = {
    "stop_type": tuple(kind.value for kind in StopType),
    "stopped_mode": tuple(mode.value for mode in StoppedMode),
}


async def submit(request: Request) -> Response:
    cloud, data = cloud_of(request), await body_of(request, {"verb": str, "arguments": dict[str, Any], "force": bool})
    verb, arguments = _verb(text_of(data, "verb")), _arguments(data.get("arguments", {}))
    found = await run_in_threadpool(instances.get, cloud, request.path_params["name"])
    (asked,) = await run_in_threadpool(
        instances.submit,
        cloud,
        verb,
        [found.id],
        arguments,
        region=None,
        caller=caller_of(request),
        request_id=request_id_of(request),
        force=data.get("force", False),
    )
    return JSONResponse({"operation": views.operation(asked)})


def _verb(text: str) -> Verb:
    try:
        return Verb(text)
    except ValueError as error:
        known = ", ".join(verb.value for verb in Verb)
        raise Malformed(f"There is no operation {text!r}.", hint=f"Known: {known}.") from error


def _arguments(data: dict[str, Any]) -> dict[str, Any]:
    """The cloud layer's arguments; words that name an enum must be one of it."""
    for name, known in _WORDS.items():
        if name in data and data[name] not in known:
            raise Malformed(f"{name} is {data[name]!r}.", hint=f"Known: {', '.join(known)}.")
    return data


async def escalate(request: Request) -> Response:
    cloud = cloud_of(request)
    found = await run_in_threadpool(instances.get, cloud, request.path_params["name"])
    asked = await run_in_threadpool(instances.escalate, cloud, found.id, caller=caller_of(request))
    return JSONResponse({"operation": views.operation(asked)})


async def show(request: Request) -> Response:
    found = await run_in_threadpool(operations_log.operation, cloud_of(request), request.path_params["id"])
    return JSONResponse({"operation": views.operation(found)})


async def follow(request: Request) -> Response:
    cloud, ident = cloud_of(request), request.path_params["id"]
    await run_in_threadpool(operations_log.operation, cloud, ident)

    def changes(_stop: threading.Event) -> Iterator[dict[str, Any]]:
        return map(views.operation, progress.follow_operation(cloud, ident))

    return ndjson(changes)


ROUTES = [
    Route("/v1/instances/{name:path}/operations", submit, methods=["POST"]),
    Route("/v1/instances/{name:path}/escalate", escalate, methods=["POST"]),
    Route("/v1/operations/{id}", show, methods=["GET"]),
    Route("/v1/operations/{id}/follow", follow, methods=["GET"]),
]
