"""Tencent Cloud's APIs over HTTP, as an ASGI application; and guests' screens, which one of its actions leads to.

No router and no framework: whatever the path, method or Host header, the answer is an envelope. Clients demand HTTP
200 for errors too, and a Content-Type of exactly application/json (with a charset behind it the Python SDK takes an
error for success). The event loop only moves bytes: reading, verifying and answering is done in a worker thread.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from anyio import CapacityLimiter, to_thread

from vmsim.api import screen
from vmsim.api.answer import Answer
from vmsim.api.dispatch import Dispatcher, trusted
from vmsim.api.front import Answering, front
from vmsim.api.metadata import inside
from vmsim.api.metadata.outside import is_metadata
from vmsim.api.request import LONGEST_BODY, WireRequest
from vmsim.cloud.context import Cloud

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_GREETING = (
    b"This is vmsim: Tencent Cloud API 3.0 on this machine, made of real KVM guests.\n"
    b'Point a client here with:  eval "$(vmsim env)"\n'
)
# What is read and thrown away of a body that is too large, so that the client hears why before the connection ends.
_DRAINED = 8 * LONGEST_BODY
# Of our own: the event loop's usual ones can all be held by followers of the local API's streams.
_THREADS = 16


def application(cloud: Cloud, *, strict_replies: bool = False) -> Application:
    """The signed APIs and the metadata, for the TCP socket."""
    return _application(front(cloud, strict_replies), greeting=True, screens=cloud)


def metadata_application(cloud: Cloud) -> Application:
    """For the sockets inside the lab that guests reach."""
    return _application(lambda wire: inside.answer(cloud, wire))


def trusted_application(cloud: Cloud, *, strict_replies: bool = False) -> Application:
    """API 3.0, unsigned, for the Unix socket that only the user can open."""
    dispatcher = Dispatcher(cloud, trusted, strict_replies)
    return _application(lambda wire: Answer(dispatcher.answer(wire)))


def _application(answer: Answering, *, greeting: bool = False, screens: Cloud | None = None) -> Application:
    threads = CapacityLimiter(_THREADS)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket" and screens is not None:
            await screen.serve(screens, scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            await _exchange(answer, greeting, threads, scope, receive, send)

    return serve


async def _exchange(
    answer: Answering, greeting: bool, threads: CapacityLimiter, scope: Scope, receive: Receive, send: Send
) -> None:
    body = await _body(receive)
    if body is None:
        log.debug("a client went away in the middle of its request")
        return
    wire = _wire(scope, *body)
    if greeting and _is_visit(wire):
        await _send(send, Answer(_GREETING, content_type="text/plain; charset=utf-8"))
    else:
        await _send(send, await to_thread.run_sync(answer, wire, limiter=threads))


def _is_visit(wire: WireRequest) -> bool:
    """A browser that looks what is here."""
    return wire.method in ("GET", "HEAD") and wire.path == "/" and not wire.asks_an_action and not is_metadata(wire)


async def _body(receive: Receive) -> tuple[bytes, bool] | None:
    """The body and whether it is too large (then empty); None when the client went away."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size <= LONGEST_BODY:
            parts.append(part)
        else:
            parts.clear()
        if not message.get("more_body", False) or size > _DRAINED:
            return b"".join(parts), size > LONGEST_BODY


def _wire(scope: Scope, body: bytes, too_large: bool) -> WireRequest:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return WireRequest(
        method=scope["method"],
        path=_path(raw_path.partition(b"?")[0].decode("latin-1")),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=_first_of_each(scope["headers"]),
        body=body,
        too_large=too_large,
        connection=_connection(scope),
    )


def _connection(scope: Scope) -> tuple[tuple[str, int], tuple[str, int]] | None:
    client, server = scope.get("client"), scope.get("server")
    if client is None or server is None or server[1] is None:
        return None
    return (client[0], client[1]), (server[0], server[1])


def _path(target: str) -> str:
    """A client that takes us for its proxy sends absolute-form: `POST http://cvm.tencentcloudapi.com/`. Its Host header
    says the same."""
    return target if target.startswith("/") else "/" + target.partition("://")[2].partition("/")[2]


def _first_of_each(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found


async def _send(send: Send, answer: Answer) -> None:
    length = str(len(answer.body)).encode()
    headers = [(b"content-type", answer.content_type.encode()), (b"content-length", length)]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
