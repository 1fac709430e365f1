"""The proxy: programs with the cloud's own host names in them reach the API through it, unchanged.

    client ──CONNECT cvm.tencentcloudapi.com:443──▶ proxy ──TLS as that host──▶ API
           ──POST http://cvm.tencentcloudapi.com/──▶       ─────────────────▶ API
           ──CONNECT anything.else:443──▶ 403, or a blind tunnel where that was asked for

It reads one head and then only moves bytes, so the API verifies what the client signed. Sockets are raw until it is
known whether TLS comes: a byte too many read could not be given back. A client may send garbage, stop in the middle or
go away: that ends its own connection and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from vmsim.proxy import head, hosts
from vmsim.proxy.head import Asked, Unreadable

log = logging.getLogger(__name__)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Address = tuple[str, int]
Relaying = Callable[[Address, Address, Address], AbstractContextManager[None]]
"""Told our own end towards the API, the client's and the one the client came to, for as long as bytes are moved."""

LONGEST_HEAD = 64 * 1024
MOST_CLIENTS = 512
PATIENCE = 30.0
"""Seconds for each step before bytes flow: a head, a handshake, a connection to where it goes."""
LINGER = 60.0
"""Seconds that one direction goes on when the other has ended."""
_CHUNK = 64 * 1024
_TLS_HANDSHAKE = b"\x16"
_BROKEN = (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError)


@dataclass(frozen=True)
class Proxy:
    """`api` is where the API listens for us, `api_port` the port that clients know it by."""

    context: ssl.SSLContext
    api: tuple[str, int]
    api_port: int
    allow_internet: bool = False
    relaying: Relaying = lambda _own, _client, _server: contextlib.nullcontext()

    async def serve(self, listening: socket.socket) -> None:
        """Until cancelled; then every client's connection ends."""
        listening.setblocking(False)
        clients: set[asyncio.Task[None]] = set()
        try:
            while True:
                client = await _accepted(listening)
                task = asyncio.create_task(self._client(client))
                clients.add(task)
                task.add_done_callback(clients.discard)
                if len(clients) >= MOST_CLIENTS:
                    await asyncio.wait(clients, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in clients:
                task.cancel()
            await asyncio.gather(*clients, return_exceptions=True)

    async def _client(self, client: socket.socket) -> None:
        with client:
            try:
                await self._conversation(client)
            except _BROKEN as error:
                log.debug("a client of the proxy: %s", error or type(error).__name__)
            except Exception:
                log.exception("the proxy met a bug")

    async def _conversation(self, client: socket.socket) -> None:
        try:
            received = await asyncio.wait_for(_head(client), PATIENCE)
            if not received:
                return
            asked = head.read(received)
        except Unreadable as error:
            await _refuse(client, "400 Bad Request", str(error))
            return
        ours = self._is_ours(asked)
        if not ours and not self.allow_internet:
            await _refuse(client, f"403 vmsim lets nothing out to {asked.host}", _HINT)
            return
        where = self.api if ours else (asked.host, asked.port)
        try:
            beyond = await asyncio.wait_for(asyncio.open_connection(*where), PATIENCE)
        except _BROKEN as error:
            await _refuse(client, "502 Bad Gateway", f"{asked.host}:{asked.port} cannot be reached: {error}")
            return
        own = beyond[1].get_extra_info("sockname")
        try:
            with self.relaying(own, client.getpeername(), client.getsockname()):
                await _relay(await self._opened(client, asked, beyond[1], ours=ours), beyond)
        finally:
            await _close(beyond[1])

    def _is_ours(self, asked: Asked) -> bool:
        if hosts.is_the_clouds(asked.host):
            return True
        return asked.host.lower() in hosts.LOOPBACK and asked.port == self.api_port

    async def _opened(
        self, client: socket.socket, asked: Asked, beyond: asyncio.StreamWriter, *, ours: bool
    ) -> Streams:
        """The client's end, from where on bytes are only moved."""
        if not asked.tunnel:
            beyond.write(asked.passed_on)
            return await _streams(client, None)
        await asyncio.get_running_loop().sock_sendall(client, b"HTTP/1.1 200 Connection established\r\n\r\n")
        # Some clients open a tunnel for plain HTTP too.
        tls = ours and await asyncio.wait_for(_peek(client, 1), PATIENCE) == _TLS_HANDSHAKE
        return await _streams(client, self.context if tls else None)


_HINT = "Let it out by `vmsim run --allow-internet -- COMMAND`, or name the host in NO_PROXY."


async def _accepted(listening: socket.socket) -> socket.socket:
    loop = asyncio.get_running_loop()
    while True:
        try:
            client, _ = await loop.sock_accept(listening)
        except OSError as error:
            if error.errno == errno.EBADF:
                raise
            log.warning("the proxy cannot accept: %s", error)  # too many open files, or a client that left already
            await asyncio.sleep(0.1)
        else:
            client.setblocking(False)
            return client


async def _head(client: socket.socket) -> bytes:
    """Up to and with the blank line, not a byte more; empty when the client left before."""
    received = b""
    while piece := await _peek(client, _CHUNK):
        end = (received + piece).find(head.END)
        if end >= 0:
            return received + client.recv(end + len(head.END) - len(received))
        received += client.recv(len(piece))
        if len(received) > LONGEST_HEAD:
            raise Unreadable(f"The head of the request has more than {LONGEST_HEAD} bytes.")
    return b""


async def _peek(client: socket.socket, size: int) -> bytes:
    """What has come, left where it is; empty when nothing comes any more."""
    loop = asyncio.get_running_loop()
    while True:
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(client, _wake, ready)
        try:
            await ready
        finally:
            loop.remove_reader(client)
        with contextlib.suppress(BlockingIOError):
            return client.recv(size, socket.MSG_PEEK)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _streams(client: socket.socket, context: ssl.SSLContext | None) -> Streams:
    """Reader and writer over an accepted socket, as TLS's server where there is a context."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    patience = PATIENCE if context else None
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, client, ssl=context, ssl_handshake_timeout=patience
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _relay(client: Streams, beyond: Streams) -> None:
    """Both directions, until no more comes from beyond or one is broken; a client may have said all it has to say."""
    up = asyncio.create_task(_pump(client[0], beyond[1]))
    down = asyncio.create_task(_pump(beyond[0], client[1]))
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        if up.done() and up.exception() is None:
            await asyncio.wait({down}, timeout=LINGER)
    finally:
        up.cancel()
        down.cancel()
        try:
            await asyncio.gather(up, down, return_exceptions=True)
        except asyncio.CancelledError:
            client[1].transport.abort()
            raise
        await _close(client[1])


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()
    else:
        sink.close()  # TLS has no half


async def _close(writer: asyncio.StreamWriter) -> None:
    """Politely; at once when it is broken, or when the proxy ends meanwhile."""
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), PATIENCE)
    except _BROKEN:
        writer.transport.abort()
    except asyncio.CancelledError:
        writer.transport.abort()
        raise


async def _refuse(client: socket.socket, status: str, why: str) -> None:
    """The reason stands in the first line too: of a refused CONNECT most programs show nothing else."""
    body = f"{why}\n".encode()
    lines = (f"HTTP/1.1 {status}", "Content-Type: text/plain", f"Content-Length: {len(body)}", "Connection: close")
    loop = asyncio.get_running_loop()
    await asyncio.wait_for(loop.sock_sendall(client, "\r\n".join(lines).encode() + head.END + body), PATIENCE)
    client.shutdown(socket.SHUT_WR)
    # Closed with something unread, the connection would be reset and the answer lost.
    await asyncio.wait_for(_drained(client), PATIENCE)


async def _drained(client: socket.socket) -> None:
    left = 64 * LONGEST_HEAD
    while left > 0 and (data := await asyncio.get_running_loop().sock_recv(client, _CHUNK)):
        left -= len(data)
