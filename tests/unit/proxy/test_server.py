from __future__ import annotations

import random
import socket
import ssl
import struct

import pytest

from vmsim.proxy import server

from .serving import Served, all_of, echo, hear

GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def answers(proxy: Served) -> bool:
    """Does it still serve others?"""
    with proxy.dial("GET http://cvm.tencentcloudapi.com/ HTTP/1.1\r\nHost: cvm\r\n\r\n") as client:
        return b" 200 " in all_of(client)


@pytest.mark.parametrize(
    "host",
    [
        "cvm.tencentcloudapi.com",
        "cvm.ap-guangzhou.tencentcloudapi.com",
        "cvm.intl.tencentcloudapi.com",
        "as.internal.tencentcloudapi.com",
        "cvm.api.qcloud.com",
        "metadata.tencentyun.com",
    ],
)
def test_a_host_of_the_clouds_is_reached_by_tls(proxy: Served, host: str) -> None:
    with proxy.trusting().wrap_socket(proxy.tunnel(host), server_hostname=host) as client:
        client.sendall(f"POST /?a=%20b HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nhi".encode())
        hear(client, f"\r\n\r\nPOST /?a=%20b HTTP/1.1 host={host} hi".encode())
        client.sendall(GET)  # and once more on the same connection
        hear(client, b"GET / HTTP/1.1 host=x ")


def test_the_api_itself_is_reached_by_its_own_address(proxy: Served) -> None:
    with proxy.trusting().wrap_socket(proxy.tunnel("127.0.0.1", proxy.api_port), server_hostname="127.0.0.1") as client:
        client.sendall(GET)
        assert b" 200 " in all_of(client)
    with proxy.dial("CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n") as client:
        assert all_of(client).startswith(b"HTTP/1.1 403 ")


def test_a_tunnel_for_plain_http_is_one_too(proxy: Served) -> None:
    with proxy.tunnel("cvm.tencentcloudapi.com", 80) as client:
        client.sendall(GET)
        assert all_of(client).endswith(b"GET / HTTP/1.1 host=x ")


def test_a_request_in_absolute_form_is_passed_on(proxy: Served) -> None:
    words = (
        "GET http://metadata.tencentyun.com/latest/meta-data?a HTTP/1.1\r\nHost: m\r\nConnection: keep-alive\r\n\r\n"
    )
    with proxy.dial(words) as client:
        assert all_of(client).endswith(b"GET /latest/meta-data?a HTTP/1.1 host=m ")


def test_an_old_tls_is_refused(proxy: Served) -> None:
    context = proxy.trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.maximum_version = context.minimum_version = ssl.TLSVersion.TLSv1_2
    with context.wrap_socket(proxy.tunnel("cvm.tencentcloudapi.com"), server_hostname="cvm.tencentcloudapi.com") as one:
        assert one.version() == "TLSv1.2"
    # A hello that offers TLS 1.0 and nothing newer.
    body = b"\x03\x01" + bytes(32) + b"\0" + b"\0\x04\xc0\x14\0\x35" + b"\x01\0"
    hello = b"\x01" + len(body).to_bytes(3, "big") + body
    with proxy.tunnel("cvm.tencentcloudapi.com") as client:
        client.sendall(b"\x16\x03\x01" + len(hello).to_bytes(2, "big") + hello)
        assert client.recv(1) != b"\x16"


@pytest.mark.parametrize(
    "words",
    [
        "CONNECT example.com:443 HTTP/1.1\r\n\r\n",
        "CONNECT eviltencentcloudapi.com:443 HTTP/1.1\r\n\r\n",
        "CONNECT tencentcloudapi.com.example.com:443 HTTP/1.1\r\n\r\n",
        "GET http://example.com/ HTTP/1.1\r\n\r\n",
    ],
)
def test_a_foreign_host_is_refused_with_the_reason(proxy: Served, words: str) -> None:
    with proxy.dial(words) as client:
        said = all_of(client)
    assert said.startswith(b"HTTP/1.1 403 vmsim lets nothing out to ") and b"--allow-internet" in said


def test_everything_is_let_out_where_that_was_asked_for(open_proxy: Served) -> None:
    with echo() as beyond:
        with open_proxy.tunnel("127.0.0.1", beyond) as client:
            client.sendall(GET)
            client.shutdown(socket.SHUT_WR)
            assert all_of(client).endswith(b"GET / HTTP/1.1 host=x ")
        with open_proxy.dial(f"GET http://127.0.0.1:{beyond}/x HTTP/1.1\r\nHost: h\r\n\r\n") as client:
            assert all_of(client).endswith(b"GET /x HTTP/1.1 host=h ")
    with open_proxy.dial(f"CONNECT 127.0.0.1:{beyond} HTTP/1.1\r\n\r\n") as client:
        assert all_of(client).startswith(b"HTTP/1.1 502 ")


@pytest.mark.parametrize(
    "words", ["\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "CONNECT x HTTP/1.1\r\n\r\n", "\0\xff" * 9 + "\r\n\r\n"]
)
def test_garbage_is_answered_and_hurts_nobody(proxy: Served, words: str) -> None:
    with proxy.dial(words) as client:
        assert all_of(client).startswith(b"HTTP/1.1 400 ")
    assert answers(proxy)


def test_a_huge_head_is_refused(proxy: Served) -> None:
    with proxy.dial("CONNECT x:1 HTTP/1.1\r\n" + "a" * (2 * server.LONGEST_HEAD)) as client:
        assert all_of(client).startswith(b"HTTP/1.1 400 ")
    assert answers(proxy)


def test_a_head_may_come_in_pieces(proxy: Served) -> None:
    with proxy.dial() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for letter in b"GET http://cvm.tencentcloudapi.com/ HTTP/1.1\r\nHost: x\r\n\r\n":
            client.sendall(bytes([letter]))
        assert all_of(client).endswith(b"host=x ")


@pytest.mark.parametrize("rest", [b"", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00" + b"\0" * 512, b"\x16" + b"x" * 5000])
@pytest.mark.parametrize("rudely", [False, True])
def test_who_leaves_in_the_middle_hurts_nobody(proxy: Served, rest: bytes, rudely: bool) -> None:
    client = proxy.tunnel("cvm.tencentcloudapi.com")
    client.sendall(rest)
    if rudely:  # a reset instead of an end
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert answers(proxy)


def test_a_client_without_trust_is_told_by_its_own_tls(proxy: Served) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context(cafile=None).wrap_socket(
            proxy.tunnel("cvm.tencentcloudapi.com"), server_hostname="cvm.tencentcloudapi.com"
        )
    assert answers(proxy)


def test_random_bytes_hurt_nobody(proxy: Served, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(1)
    for _ in range(200):
        with proxy.dial() as client:
            client.sendall(chance.randbytes(chance.randrange(1, 200)) + chance.choice([b"", b"\r\n\r\n"]))
    assert answers(proxy)
    assert "bug" not in caplog.text


def test_large_bodies_pass(proxy: Served) -> None:
    body = b"x" * 5_000_000
    host = "cvm.tencentcloudapi.com"
    with proxy.trusting().wrap_socket(proxy.tunnel(host), server_hostname=host) as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        assert all_of(client).endswith(body)
