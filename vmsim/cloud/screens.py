"""Tokens for guests' screens: each opens one instance's VNC socket, once, within seconds.

They live in memory alone: one that a daemon took with it would have expired anyway.
"""

from __future__ import annotations

import secrets
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

from vmsim.model.errors import HostError, Refused

VALID_SECONDS = 15.0


@dataclass
class Screens:
    """Which tokens are out. `now` is the caller's monotonic clock."""

    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self, instance_id: str, now: float) -> str:
        token = secrets.token_hex(32)
        with self._lock:
            self._tokens = {known: entry for known, entry in self._tokens.items() if entry[1] > now}
            self._tokens[token] = (instance_id, now + VALID_SECONDS)
        return token

    def take(self, token: str, now: float) -> str:
        """The instance it is for; it is spent by this. Raises Refused."""
        with self._lock:
            instance_id, until = self._tokens.pop(token, ("", now))
        if until <= now:
            raise Refused("This token is unknown, was used, or has expired.", hint="Ask for another one.")
        return instance_id


def connected(path: Path) -> socket.socket:
    """A connection to a guest's VNC server. Raises HostError when it is not there."""
    screen = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        screen.connect(str(path))
    except OSError as error:
        screen.close()
        raise HostError(f"The screen of this guest cannot be reached: {error}.", hint="Is it running?") from error
    return screen
