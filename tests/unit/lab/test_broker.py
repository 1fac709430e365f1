from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vmsim.host.broker import Broker
from vmsim.model.errors import HostError, InUse
from vmsim.model.publication import Publication

from .brokered import brokered

HERE = "127.0.0.1"


@contextmanager
def daemon(path: Path) -> Iterator[socket.socket]:
    """Leads who asks for port 1 to a server, and nobody else anywhere: the server, to accept from."""
    with socket.create_server((HERE, 0)) as server, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(1024)

        def serve() -> None:
            while True:
                asking, _ = listening.accept()
                with asking, contextlib.suppress(BrokenPipeError):  # its caller was cut off before it was answered
                    line = asking.recv(4096)
                    if line == b"last":
                        return
                    if not line:
                        continue
                    if json.loads(line)["port"] == 1:
                        with socket.create_connection(server.getsockname()) as inside:
                            socket.send_fds(asking, [b'{"ok": true}\n'], [inside.fileno()])
                    else:
                        asking.sendall(b'{"error": {"message": "it is off"}}\n')

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_UNIX) as last:
                last.connect(str(path))
                last.sendall(b"last")
            thread.join(10)


@pytest.fixture
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("r")


@pytest.fixture
def broker(runtime: Path) -> Iterator[Broker]:
    with brokered(runtime):
        yield Broker(runtime / "broker.sock")


@pytest.fixture
def guest(runtime: Path, broker: Broker) -> Iterator[socket.socket]:
    with daemon(runtime / "connect.sock") as server:
        yield server


def published(port: int, target: int = 1, instance: str = "ins-1") -> Publication:
    return Publication(HERE, port, instance, target)


def ends(caller: socket.socket) -> bool:
    caller.settimeout(5)
    try:
        return caller.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_reserved_port_becomes_a_door_that_leads_inside(broker: Broker, guest: socket.socket) -> None:
    port = broker.reserve(HERE, 0)
    assert broker.open([published(port)]) == {(HERE, port): ""}
    with socket.create_connection((HERE, port)) as caller, guest.accept()[0] as inside:
        caller.sendall(b"hello")
        assert inside.recv(100) == b"hello"
        inside.sendall(b"you")
        assert caller.recv(100) == b"you"


def test_hundreds_at_once(broker: Broker, guest: socket.socket) -> None:
    port = broker.reserve(HERE, 0)
    broker.open([published(port)])
    callers = [socket.create_connection((HERE, port)) for _ in range(300)]
    insides = [guest.accept()[0] for _ in callers]
    for number, caller in enumerate(callers):
        caller.sendall(b"%3d" % number)
    said = {int(inside.recv(3)) for inside in insides}
    assert said == set(range(300))
    for each in (*callers, *insides):
        each.close()


def test_who_cannot_be_led_in_is_closed_at_once(broker: Broker, guest: socket.socket) -> None:
    port = broker.reserve(HERE, 0)
    broker.open([published(port, target=2)])
    with socket.create_connection((HERE, port)) as caller:
        assert ends(caller)


def test_without_a_daemon_too(broker: Broker) -> None:
    port = broker.reserve(HERE, 0)
    broker.open([published(port)])
    with socket.create_connection((HERE, port)) as caller:
        assert ends(caller)


def test_what_is_not_on_the_list_any_more_is_closed_and_its_callers_cut_off(
    broker: Broker, guest: socket.socket
) -> None:
    port = broker.reserve(HERE, 0)
    broker.open([published(port)])
    with socket.create_connection((HERE, port)) as caller, guest.accept()[0]:
        broker.open([])
        assert ends(caller)
    with socket.create_server((HERE, port)):
        pass


def test_a_port_that_leads_elsewhere_now(broker: Broker, guest: socket.socket) -> None:
    port = broker.reserve(HERE, 0)
    broker.open([published(port, target=2)])
    broker.open([published(port)])
    with socket.create_connection((HERE, port)), guest.accept()[0]:
        broker.open([published(port)])  # told again, nothing is cut
        broker.open([published(port, instance="ins-2")])
    assert broker.open([published(port)]) == {(HERE, port): ""}


def test_a_port_in_use_names_its_holder_and_opens_when_it_is_free(broker: Broker) -> None:
    with socket.create_server((HERE, 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(InUse, match=rf"Port {port} of 127\.0\.0\.1 is held by process {os.getpid()} "):
            broker.reserve(HERE, port)
        told = broker.open([published(port)])
        assert f"held by process {os.getpid()} " in told[HERE, port]
    assert broker.open([published(port)]) == {(HERE, port): ""}


def test_an_address_of_somebody_else(broker: Broker) -> None:
    with pytest.raises(InUse, match=r"192\.0\.2\.7 is no address of this workstation"):
        broker.reserve("192.0.2.7", 0)


def test_ipv6(broker: Broker, guest: socket.socket) -> None:
    port = broker.reserve("::1", 0)
    broker.open([Publication("::1", port, "ins-1", 1)])
    with socket.create_connection(("::1", port)) as caller, guest.accept()[0] as inside:
        caller.sendall(b"6")
        assert inside.recv(1) == b"6"


def test_a_broker_that_is_away_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(HostError) as caught:
        Broker(tmp_path / "broker.sock").open([])
    assert "starts it again" in caught.value.hint
