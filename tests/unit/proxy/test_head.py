from __future__ import annotations

import pytest

from vmsim.proxy import head
from vmsim.proxy.head import Asked, Unreadable


def test_a_tunnel() -> None:
    assert head.read(b"CONNECT cvm.tencentcloudapi.com:443 HTTP/1.1\r\nHost: x\r\n\r\n") == Asked(
        "cvm.tencentcloudapi.com", 443
    )
    assert head.read(b"CONNECT [::1]:8443 HTTP/1.0\r\n\r\n") == Asked("::1", 8443)


def test_a_request_loses_what_is_the_proxys() -> None:
    read = head.read(
        b"POST http://h.example:81/p?q=http://x/ HTTP/1.1\r\nHost: http://h:81\r\nProxy-Connection: keep-alive\r\n"
        b"connection: keep-alive\r\nX: 1\r\n\r\n"
    )
    assert (read.host, read.port, read.tunnel) == ("h.example", 81, False)
    assert read.passed_on == (b"POST /p?q=http://x/ HTTP/1.1\r\nHost: http://h:81\r\nX: 1\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize(("target", "path"), [(b"http://h", b"/"), (b"HTTP://h?a=1", b"/?a=1"), (b"http://h/", b"/")])
def test_a_path_may_be_missing(target: bytes, path: bytes) -> None:
    read = head.read(b"GET %s HTTP/1.1\r\n\r\n" % target)
    assert (read.host, read.port) == ("h", 80)
    assert read.passed_on.startswith(b"GET %s HTTP/1.1\r\n" % path)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"CONNECT",
        b"CONNECT h HTTP/1.1",
        b"CONNECT h:0 HTTP/1.1",
        b"CONNECT h:65536 HTTP/1.1",
        b"CONNECT h:1:2 HTTP/1.1",
        b"CONNECT u@h:1 HTTP/1.1",
        b"CONNECT h:1 HTTP/2",
        b"CONNECT h:1\t HTTP/1.1",
        b"GET / HTTP/1.1",
        b"GET https://h/ HTTP/1.1",
        b"GET http:/// HTTP/1.1",
        b"\xff\xfe",
    ],
)
def test_anything_else_is_unreadable(first: bytes) -> None:
    with pytest.raises(Unreadable):
        head.read(first + head.END)
