"""The API over a real cloud (SQLite store, libvirt's own test driver), without workers: what is asked is recorded and
stays under way, so every state can be looked at for as long as a test likes. Replies are checked against the schema."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from vmsim.api.server import application
from vmsim.cloud.clock import RealClock
from vmsim.cloud.context import Cloud
from vmsim.config import Home, Settings
from vmsim.daemon import QUICK
from vmsim.host.accelerator import Verdict
from vmsim.host.connection import Connection
from vmsim.host.domain import Domains
from vmsim.host.network import Networks
from vmsim.store import images, key_pairs
from vmsim.store.database import Store

from .cbs import Cbs
from .wire import IMAGE, SECRET_ID, SECRET_KEY, Api


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setenv("VMSIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        "vmsim.cloud.firewall.apply", lambda _cloud, **_: None
    )  # it would change this machine's filters
    home = Home(tmp_path / "home")
    home.root.mkdir()
    store = Store(home.database)
    with Connection("test:///default") as connection:
        yield Cloud(
            home=home,
            settings=Settings(),
            store=store,
            domains=Domains(connection),
            networks=Networks(connection),
            clock=RealClock(),
            lab_boot="boot",
            accelerator=Verdict("tcg", "max", "a test", proved=True),
        )
    store.close()


@pytest.fixture
def api(cloud: Cloud) -> Api:
    with cloud.store.writing() as connection:
        key_pairs.add_api_key(connection, SECRET_ID, SECRET_KEY, "test", cloud.clock.now())
        images.put(connection, IMAGE)
    return Api(cloud)


@pytest.fixture
def cbs(api: Api) -> Cbs:
    return Cbs(api)


@pytest.fixture
def port(api: Api) -> Iterator[int]:
    """The same cloud, served on a loopback port as the daemon serves it."""
    config = uvicorn.Config(application(api.cloud, strict_replies=True), http=QUICK, log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    # asyncio switches Nagle's algorithm off only where the socket knows that it is TCP, which create_server's does not.
    with socket.socket(fileno=socket.create_server(("127.0.0.1", 0)).detach()) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()
