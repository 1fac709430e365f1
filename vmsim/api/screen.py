"""A guest's screen over a WebSocket: what a URL of DescribeInstanceVncUrl leads to.

    client ──ws://…/vnc?s=TOKEN──▶ here ──the guest's VNC socket──▶ QEMU

The token is all that opens it, so whose page asks does not matter: nobody guesses it, and it is good once. Only bytes
are moved; what is wrong with the token is told by a refusal of the handshake.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from anyio import to_thread

from vmsim.cloud import vnc
from vmsim.cloud.context import Cloud
from vmsim.model.errors import VmsimError

log = logging.getLogger(__name__)

PATH = "/vnc"
_PROTOCOL = "binary"
_CHUNK = 64 * 1024
_REFUSED, _ENDED = 1008, 1000
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


async def serve(cloud: Cloud, scope: _Message, receive: _Receive, send: _Send) -> None:
    """One connection, until either side ends it."""
    await receive()  # that it wants to connect
    token = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("s", [""])[0]
    try:
        screen = await to_thread.run_sync(vnc.redeem, cloud, token if scope["path"] == PATH else "")
    except VmsimError as error:
        log.info("a screen was refused: %s", error.message)
        await send({"type": "websocket.close", "code": _REFUSED})
        return
    offered = _PROTOCOL if _PROTOCOL in scope.get("subprotocols", []) else None
    reader, writer = await asyncio.open_unix_connection(sock=screen)
    try:
        await send({"type": "websocket.accept", "subprotocol": offered})
        await _relay(reader, writer, receive, send)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, receive: _Receive, send: _Send) -> None:
    down = asyncio.create_task(_down(reader, send))
    up = asyncio.create_task(_up(receive, writer))
    try:
        await asyncio.wait({down, up}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        left = not up.done()
        for task in (down, up):
            task.cancel()
        await asyncio.gather(down, up, return_exceptions=True)
    if left:  # the guest's end came first
        await send({"type": "websocket.close", "code": _ENDED})


async def _down(reader: asyncio.StreamReader, send: _Send) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            await send({"type": "websocket.send", "bytes": data})


async def _up(receive: _Receive, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while (message := await receive())["type"] == "websocket.receive":
            writer.write(message.get("bytes") or (message.get("text") or "").encode())
            await writer.drain()
