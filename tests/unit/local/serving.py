"""A real cloud (SQLite store, libvirt's test driver) without workers, behind the real local API on a Unix socket.

What is asked stays under way until the test settles it, so every state can be looked at for as long as a test likes.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest
import uvicorn

from vmsim.cloud import state
from vmsim.cloud.clock import RealClock
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations_log import operations_of
from vmsim.config import Home, Settings
from vmsim.daemon import CAREFUL
from vmsim.host.accelerator import Verdict
from vmsim.host.connection import Connection
from vmsim.host.domain import Domains
from vmsim.host.network import Networks
from vmsim.local.connect import ConnectServer
from vmsim.local.server import application
from vmsim.model.image import Image
from vmsim.model.readiness import Rung
from vmsim.store import images, instances
from vmsim.store.database import Store

LIMIT = 10.0
IMAGE = Image(
    id="img-tiny0000",
    name="tiny",
    os_name="tiny",
    platform="Debian",
    architecture="x86_64",
    size_gib=1,
    memory_mib=128,
    login_user="root",
    path="/nowhere/tiny.qcow2",
    sha256="0" * 64,
    created=datetime(2026, 1, 1, tzinfo=timezone.utc),
)


@contextmanager
def made_cloud(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """With the environment set so that a client of this process finds it."""
    runtime = Path(tempfile.mkdtemp(prefix="vmsim-test-", dir="/tmp"))
    home = Home(folder / "home")
    patch.setenv("VMSIM_HOME", str(home.root))
    patch.setenv("VMSIM_RUNTIME", str(runtime))
    patch.setenv("VMSIM_CACHE", str(folder / "cache"))
    (folder / "cache" / "images").mkdir(parents=True)
    home.keys.mkdir(parents=True)
    store = Store(home.database)
    try:
        with Connection("test:///default") as connection:
            cloud = Cloud(
                home=home,
                settings=Settings(),
                store=store,
                domains=Domains(connection),
                networks=Networks(connection),
                clock=RealClock(),
                lab_boot="boot",
                accelerator=Verdict("tcg", "max", "a test", proved=True),
            )
            with store.writing() as writing:
                images.put(writing, IMAGE)
            yield cloud
    finally:
        store.close()
        shutil.rmtree(runtime)


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.bind(str(path))
        made.listen(16)
        yield made


@contextmanager
def served(cloud: Cloud) -> Iterator[Cloud]:
    """Both sockets of the daemon, as the daemon serves them."""
    config = uvicorn.Config(
        application(cloud), http=CAREFUL, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    with listening(cloud.home.api_socket) as api, listening(cloud.home.connect_socket) as connect:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [api]})
        thread.start()
        try:
            with ConnectServer(cloud, connect):
                yield cloud
        finally:
            server.should_exit = True
            thread.join(timeout=LIMIT)
            assert not thread.is_alive()


def settle(cloud: Cloud, instance_id: str, outcome: state.Outcome | None = None) -> None:
    """End what is under way on an instance as its worker would."""
    (record,) = operations_of(cloud, instance_id, 1)
    state.settle(cloud, record, outcome or state.Outcome(True))


def booted(cloud: Cloud, instance_id: str, rung: Rung = Rung.LOGIN, **more: object) -> None:
    """The guest has come this far."""
    settle(cloud, instance_id)
    with cloud.store.writing() as connection:
        instances.change(connection, instance_id, rung=rung, **more)
    cloud.news.ring()


def until(true: Callable[[], object], limit: float = LIMIT) -> None:
    """Wait for a state, with a limit."""
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
