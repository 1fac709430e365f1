"""A proxy on a loopback port, and an API behind it that says what it heard."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vmsim.proxy import authority
from vmsim.proxy.server import Proxy

LIMIT = 20.0


class _Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        said = f"{self.requestline} host={self.headers['Host']} ".encode() + body
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        return


@dataclass(frozen=True)
class Served:
    port: int
    api_port: int
    folder: Path

    def dial(self, words: str = "") -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT)
        client.sendall(words.encode("latin-1"))
        return client

    def tunnel(self, host: str, port: int = 443) -> socket.socket:
        client = self.dial(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        return client

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / authority.CERTIFICATE))


@contextmanager
def echo() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(LIMIT)


@contextmanager
def served(folder: Path, *, allow_internet: bool = False) -> Iterator[Served]:
    with echo() as api_port, socket.create_server(("127.0.0.1", 0)) as listening:
        context = authority.server_context(folder)
        proxy = Proxy(context, ("127.0.0.1", api_port), api_port, allow_internet=allow_internet)
        loop = asyncio.new_event_loop()
        serving = loop.create_task(proxy.serve(listening))

        def run() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(serving)
            # What was aborted on the way out closes in the turns after it.
            for _ in range(3):
                loop.run_until_complete(asyncio.sleep(0))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield Served(listening.getsockname()[1], api_port, folder)
        finally:
            loop.call_soon_threadsafe(serving.cancel)
            thread.join(LIMIT)
            assert not thread.is_alive()
            loop.close()


def all_of(client: socket.socket) -> bytes:
    """Everything until the other side has said all."""
    said = b""
    while data := client.recv(65536):
        said += data
    return said


def hear(client: socket.socket, ending: bytes) -> None:
    """Until it ends like this; the connection stays open."""
    said = b""
    while not said.endswith(ending):
        data = client.recv(65536)
        assert data, said
        said += data
