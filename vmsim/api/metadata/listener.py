"""How guests are listened to: each has a few connections, none of them for long. An honest one asks and goes.

They are strangers, and what one of them holds open is taken from the daemon, which is everybody's.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_OF_A_GUEST = 32
LONGEST = 60.0
"""Seconds that a connection lasts at most: of one whose guest was switched off nothing more is ever heard."""


class GuestConnection(H11Protocol):
    """One connection; one too many of its guest's is hung up on."""

    _end: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._end = self.loop.call_later(LONGEST, transport.abort)
        if sum(_caller(other) == _caller(self) for other in self.connections) > MOST_OF_A_GUEST:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        super().connection_lost(exc)


def _caller(connection: object) -> str | None:
    client = getattr(connection, "client", None)
    return client[0] if client else None
