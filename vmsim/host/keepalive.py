"""That a connection into a guest ends when the guest has no power any more: it says no goodbye then.

A guest that is unplugged, terminated or in a lab that went down leaves its connections as they are, and a socket that
is held keeps the lab's network namespace. Half a minute without a sign from the other kernel ends them, whether
something was sent meanwhile (USER_TIMEOUT) or not.
"""

from __future__ import annotations

import contextlib
import socket

_OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000),
)


def keep_alive(connected: socket.socket) -> None:
    """Until its other end is silent for half a minute. A socket that is broken already stays broken."""
    with contextlib.suppress(OSError):
        for level, option, value in _OPTIONS:
            connected.setsockopt(level, option, value)
