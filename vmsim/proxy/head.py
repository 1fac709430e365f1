"""The head of the first request of a proxy's client: where it wants to go, and what goes on from there.

CONNECT cvm.tencentcloudapi.com:443 HTTP/1.1       a tunnel; what follows is the client's own business
POST http://cvm.tencentcloudapi.com/ HTTP/1.1      a request to be passed on, without the host in its first line
"""

from __future__ import annotations

import re
from dataclasses import dataclass

END = b"\r\n\r\n"
_FIRST = re.compile(rb"([A-Za-z]{1,20}) ([\x21-\x7e]+) HTTP/1\.[01]")
_AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,255})(?::([0-9]{1,5}))?")
# What is between the client and its proxy, or would keep the connection for a request to somewhere else.
_OURS = frozenset({b"connection", b"keep-alive", b"proxy-authorization", b"proxy-connection"})


class Unreadable(Exception):
    """No request that a proxy can serve."""


@dataclass(frozen=True)
class Asked:
    """`passed_on` is what the host is to be told first; empty for a tunnel."""

    host: str
    port: int
    passed_on: bytes = b""

    @property
    def tunnel(self) -> bool:
        return not self.passed_on


def read(head: bytes) -> Asked:
    """Raises Unreadable. `head` ends with a blank line."""
    first, *lines = head.removesuffix(END).split(b"\r\n")
    found = _FIRST.fullmatch(first)
    if found is None:
        raise Unreadable("This is no request of HTTP/1.1.")
    method, target = found[1], found[2]
    if method == b"CONNECT":
        return Asked(*_authority(target, None))
    scheme, mark, rest = target.partition(b"://")
    if not mark or scheme.lower() != b"http":
        raise Unreadable("This is a proxy: it takes CONNECT host:port, or a request whose first line has http://host.")
    authority = re.split(rb"[/?]", rest, maxsplit=1)[0]
    path = rest[len(authority) :]
    line = b"%s %s HTTP/1.1" % (method, path if path.startswith(b"/") else b"/" + path)
    kept = [each for each in lines if each.partition(b":")[0].strip().lower() not in _OURS]
    return Asked(*_authority(authority, 80), b"\r\n".join([line, *kept, b"Connection: close"]) + END)


def _authority(text: bytes, default: int | None) -> tuple[str, int]:
    found = _AUTHORITY.fullmatch(text)
    port = int(found[2] or default or 0) if found else 0
    if found is None or not 0 < port < 65536:
        raise Unreadable("The host and port cannot be read.")
    return found[1].decode().strip("[]"), port
