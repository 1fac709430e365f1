"""The URL of DescribeInstanceVncUrl leads somewhere: to what listens where the guest's screen is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from vmsim.model.lifecycle import InstanceState

from .wire import Api

GREETING = b"RFB 003.008\n"


@pytest.fixture
def ident(api: Api) -> str:
    return api.launched(InstanceState.RUNNING)


@pytest.fixture
def screen(api: Api, ident: str) -> Iterator[socket.socket]:
    path = api.cloud.home.display_socket(ident)
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen()
        listening.settimeout(10)
        yield listening
    path.unlink()
    path.parent.rmdir()


def url(api: Api, port: int, ident: str) -> str:
    """As it is told, but for the port: the test's server has another one."""
    told = urlsplit(unquote(api.ok("DescribeInstanceVncUrl", {"InstanceId": ident})["InstanceVncUrl"]))
    assert (told.scheme, told.path) == ("ws", "/vnc")
    return told._replace(netloc=f"127.0.0.1:{port}").geturl()


def opened(address: str) -> ClientConnection:
    return connect(address, subprotocols=[Subprotocol("binary")], open_timeout=10)


def test_bytes_go_both_ways_until_the_viewer_leaves(api: Api, port: int, ident: str, screen: socket.socket) -> None:
    with opened(url(api, port, ident)) as viewer:
        guest, _ = screen.accept()
        with guest:
            guest.settimeout(10)
            assert viewer.subprotocol == "binary"
            guest.sendall(GREETING)
            assert viewer.recv(timeout=10) == GREETING
            viewer.send(b"x" * 100_000)
            viewer.close()
            assert sum(map(len, iter(lambda: guest.recv(65536), b""))) == 100_000


def test_the_viewer_is_told_when_the_guest_is_gone(api: Api, port: int, ident: str, screen: socket.socket) -> None:
    with opened(url(api, port, ident)) as viewer:
        guest, _ = screen.accept()
        guest.sendall(GREETING)
        guest.close()
        assert viewer.recv(timeout=10) == GREETING
        with pytest.raises(ConnectionClosed):
            viewer.recv(timeout=10)


def test_a_token_is_good_once_and_at_its_own_path(api: Api, port: int, ident: str, screen: socket.socket) -> None:
    address = url(api, port, ident)
    with opened(address):
        screen.accept()[0].close()
    for wrong in (address, address.partition("?")[0], address.replace("s=", "s=0"), f"ws://127.0.0.1:{port}/"):
        with pytest.raises(InvalidStatus):
            opened(wrong)
    elsewhere = url(api, port, ident).replace("/vnc", "/other")
    with pytest.raises(InvalidStatus):
        opened(elsewhere)


def test_a_screen_that_is_not_there(api: Api, port: int, ident: str) -> None:
    with pytest.raises(InvalidStatus):
        opened(url(api, port, ident))
