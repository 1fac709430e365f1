"""Two connected sockets made one: what comes from either goes to the other, until both have said all.

An end that says "no more" is told to the other one, which may go on talking. Who reads slowly slows the other down:
nothing is kept here beyond a transport's own buffer. A broken end breaks the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from vmsim.host.keepalive import keep_alive


class _End(asyncio.Protocol):
    """One of the two; `other` is set before either is connected."""

    other: _End

    def __init__(self) -> None:
        self.gone = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._early: list[bytes] = []
        self._no_more = False
        self._heard_all = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        for data in self._early:
            transport.write(data)
        if self._no_more:
            self.say_no_more()

    def say(self, data: bytes) -> None:
        if self._transport is None:
            self._early.append(data)
        else:
            self._transport.write(data)

    def say_no_more(self) -> None:
        self._no_more = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()
            self._close_when_both_are_done()

    def data_received(self, data: bytes) -> None:
        self.other.say(data)

    def eof_received(self) -> bool:
        self._heard_all = True
        self.other.say_no_more()
        self._close_when_both_are_done()
        return True

    def _close_when_both_are_done(self) -> None:
        if self._no_more and self._heard_all and self._transport is not None:
            self._transport.close()

    def pause_writing(self) -> None:
        if self.other._transport is not None:
            self.other._transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other._transport is not None:
            self.other._transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)
        if not (self._no_more and self._heard_all):
            self.other.abort()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def join(first: socket.socket, second: socket.socket) -> None:
    """Until both ends are gone; both sockets are closed then, however it ends."""
    loop = asyncio.get_running_loop()
    ends = _End(), _End()
    ends[0].other, ends[1].other = ends[1], ends[0]
    connected = 0
    try:
        for end, each in zip(ends, (first, second), strict=True):
            _without_delay(each)
            keep_alive(each)
            await loop.connect_accepted_socket(lambda end=end: end, each)  # type: ignore[misc]
            connected += 1
        await asyncio.gather(*(end.gone for end in ends))
    finally:
        for end in ends:
            end.abort()
        for each in (first, second)[connected:]:
            each.close()


def _without_delay(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
