from __future__ import annotations

import json
import socket

import pytest

from vmsim import client as client_module
from vmsim.client import Client
from vmsim.cloud.context import Cloud
from vmsim.model.errors import Malformed, NotFound, OperationFailed, WrongState

from .serving import booted


@pytest.fixture
def web(cloud: Cloud, client: Client) -> str:
    """Its address is this machine's loopback, where the test listens."""
    made = client.post("/v1/instances", {"name": "web", "default_key": True})["instances"][0]["id"]
    booted(cloud, made, private_ip="127.0.0.1", host_key="ssh-ed25519 AAAA")
    return str(made)


def test_a_connected_socket_is_handed_out(cloud: Cloud, web: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as guest:
        reached = client_module.connect(cloud.home, "web", guest.getsockname()[1])
        inside, _ = guest.accept()
        with reached.socket, inside:
            inside.sendall(b"SSH-2.0-x\r\n")
            assert reached.socket.recv(100) == b"SSH-2.0-x\r\n"
            reached.socket.sendall(b"hello")
            assert inside.recv(100) == b"hello"
    assert reached.instance_id == web and reached.user == "root" and reached.host_key.startswith("ssh-ed25519 ")


def test_a_handed_out_socket_notices_that_the_guest_has_no_power(cloud: Cloud, web: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as guest:
        handed = client_module.connect(cloud.home, "web", guest.getsockname()[1]).socket
    with handed:
        assert handed.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert handed.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


def test_a_closed_port_says_so(cloud: Cloud, web: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as guest:
        port = guest.getsockname()[1]
    with pytest.raises(OperationFailed, match=str(port)):
        client_module.connect(cloud.home, "web", port)


def test_an_instance_that_is_off_or_unknown_says_so(cloud: Cloud, client: Client) -> None:
    client.post("/v1/instances", {"name": "new", "default_key": True})
    with pytest.raises(WrongState):
        client_module.connect(cloud.home, "new", 22)
    with pytest.raises(NotFound):
        client_module.connect(cloud.home, "nobody", 22)


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 4000 + b"\n",
        b'{"instance": "a", "port": 1e999}\n',
        b'{"instance": "\\udcff", "port": 22}\n',
        b"nonsense\n",
        b"{}\n",
        b'{"instance": "a", "port": 0}\n',
        b'{"instance": "a", "port": "x"}\n',
        b"x" * 5000,
    ],
)
def test_a_bad_request_is_malformed(cloud: Cloud, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(cloud.home.connect_socket))
        asking.sendall(line)
        with asking.makefile() as answers:
            assert json.loads(answers.readline())["error"]["kind"] == Malformed.__name__


def test_a_client_that_says_nothing_holds_up_nobody(cloud: Cloud, web: str) -> None:
    with socket.socket(socket.AF_UNIX) as silent, socket.create_server(("127.0.0.1", 0)) as guest:
        silent.connect(str(cloud.home.connect_socket))
        client_module.connect(cloud.home, "web", guest.getsockname()[1]).socket.close()
