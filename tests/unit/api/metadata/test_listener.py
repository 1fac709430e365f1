from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import uvicorn

from vmsim.api.metadata import listener
from vmsim.api.metadata.listener import MOST_OF_A_GUEST, GuestConnection

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.fixture
def port() -> Iterator[int]:
    config = uvicorn.Config(answer, http=GuestConnection, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with socket.socket(fileno=socket.create_server(("127.0.0.1", 0)).detach()) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()


def opened(stack: ExitStack, port: int, by: str) -> socket.socket:
    return stack.enter_context(socket.create_connection(("127.0.0.1", port), 10, (by, 0)))


def answered(connection: socket.socket) -> bool:
    with suppress(ConnectionError):
        connection.sendall(ASK)
        return connection.recv(100).startswith(b"HTTP/1.1 204")
    return False


def ended(connection: socket.socket) -> bool:
    with suppress(ConnectionError):
        return connection.recv(100) == b""
    return True


def test_one_guest_holds_a_few_and_another_has_its_own(port: int) -> None:
    """A guest that held thousands took all that the daemon may have open."""
    with ExitStack() as stack:
        held = [opened(stack, port, "127.0.0.2") for _ in range(MOST_OF_A_GUEST)]
        assert all(ended(opened(stack, port, "127.0.0.2")) for _ in range(5))
        assert answered(opened(stack, port, "127.0.0.3")) and answered(held[0])
        held[0].close()
        deadline = time.monotonic() + 10
        while not answered(opened(stack, port, "127.0.0.2")):
            assert time.monotonic() < deadline


def test_a_silent_one_is_hung_up_on(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "LONGEST", 0.2)
    with ExitStack() as stack:
        silent = opened(stack, port, "127.0.0.2")
        silent.sendall(ASK[:5])
        assert ended(silent)
